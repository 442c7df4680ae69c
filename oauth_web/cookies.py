"""The browser's half of a pending link: one cookie each, so that two tabs do not disturb each other.

The name carries the first characters of the token's hash, by which start page and callback both find it. The value is
random and is the PKCE verifier too, where the broker takes one.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

from flask import request
from werkzeug.wrappers import Response

from models.links import LINK_LIFETIME, STATE_LIFETIME

_PREFIX = "__Host-link-"
_LIFETIME = LINK_LIFETIME + STATE_LIFETIME
"""A link may be started until its end, and the broker's answer comes after that."""
_MOST = 10
"""Pending links one browser keeps; with more, its Cookie header would grow until servers refuse it."""


def new_secret() -> str:
    """43 URL-safe characters, 256 bits: within what RFC 7636 wants of a verifier."""
    return secrets.token_urlsafe(32)


def code_challenge(secret: str) -> str:
    """The S256 challenge of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).decode().rstrip("=")


def secret_of(token_hash: str) -> str | None:
    """What this browser holds for that link."""
    return request.cookies.get(_name(token_hash))


def has_any() -> bool:
    """Whether this browser holds anything for any link."""
    return any(name.startswith(_PREFIX) for name in request.cookies)


def give(answer: Response, token_hash: str, secret: str) -> None:
    """Secure, whatever PUBLIC_URL says: browsers take it on http://127.0.0.1 too, and nowhere else without TLS.

    Lax, since a strict cookie does not come back with the redirect from the broker.
    """
    for surplus in [name for name in request.cookies if name.startswith(_PREFIX)][_MOST - 1 :]:
        _drop(answer, surplus)
    answer.set_cookie(
        _name(token_hash),
        secret,
        max_age=int(_LIFETIME.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="Lax",
    )


def take_back(answer: Response, token_hash: str) -> None:
    _drop(answer, _name(token_hash))


def _name(token_hash: str) -> str:
    return f"{_PREFIX}{token_hash[:12]}"


def _drop(answer: Response, name: str) -> None:
    answer.delete_cookie(name, path="/", secure=True, httponly=True, samesite="Lax")
