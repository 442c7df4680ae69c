"""The signature, checked by code that is written from the specification alone, and by the example of our own docs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import runpy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.guards.tree import ROOT
from tests.worker.receiver import Received, receiver
from tests.worker.webhook.given import DOCUMENT, EVENT_ID, KEY, SECRET, send
from worker.webhook.signature import signed_headers

NOW = datetime(2026, 11, 20, 18, 0, 0, 987654, UTC)
OTHER_SECRET = f"whsec_{base64.b64encode(bytes(32)).decode()}"

Check = Callable[[bytes, Mapping[str, str], list[str]], str]


def by_the_specification(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    signed = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    expected = hmac.new(base64.b64decode(secret[len("whsec_") :]), signed, hashlib.sha256).digest()
    entries = [entry.split(",", 1) for entry in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and base64.b64decode(given) == expected for version, given in entries)


def headers_of(sent_at: datetime = NOW) -> dict[str, str]:
    return signed_headers(KEY, str(EVENT_ID), sent_at, DOCUMENT)


@pytest.fixture
def example(tmp_path: Path) -> Check:
    """The Python of docs/webhook.md."""
    text = (ROOT / "docs" / "webhook.md").read_text()
    [source] = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "example.py").write_text(source)
    check: Check = runpy.run_path(str(tmp_path / "example.py"))["checked_id"]
    return check


def received() -> Received:
    with receiver() as at:
        send(at.url)
    [got] = at.received
    return got


def test_the_signature_is_that_of_the_specifications_own_libraries() -> None:
    """Id, body and key are those of the test data that the libraries of the specification share."""
    headers = signed_headers(
        base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.sockets
def test_what_a_receiver_gets_is_the_document_and_passes_the_check_of_the_specification() -> None:
    with receiver() as at:
        send(at.url, now=NOW)
    [got] = at.received
    assert (got.method, got.path, got.body) == ("POST", "/events", DOCUMENT)
    assert got.headers["content-type"] == "application/json"
    assert got.headers["connection"] == "close"
    assert got.headers["webhook-id"] == str(EVENT_ID)
    assert got.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert by_the_specification(got.body, got.headers, SECRET)
    assert not by_the_specification(got.body, got.headers, OTHER_SECRET)


@pytest.mark.parametrize("at", [0, len(DOCUMENT) // 2, len(DOCUMENT) - 1])
def test_a_body_with_one_other_byte_does_not_pass(at: int) -> None:
    altered = DOCUMENT[:at] + bytes([DOCUMENT[at] ^ 1]) + DOCUMENT[at + 1 :]
    assert by_the_specification(DOCUMENT, headers_of(), SECRET)
    assert not by_the_specification(altered, headers_of(), SECRET)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_another_id_or_time_does_not_pass(name: str) -> None:
    headers = headers_of()
    headers[name] = headers[name][:-1] + ("0" if headers[name][-1] != "0" else "1")
    assert not by_the_specification(DOCUMENT, headers, SECRET)


@pytest.mark.sockets
def test_the_example_of_the_docs_takes_what_is_sent_by_the_new_and_by_the_old_secret(example: Check) -> None:
    got = received()
    assert example(got.body, got.headers, [SECRET]) == str(EVENT_ID)
    assert example(got.body, got.headers, [OTHER_SECRET, SECRET]) == str(EVENT_ID)


@pytest.mark.parametrize("seconds", [-299, 299])
def test_the_example_of_the_docs_takes_a_clock_that_is_some_minutes_off(example: Check, seconds: int) -> None:
    sent_at = datetime.now(UTC) + timedelta(seconds=seconds)
    assert example(DOCUMENT, headers_of(sent_at), [SECRET]) == str(EVENT_ID)


@pytest.mark.parametrize("seconds", [-302, 302])
def test_the_example_of_the_docs_refuses_what_was_recorded_and_is_sent_again_later(
    example: Check, seconds: int
) -> None:
    sent_at = datetime.now(UTC) + timedelta(seconds=seconds)
    with pytest.raises(ValueError, match="too old or too new"):
        example(DOCUMENT, headers_of(sent_at), [SECRET])


def test_the_example_of_the_docs_refuses_a_body_with_one_other_byte_and_another_secret(example: Check) -> None:
    headers = headers_of(datetime.now(UTC))
    with pytest.raises(ValueError, match="no signature of ours"):
        example(DOCUMENT.replace(b"42", b"43"), headers, [SECRET])
    with pytest.raises(ValueError, match="no signature of ours"):
        example(DOCUMENT, headers, [OTHER_SECRET])


@pytest.mark.parametrize("signature", ["", "v1", "v1,", "v1,ä", "v2,x", "v1a,x v1,====", "v1,AAAA v1,é"])
def test_the_example_of_the_docs_refuses_a_signature_that_is_none(example: Check, signature: str) -> None:
    with pytest.raises(ValueError, match="no signature of ours"):
        example(DOCUMENT, headers_of(datetime.now(UTC)) | {"webhook-signature": signature}, [SECRET])


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_the_example_of_the_docs_refuses_a_message_without_one_of_the_headers(example: Check, name: str) -> None:
    headers = headers_of(datetime.now(UTC))
    del headers[name]
    with pytest.raises(ValueError, match=r"too old or too new|no signature of ours"):
        example(DOCUMENT, headers, [SECRET])
