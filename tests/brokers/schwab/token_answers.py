"""What Schwab's token endpoint has been seen, or must be expected, to answer a refresh with; and what each answer means.

For the broker's own tests, and for those of what a sync makes of it.
"""

from __future__ import annotations

from typing import NamedTuple

import requests
import urllib3
from urllib3.exceptions import MaxRetryError, NewConnectionError

from tests.brokers.fake_transport import JSON, Reply, page, reply
from tests.brokers.schwab import payloads


class Meaning(NamedTuple):
    """`kind` of error, and whether tokens may have been issued all the same. `wait`: what the answer itself asks for."""

    answer: Reply
    kind: str
    unanswered: bool = False
    wait: int | None = None


def refusal(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


def _nobody_listens() -> requests.exceptions.ConnectionError:
    pool = urllib3.HTTPSConnectionPool("broker.example")
    refused = NewConnectionError(urllib3.connection.HTTPConnection("broker.example"), "refused")
    return requests.exceptions.ConnectionError(MaxRetryError(pool, "/", refused))


_WHOLE = reply(payloads.tokens()).body
_CUT = Reply(200, _WHOLE[: len(_WHOLE) // 2])
_PACKED = Reply(200, _WHOLE, {**JSON, "Content-Encoding": "gzip"})

ENDED = {
    "unsupported_token_type around refresh_token_authentication_error": reply(payloads.ended(), 400),
    "unsupported_token_type around invalid_grant, the newer wording": reply(payloads.ended_2026(), 400),
    "unsupported_token_type around refresh_token_authentication_error, with status 401": reply(payloads.ended(), 401),
    "unsupported_token_type with a plain text about the refresh token": reply(
        refusal("unsupported_token_type", "The Refresh Token has expired"), 400
    ),
    "invalid_grant": reply(refusal("invalid_grant", "whatever"), 400),
    "invalid_client that names a dead refresh token": reply(refusal("invalid_client", "refresh token invalid"), 401),
    "invalid_client that names an expired refresh token": reply(
        refusal("invalid_client", "The refresh token is expired"), 400
    ),
}

WRONG_APP = {
    "invalid_client": reply(payloads.wrong_app(), 401),
    "unauthorized_client": reply(refusal("unauthorized_client", "no"), 400),
    "invalid_client that speaks of refresh tokens": reply(
        refusal("invalid_client", "this client may not use a refresh token"), 401
    ),
}

PASSING = {
    "unsupported_token_type alone": Meaning(
        reply(refusal("unsupported_token_type", "400 Bad Request"), 400), "broker_down"
    ),
    "another structured error": Meaning(reply(refusal("server_error", "try later"), 400), "broker_down"),
    "HTML 403": Meaning(page(403), "broker_down"),
    "HTML 403 with the words of an end": Meaning(page(403, "invalid_grant refresh token expired"), "broker_down"),
    "4xx with JSON that is no OAuth error": Meaning(reply({"message": "invalid_grant"}, 400), "broker_down"),
    "4xx whose error is an object": Meaning(reply({"error": {"code": "invalid_grant"}}, 400), "broker_down"),
    "4xx that is not JSON": Meaning(Reply(400, b"invalid_grant"), "broker_down"),
    "4xx without a body": Meaning(Reply(400, b""), "broker_down"),
    "a structured end with status 403": Meaning(reply(payloads.ended(), 403), "broker_down"),
    "404 as a text": Meaning(page(404, "404 Not Found: route", "text/plain"), "broker_down"),
    "redirect": Meaning(Reply(302, b"", {"Location": "https://elsewhere.example"}), "broker_down"),
    "429 with Retry-After": Meaning(Reply(429, b"{}", {**JSON, "Retry-After": "77"}), "rate_limited", wait=77),
    "429 without Retry-After": Meaning(reply({}, 429), "rate_limited"),
    "429 with the words of an end": Meaning(reply(payloads.ended(), 429), "rate_limited"),
    "500": Meaning(reply({"message": "x"}, 500), "broker_down"),
    "500 with the words of an end": Meaning(reply(payloads.ended(), 500), "broker_down"),
    "502": Meaning(page(502), "broker_down", unanswered=True),
    "503": Meaning(page(503), "broker_down"),
    "504": Meaning(page(504), "broker_down", unanswered=True),
    "connection refused": Meaning(Reply(error=_nobody_listens()), "unreachable"),
    "time-out before sending": Meaning(Reply(error=requests.exceptions.ConnectTimeout()), "unreachable"),
    "time-out after sending": Meaning(Reply(error=requests.exceptions.ReadTimeout()), "unreachable", unanswered=True),
    "connection broken after sending": Meaning(
        Reply(error=requests.exceptions.ConnectionError()), "unreachable", unanswered=True
    ),
    "TLS": Meaning(Reply(error=requests.exceptions.SSLError()), "unreachable"),
    "HTML 200": Meaning(page(200, "invalid_grant"), "bad_answer", unanswered=True),
    "200 that is not JSON": Meaning(Reply(200, b"not json"), "bad_answer", unanswered=True),
    "200 without a body": Meaning(Reply(200, b""), "bad_answer", unanswered=True),
    "200 cut in the middle": Meaning(_CUT, "bad_answer", unanswered=True),
    "200 that cannot be unpacked": Meaning(_PACKED, "bad_answer", unanswered=True),
    "200 that is a list": Meaning(reply([]), "bad_answer", unanswered=True),
    "200 with an OAuth error": Meaning(reply(payloads.ended()), "bad_answer", unanswered=True),
    "200 without an access token": Meaning(reply(payloads.tokens(access_token=...)), "bad_answer", unanswered=True),
    "200 with an empty access token": Meaning(reply(payloads.tokens(access_token="")), "bad_answer", unanswered=True),
    "access token that is a number": Meaning(reply(payloads.tokens(access_token=7)), "bad_answer", unanswered=True),
    "access token that is null": Meaning(reply(payloads.tokens(access_token=None)), "bad_answer", unanswered=True),
    "refresh token that is an object": Meaning(
        reply(payloads.tokens(refresh_token={"a": "b"})), "bad_answer", unanswered=True
    ),
    "token that no header can carry": Meaning(
        reply(payloads.tokens(access_token="two\nlines")), "bad_answer", unanswered=True
    ),
}
"""None of these ends a login."""

ANSWERS = {
    **{name: Meaning(answer, "login_ended") for name, answer in ENDED.items()},
    **{name: Meaning(answer, "app_misconfigured") for name, answer in WRONG_APP.items()},
    **PASSING,
}
