"""What only a real connection shows: bytes that come slowly, too few, or not at all, and a server that ends."""

import contextlib
import logging
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from sandbox.broken_answers import delay
from sandbox.faults import Faults, Hit
from sandbox.server import RunningSandbox
from tests.sandbox.person import APP, ASKED, OPTIONS, REDIRECT_URI, sent_back

pytestmark = pytest.mark.sockets

LIST = "/trader/v1/accounts?fields=positions"


class Caller:
    """An app over HTTP, linked by a person over HTTP."""

    def __init__(self, running: RunningSandbox) -> None:
        self.address = running.address
        self.session = requests.Session()
        page = self.post("/v1/oauth/authorize", data=ASKED | {"username": "demo", "password": "sandbox"}).text
        (ticket,) = re.findall(r'name="ticket" value="([^"]+)"', page)
        accounts = re.findall(r'name="accounts" value="(\d+)"', page)
        allowed = {"ticket": ticket, "accounts": accounts, "decision": "allow"}
        code = sent_back(self.post("/v1/oauth/consent", data=allowed, allow_redirects=False))["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        tokens = self.post("/v1/oauth/token", data=form, auth=APP).json()
        self.refresh_token = tokens["refresh_token"]
        self.bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        self.session.headers.update(self.bearer)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.session.post(self.address + path, timeout=5, **options)

    def get(self, path: str = LIST, **options: Any) -> requests.Response:
        return self.session.get(self.address + path, timeout=5, **options)

    def fault(self, name: str) -> None:
        assert self.post("/_sandbox/faults", json={"fault": name}).status_code == 201


@contextlib.contextmanager
def running(**changes: Any) -> Iterator[RunningSandbox]:
    started = RunningSandbox(replace(OPTIONS, **changes))
    started.start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture
def caller() -> Iterator[Caller]:
    with running() as started:
        made = Caller(started)
        with made.session:
            yield made


def test_the_whole_way_from_login_to_accounts_works_over_http(caller: Caller) -> None:
    answer = caller.get()
    assert answer.headers["Content-Type"] == "application/json"
    assert len(answer.json()) == 3


def test_a_reset_is_a_real_reset(caller: Caller) -> None:
    caller.fault("reset")
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        caller.get()
    assert caller.get().status_code == 200


def test_a_truncated_answer_is_shorter_than_its_content_length(caller: Caller) -> None:
    whole = caller.get().content
    caller.fault("truncated")
    answer = caller.get(stream=True)
    assert answer.headers["Content-Length"] == str(len(whole))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        _ = answer.content
    assert caller.get().content == whole


def test_a_dripping_answer_gives_a_byte_a_second_and_holds_nobody_else_up(caller: Caller) -> None:
    whole = caller.get().content
    caller.fault("drip")
    began = time.monotonic()
    with caller.get(stream=True) as answer:
        bytes_ = answer.iter_content(1)
        assert answer.headers["Content-Length"] == str(len(whole))
        assert next(bytes_) + next(bytes_) == whole[:2]
        assert 0.9 < time.monotonic() - began < 2
        assert caller.get().content == whole


def test_a_slow_answer_holds_nobody_else_up_and_what_was_asked_for_is_done_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sandbox.broken_answers.delay", lambda *_: 30.0)
    with running(rotate=True) as started:
        caller = Caller(started)
        assert caller.post("/_sandbox/faults", json={"fault": "slow", "where": "token"}).status_code == 201
        form = {"grant_type": "refresh_token", "refresh_token": caller.refresh_token}
        with pytest.raises(requests.ReadTimeout):
            requests.post(caller.address + "/v1/oauth/token", data=form, auth=APP, timeout=0.2)
        (login,) = caller.get("/_sandbox/state").json()["logins"]
        assert login["refreshes"] == 1
        assert caller.get().status_code == 200


def test_a_slow_answer_is_whole_and_as_late_as_drawn(monkeypatch: pytest.MonkeyPatch, caller: Caller) -> None:
    monkeypatch.setattr("sandbox.broken_answers.delay", lambda *_: 0.3)
    good = caller.get().content
    caller.fault("slow")
    began = time.monotonic()
    assert caller.get().content == good
    assert 0.3 <= time.monotonic() - began < 3


def test_how_slow_answers_are_follows_from_the_seed() -> None:
    def waits(seed: int) -> list[float]:
        fault = Faults().add("slow", slowest=10)
        return [delay(Hit(fault, count), seed) for count in range(400)]

    assert waits(1) == waits(1) != waits(2)
    assert sorted(waits(1))[200] < 0.1
    assert 8 < sum(wait > 6.7 for wait in waits(1)) < 40
    assert max(waits(1)) < 10


def test_a_stalled_request_gets_no_byte_and_holds_nobody_else_up(caller: Caller) -> None:
    caller.fault("stall")
    with pytest.raises(requests.ReadTimeout):
        requests.get(caller.address + LIST, headers=caller.bearer, timeout=0.3)
    assert caller.get().status_code == 200


def test_a_server_that_stops_drops_stalled_and_dripping_requests_at_once() -> None:
    with running() as started:
        caller = Caller(started)
        held = []
        for fault in ("stall", "drip"):
            caller.fault(fault)
            head = f"GET {LIST} HTTP/1.1\r\nHost: x\r\nAuthorization: {caller.bearer['Authorization']}\r\n\r\n"
            connection = socket.create_connection(("127.0.0.1", int(started.address.rpartition(":")[2])), 5)
            connection.sendall(head.encode())
            held.append(connection)
            while caller.get("/_sandbox/state").json()["faults"]:
                time.sleep(0.01)
        began = time.monotonic()
        started.stop()
        assert time.monotonic() - began < 1
        for connection in held:
            with connection:
                while connection.recv(65536):
                    pass
        assert time.monotonic() - began < 1.5
        caller.session.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(started.address, timeout=1)


def test_requests_take_turns_at_the_world() -> None:
    with running() as started:
        with started.app.world.lock, pytest.raises(requests.ReadTimeout):
            requests.get(started.address + "/_sandbox/state", timeout=0.2)
        assert requests.get(started.address + "/_sandbox/state", timeout=5).status_code == 200


def test_the_access_log_has_paths_and_never_a_query(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        caller.get("/v1/oauth/authorize?client_id=app-key&state=very-secret-state")
    assert "GET /v1/oauth/authorize 400" in caplog.text
    assert "very-secret-state" not in caplog.text


def test_a_request_that_cannot_be_read_is_not_quoted_in_the_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with running() as started, caplog.at_level(logging.INFO):
        port = int(started.address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(b"GET /?code=very-secret-code HTTP/x.y\r\n\r\n")
            while connection.recv(65536):
                pass
    assert "a request that could not be read" in caplog.text
    assert "very-secret-code" not in caplog.text + capfd.readouterr().err


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"a b c d\r\n\r\n",
        b"POST /x\r\n\r\n",
        b"/" * 70_000,
        b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 200 + b"\r\n",
    ],
)
def test_bytes_that_are_no_request_leave_no_traceback(
    sent: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with running() as started, caplog.at_level(logging.INFO):
        with socket.create_connection(("127.0.0.1", int(started.address.rpartition(":")[2])), 5) as connection:
            connection.sendall(sent)
            with contextlib.suppress(ConnectionResetError):
                while connection.recv(65536):
                    pass
        assert requests.get(started.address + "/_sandbox/state", timeout=5).status_code == 200
    assert "a request that could not be read" in caplog.text
    assert capfd.readouterr().err == ""


def test_two_sandboxes_in_one_process_share_nothing() -> None:
    with running() as one, running(seed=8) as other:
        states = [requests.get(each.address + "/_sandbox/state", timeout=5).json() for each in (one, other)]
    assert states[0]["users"] != states[1]["users"]
