"""How often one address may ask, and how much: a bucket for each door, so that a flood at one leaves the others open.

The counts live in this process's memory, which is why the web app is one process with threads.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, abort, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from models.links import hash_of, link_awaiting
from oauth_web import cookies
from oauth_web.parts import parts

View = Callable[..., ResponseReturnValue]

LINKS = "120 per minute"
"""Host applications ask for one per person and week."""
START = "60 per minute"
CALLBACK = "60 per minute"
ONE_LINK = "20 per minute"
"""The start page of one link, whoever asks: a person looks at it twice and presses a button."""

MOST_BYTES = 16 * 1024
"""Of a request's body: several times a link request with a long return_url."""


class Limits:
    """Wraps a view in the limits of its door."""

    def __init__(self, app: Flask) -> None:
        self._limiter = Limiter(
            get_remote_address, app=app, storage_uri="memory://", strategy="moving-window", headers_enabled=True
        )
        app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
        app.before_request(_refuse_large_bodies)

    def links(self, view: View) -> View:
        return self._limiter.limit(LINKS)(view)

    def start(self, view: View) -> View:
        per_link = self._limiter.limit(ONE_LINK, key_func=_link)(view)
        return self._limiter.shared_limit(START, scope="start")(per_link)

    def callback(self, view: View) -> View:
        """Whoever comes back with what was sent off is let in uncounted: the code would be lost, and with it a login."""
        return self._limiter.limit(CALLBACK, exempt_when=_is_awaited)(view)


def _is_awaited() -> bool:
    """Whether this browser holds the cookie of the link whose state it brings; once taken, a state is void."""
    state = request.args.get("state")
    if state is None or not cookies.has_any():
        return False
    with parts().database.session() as session:
        link = link_awaiting(session, state)
        secret = None if link is None else cookies.secret_of(link.token_hash)
        return link is not None and secret is not None and hash_of(secret) == link.browser_hash


def _refuse_large_bodies() -> None:
    """Flask looks at a body's size only when a view reads it; these views mostly do not."""
    if request.content_length is not None and request.content_length > MOST_BYTES:
        abort(413)


def _link() -> str:
    return hash_of(str((request.view_args or {})["token"]))
