from __future__ import annotations

import json
import logging
import socket
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import urllib3
from urllib3.exceptions import NameResolutionError, NewConnectionError

from brokers.deadline import Deadline
from brokers.endpoints import Endpoint, NotAllowed
from brokers.errors import BadAnswer, BrokerDown, BrokerError, RateLimited, Unreachable
from brokers.http import HttpClient, Unsafe
from tests.brokers.fake_transport import FakeTransport, Reply, page, reply

THING = Endpoint("GET", "/things/{thing}", prefix="/v1")
ORDER = Endpoint("POST", "/things", prefix="/v1")
SECRET = "s3cret-t0ken"


def client(transport: FakeTransport, base_url: str = "https://broker.example") -> HttpClient:
    return HttpClient(base_url, frozenset({THING}), transport)


def call(answer: Reply) -> bytes:
    headers = {"Authorization": f"Bearer {SECRET}"}
    return client(FakeTransport({}, answer)).call(THING, Deadline(5), path={"thing": "a"}, headers=headers).body


def failure(answer: Reply) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        call(answer)
    return caught.value


def test_a_request_carries_what_it_was_given_and_who_asks() -> None:
    transport = FakeTransport({}, reply({"ok": True}))
    answer = client(transport, "https://broker.example/").call(
        THING,
        Deadline(5),
        path={"thing": "a/b c"},
        query={"fields": "positions"},
        headers={"Authorization": "Bearer x"},
    )
    [sent] = transport.sent
    assert sent.url == "https://broker.example/v1/things/a%2Fb%20c?fields=positions"
    assert sent.headers["Authorization"] == "Bearer x"
    assert sent.headers["Accept"] == "application/json"
    assert sent.headers["User-Agent"].startswith("brokersync/0")
    assert "Content-Type" not in sent.headers
    assert "Cookie" not in sent.headers
    assert 4 < sent.timeout <= 5
    assert json.loads(answer.body) == {"ok": True}


def test_a_call_that_is_not_on_the_allow_list_is_never_sent() -> None:
    transport = FakeTransport({}, reply({}))
    with pytest.raises(NotAllowed, match="POST /things is not on the allow-list"):
        client(transport).call(ORDER, Deadline(5))
    assert transport.sent == []


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_value_cannot_turn_a_path_into_another(value: str) -> None:
    transport = FakeTransport({}, reply({}))
    with pytest.raises(NotAllowed):
        client(transport).call(THING, Deadline(5), path={"thing": value})
    assert transport.sent == []


@pytest.mark.parametrize("value", [f"Bearer {SECRET}\r\nX-Other: 1", f"Bearer {SECRET}é"])
def test_a_header_that_cannot_be_sent_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        client(FakeTransport({}, reply({}))).call(
            THING, Deadline(5), path={"thing": "a"}, headers={"Authorization": value}
        )
    assert SECRET not in str(caught.value)


def test_nothing_is_sent_when_the_time_is_used_up() -> None:
    transport = FakeTransport({}, reply({}))
    with pytest.raises(Unreachable, match="no time was left"):
        client(transport).call(THING, Deadline(0), path={"thing": "a"})
    assert transport.sent == []


@pytest.mark.parametrize(
    ("answer", "kind", "fault"),
    [
        (page(200), BadAnswer, "an HTML page instead of JSON (status 200)"),
        (page(200, kind="text/plain"), BadAnswer, "a text instead of JSON (status 200)"),
        (Reply(200, b"{}", {}), BadAnswer, "an answer without a content type instead of JSON (status 200)"),
        (Reply(200, b"x", {"Content-Type": "image/png"}), BadAnswer, "something else instead of JSON (status 200)"),
        (Reply(204, b"", {}), BadAnswer, "an answer without content (status 204)"),
        (page(403), BrokerDown, "an HTML page instead of JSON (status 403)"),
        (page(401), BrokerDown, "an HTML page instead of JSON (status 401)"),
        (page(404, "404 Not Found: route", "text/plain"), BrokerDown, "a text instead of JSON (status 404)"),
        (page(500), BrokerDown, "the broker failed (status 500)"),
        (reply({"message": "down"}, 503), BrokerDown, "the broker failed (status 503)"),
        (Reply(302, b"", {"Location": "https://elsewhere.example"}), BrokerDown, "a redirect"),
        (page(429), RateLimited, "too many requests (status 429)"),
        (reply({}, 429), RateLimited, "too many requests (status 429)"),
        (Reply(error=requests.exceptions.ConnectTimeout()), Unreachable, "no connection in time"),
        (Reply(error=requests.exceptions.ReadTimeout()), Unreachable, "no answer came in time"),
        (Reply(error=requests.exceptions.SSLError()), Unreachable, "certificate"),
        (Reply(error=requests.exceptions.ProxyError()), Unreachable, "proxy"),
        (Reply(error=requests.exceptions.ConnectionError()), Unreachable, "the connection broke"),
        (Reply(error=urllib3.exceptions.LocationParseError("x")), Unreachable, "the connection broke"),
    ],
)
def test_each_fault_has_its_kind_and_names_the_endpoint(answer: Reply, kind: type[BrokerError], fault: str) -> None:
    error = failure(answer)
    assert type(error) is kind
    assert fault in error.fault
    assert str(error).startswith("GET /things/{thing}: ")


BROKER = urllib3.connection.HTTPConnection("broker.example")


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        (NewConnectionError(BROKER, "refused"), "no connection"),
        (
            NameResolutionError("broker.example", BROKER, socket.gaierror()),
            "no connection: its name was not found (DNS)",
        ),
    ],
)
def test_a_connection_that_was_never_made_is_told_from_one_that_broke(reason: Exception, fault: str) -> None:
    cause = urllib3.exceptions.MaxRetryError(urllib3.HTTPSConnectionPool("broker.example"), "/", reason)
    assert failure(Reply(error=requests.exceptions.ConnectionError(cause))).fault == fault


@pytest.mark.parametrize("kind", ["application/json", "application/json;charset=UTF-8", "application/problem+json"])
def test_json_is_known_by_its_content_type(kind: str) -> None:
    assert call(Reply(200, b"[]", {"Content-Type": kind})) == b"[]"


def test_a_refusal_in_json_is_left_to_the_broker_to_read() -> None:
    answer = client(FakeTransport({}, reply({"error": "x"}, 400))).call(THING, Deadline(5), path={"thing": "a"})
    assert (answer.status, json.loads(answer.body)) == (400, {"error": "x"})
    assert "error" not in repr(answer)


def test_a_rate_limit_says_how_long_to_wait() -> None:
    error = failure(Reply(429, b"", {"Retry-After": "7"}))
    assert isinstance(error, RateLimited)
    assert error.retry_after == timedelta(seconds=7)


def test_no_secret_is_in_an_error_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    leaky = requests.exceptions.ConnectionError(f"https://broker.example/?token={SECRET}")
    for answer in (Reply(error=leaky), page(200, SECRET), page(403, SECRET), reply({"message": SECRET}, 500)):
        error = failure(answer)
        assert SECRET not in f"{error!r} {error} {error.__cause__!r} {error.__context__!r}"
    assert SECRET not in caplog.text
    assert "fields" not in caplog.text


def test_a_netrc_adds_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine broker.example login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    transport = FakeTransport({}, reply({}))
    client(transport).call(THING, Deadline(5), path={"thing": "a"})
    assert "Authorization" not in transport.sent[0].headers


@pytest.mark.parametrize(
    "base_url",
    [
        "http://broker.example",
        "broker.example",
        "ftp://broker.example",
        "https://u:p@broker.example",
        "https://:p@broker.example",
        "",
        "https://[bad",
        "https://x:port",
        "https://x\r",
        "https://x/ y",
    ],
)
def test_secrets_go_nowhere_without_tls_but_to_this_machine(base_url: str) -> None:
    with pytest.raises(Unsafe):
        client(FakeTransport({}), base_url)


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8099", "http://localhost:1", "http://[::1]:1"])
def test_a_stand_in_on_this_machine_needs_no_tls(base_url: str) -> None:
    transport = FakeTransport({}, reply({}))
    client(transport, base_url).call(THING, Deadline(5), path={"thing": "a"})
    assert transport.sent[0].url == f"{base_url}/v1/things/a"


def test_a_proxy_of_the_environment_is_used_but_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    transport = FakeTransport({}, reply({}))
    for base_url in ("https://broker.example", "http://127.0.0.1:8099"):
        client(transport, base_url).call(THING, Deadline(5), path={"thing": "a"})
    outside, here = transport.sent
    assert outside.proxies["https"] == "http://proxy.example:3128"
    assert here.proxies == {}
