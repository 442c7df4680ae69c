"""Schwab's token endpoint: what a success holds, and what each refusal means.

Source of the error texts: Schwabdev issue 40, gporter0205/schwab-api-client issue 5, go-schwab/trader issue 26,
schwab-py's auth.rst, and reports of the newer wording (2026). The reason stands in a JSON text inside a JSON string
that is not escaped consistently, so the whole text is searched for the words.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

import msgspec

from brokers.answers import Answer
from brokers.decoding import Amount, Unreadable, decode, decoder
from brokers.errors import AppMisconfigured, BadAnswer, BrokerDown, BrokerError, LoginEnded
from brokers.records import Grant
from brokers.schwab.declaration import ACCESS_LIFETIME, LOGIN_LIFETIME, TOKEN

NEVER_ISSUED = "a-token-that-was-never-issued@"
"""For a question about the app alone. Schwab's refresh tokens end in @, so it has the form of one."""

_SHORTEST = timedelta(minutes=1)
"""No broker issues a token that lives less: it would have to be renewed before each call."""

_TOKEN_CHARACTERS = re.compile(r"[\x21-\x7e]+")
_ENDED = ("refresh_token_authentication_error", "invalid_grant")
_DEAD_TOKEN = re.compile(r"refresh token\b.*\b(invalid|expired|revoked)", re.IGNORECASE | re.DOTALL)
_WRONG_APP = ("invalid_client", "unauthorized_client")
_UNDECIDED = ("server_error", "temporarily_unavailable")
"""Not of the token endpoint, by the standard; a broker that sends them all the same has looked at nothing."""


class _Tokens(msgspec.Struct):
    """The lifetime is read apart: tokens that were issued are kept, whatever stands beside them."""

    access_token: str | None = None
    refresh_token: str | None = None
    expires_in: msgspec.Raw = msgspec.Raw(b"null")


class _Refusal(msgspec.Struct):
    error: str


_SECONDS = decoder(Amount)
_TOKENS = msgspec.json.Decoder(_Tokens)
_REFUSAL = msgspec.json.Decoder(_Refusal)


def basic_authorization(client_id: str, client_secret: str) -> str:
    """Schwab takes the app's key and secret in this header only; in the form they are a 401."""
    return "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode("ascii")


def new_grant(answer: Answer) -> Grant:
    """The grant of a login. A refused code is `LoginEnded`: nothing but a new login mends it.

    A login without a refresh token would be dead in half an hour (Schwab answers so to other grant types); it is a
    `BadAnswer`. `AppMisconfigured` and `BrokerDown` as for a refresh.
    """
    if answer.status != 200:
        raise _exchange_error(answer)
    tokens = _tokens(answer)
    if not tokens.refresh_token:
        raise BadAnswer(str(TOKEN), "the login gave no refresh token, so it would end within the hour; log in again")
    return _grant({}, tokens)


def renewed_grant(credentials: Mapping[str, str], answer: Answer) -> Grant:
    """The grant of a refresh. The refresh token of `credentials` stays where the answer has none."""
    if answer.status != 200:
        raise _refresh_error(answer)
    return _grant(credentials, _tokens(answer))


def taken_app(answer: Answer) -> None:
    """Return if a refresh that cannot work was refused for anything but the app; else raise as for a refresh.

    The app is looked at first (RFC 6749, 5.2): whatever else an OAuth error is about, the app was taken.
    """
    error = _structured_error(answer) if answer.status == 400 else None
    if error and not any(word in error for word in (*_WRONG_APP, *_UNDECIDED)):
        return
    with suppress(LoginEnded):
        renewed_grant({}, answer)


def _grant(credentials: Mapping[str, str], tokens: _Tokens) -> Grant:
    new = {"access_token": tokens.access_token, "refresh_token": tokens.refresh_token}
    kept = {name: value for name, value in new.items() if value}
    return Grant({**credentials, **kept}, _access_lifetime(tokens.expires_in))


def _access_lifetime(expires_in: msgspec.Raw) -> timedelta:
    """Seconds, as a number or as a text. What is missing or cannot be true means the lifetime that Schwab is known for."""
    try:
        seconds = decode(_SECONDS, expires_in)
    except Unreadable:
        return ACCESS_LIFETIME
    if not _SHORTEST.total_seconds() <= seconds <= LOGIN_LIFETIME.total_seconds():
        return ACCESS_LIFETIME
    return timedelta(seconds=int(seconds))


def _tokens(answer: Answer) -> _Tokens:
    """A success that holds what a success must. In any other the tokens may have been issued all the same."""
    try:
        tokens = decode(_TOKENS, answer.body)
    except Unreadable as error:
        raise _useless(error.fault) from None
    if not tokens.access_token:
        raise _useless("a success without an access token")
    if not all(_TOKEN_CHARACTERS.fullmatch(token) for token in (tokens.access_token, tokens.refresh_token) if token):
        raise _useless("a token with characters that no header can carry")
    return tokens


def _useless(fault: str) -> BadAnswer:
    return BadAnswer(str(TOKEN), fault, unanswered=True)


def _exchange_error(answer: Answer) -> BrokerError:
    error = _structured_error(answer)
    if error and any(word in error for word in _WRONG_APP):
        return _wrong_app(answer)
    if error and answer.status in {400, 401}:
        return LoginEnded(
            str(TOKEN),
            "the login's code was refused: it lives 30 seconds and works once. Start again; if it is refused every time, "
            "SCHWAB_REDIRECT_URI is not exactly the app's callback URL",
        )
    return _unclear(answer)


def _refresh_error(answer: Answer) -> BrokerError:
    """`LoginEnded` only by the broker's clear word in a structured error.

    `invalid_client` alone is about the app, and must not end everybody's login. With a text that names a dead refresh
    token (schwab-py's docs, 2024) it is about this login, and must not stop everybody else's. `unsupported_token_type`
    alone proves nothing.
    """
    error = _structured_error(answer)
    if error and answer.status in {400, 401}:
        unsupported = "unsupported_token_type" in error and "refresh token" in error.lower()
        dead_token = "invalid_client" in error and _DEAD_TOKEN.search(error)
        if any(word in error for word in _ENDED) or unsupported or dead_token:
            return LoginEnded(str(TOKEN), f"the broker ended this login (status {answer.status})", answer.status)
    if error and any(word in error for word in _WRONG_APP):
        return _wrong_app(answer)
    return _unclear(answer)


def _structured_error(answer: Answer) -> str | None:
    """The whole text of an OAuth error (RFC 6749, 5.2: an object with `error`); None for any other body."""
    try:
        decode(_REFUSAL, answer.body)
    except Unreadable:
        return None
    return answer.body.decode("utf-8", "replace")


def _wrong_app(answer: Answer) -> AppMisconfigured:
    return AppMisconfigured(
        str(TOKEN),
        f"the app was refused (status {answer.status}): check SCHWAB_CLIENT_ID and SCHWAB_CLIENT_SECRET, and that the "
        "app is Ready For Use on developer.schwab.com",
    )


def _unclear(answer: Answer) -> BrokerDown:
    return BrokerDown(str(TOKEN), f"a refusal that proves nothing (status {answer.status})", answer.status)
