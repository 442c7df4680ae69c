"""Which answers are answers at all, and which of `brokers.errors` the others are."""

from __future__ import annotations

from typing import NamedTuple

import requests
import urllib3
from urllib3.exceptions import DecodeError, HTTPError, NameResolutionError, NewConnectionError, ReadTimeoutError

from brokers.endpoints import Endpoint
from brokers.errors import BadAnswer, BrokerDown, BrokerError, RateLimited, Unreachable
from brokers.retry_after import retry_after

MOST_BYTES = 16 * 1024 * 1024
"""Some 20,000 positions; an answer beyond that is not one."""

_GATEWAY_GAVE_UP = frozenset({502, 504})
"""A gateway's word that what stands behind it, and may have acted, did not answer it (RFC 9110, 15.6.3 and 15.6.5)."""


class Answer(NamedTuple):
    """A JSON answer as it came: status 200, or 4xx for the broker to tell what it means."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"Answer(status={self.status}, {len(self.body)} bytes)"


def unreached(endpoint: Endpoint, error: Exception) -> BrokerError:
    """What became of a request without an answer. The words, and `unanswered`, tell whether it may have been sent."""
    name = str(endpoint)
    if isinstance(error, requests.exceptions.SSLError):
        return Unreachable(name, "no safe connection (TLS): the certificate was not accepted")
    if isinstance(error, requests.exceptions.ProxyError):
        return Unreachable(name, "no connection through the proxy")
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Unreachable(name, "no connection in time")
    if isinstance(error, requests.exceptions.Timeout):
        return Unreachable(name, "the request was sent, and no answer came in time", unanswered=True)
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, NewConnectionError):
        unknown = ": its name was not found (DNS)" if isinstance(cause, NameResolutionError) else ""
        return Unreachable(name, f"no connection{unknown}")
    return Unreachable(name, "the connection broke before an answer came", unanswered=True)


def answer_of(endpoint: Endpoint, response: requests.Response) -> Answer:
    """The answer, read to its end. Raises `RateLimited`, `BrokerDown`, `BadAnswer` or `Unreachable` for all others."""
    _require_answer(endpoint, response)
    return Answer(response.status_code, _body(endpoint, response))


def _require_answer(endpoint: Endpoint, response: requests.Response) -> None:
    """Let only what a broker's own code can read pass: JSON with status 200 or 4xx."""
    name, status = str(endpoint), response.status_code
    if status == 429:
        raise RateLimited(name, "too many requests (status 429)", retry_after(response.headers))
    if status >= 500:
        raise BrokerDown(name, f"the broker failed (status {status})", status, unanswered=status in _GATEWAY_GAVE_UP)
    if 300 <= status < 400:
        raise BrokerDown(name, f"a redirect, which is never followed (status {status})", status)
    what = _not_json(response.headers.get("Content-Type", ""))
    if status == 200:
        if what:
            raise BadAnswer(name, f"{what} instead of JSON (status 200)", status, unanswered=True)
    elif status < 400:
        raise BadAnswer(name, f"an answer without content (status {status})", status, unanswered=True)
    elif what:
        raise BrokerDown(name, f"{what} instead of JSON (status {status})", status)


def _not_json(content_type: str) -> str | None:
    """What an answer is by its content type, in our words; None for JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind.endswith(("/json", "+json")):
        return None
    if kind in {"text/html", "application/xhtml+xml"}:
        return "an HTML page"
    if kind.startswith("text/"):
        return "a text"
    return "something else" if kind else "an answer without a content type"


def _body(endpoint: Endpoint, response: requests.Response) -> bytes:
    """The whole body, unpacked. One read: the deadline is kept by the socket's own reader, the size by urllib3."""
    raw: urllib3.HTTPResponse = response.raw
    # A refusal is one whatever becomes of its text; a success that cannot be read leaves open what it said.
    success = response.status_code == 200
    body = _too_big(endpoint, success) if (raw.length_remaining or 0) > MOST_BYTES else _read(endpoint, raw, success)
    if isinstance(body, BrokerError):
        raise body
    if len(body) > MOST_BYTES:
        raise _too_big(endpoint, success)
    return body


def _read(endpoint: Endpoint, raw: urllib3.HTTPResponse, success: bool) -> bytes | BrokerError:
    try:
        return raw.read(MOST_BYTES + 1, decode_content=True)
    except ReadTimeoutError:
        return Unreachable(str(endpoint), "the answer was not complete in time", unanswered=success)
    except DecodeError:
        return BadAnswer(str(endpoint), "an answer that cannot be unpacked", unanswered=success)
    except HTTPError:
        return Unreachable(str(endpoint), "the connection broke in the middle of the answer", unanswered=success)


def _too_big(endpoint: Endpoint, success: bool) -> BadAnswer:
    return BadAnswer(str(endpoint), f"an answer of more than {MOST_BYTES // 1024 // 1024} MB", unanswered=success)
