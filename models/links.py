"""Making and using one-time links. Web app and command line share these functions.

    make_link → open_link (look) → start_link (button) → take_callback (state, once) → keep_grant → activate → end_callback

Tokens, states and browser secrets are random and kept as SHA-256 only; they are looked up by that hash, so no comparison
of secrets takes a time that tells anything.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from models.connection import Connection, Status
from models.link import Link

LINK_LIFETIME = timedelta(minutes=15)
STATE_LIFETIME = timedelta(minutes=10)
"""From the button to the broker's answer. It runs from the start, so that who starts late is not cut short."""
CALLBACK_LIMIT = timedelta(minutes=2)
"""A callback that has not ended after this has crashed; it no longer holds refusals back."""
LISTING_LIMIT = timedelta(minutes=10)
"""A login that is not listed by then, by browser or worker, no longer holds refusals back either. Nor does it wait any
longer for the broker to tell whose it is."""
OPEN_LINKS = 20
"""Links of one user that may wait at the same time; more are a loop in the host application, or somebody's mischief."""
LONGEST_USER_ID = 200


class LinkRefused(Exception):
    """A link cannot be made as asked. The message says why, for the host application's developer."""


class UserIdUnusable(LinkRefused):
    """It is empty, longer than `LONGEST_USER_ID`, or holds characters that do not show."""


class TooManyLinks(LinkRefused):
    """This user has `OPEN_LINKS` links that were neither used nor have expired."""


@dataclass(frozen=True)
class NewLink:
    """The token appears here and nowhere else: it is shown once, to who asked for it."""

    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"NewLink(expires_at={self.expires_at.isoformat()})"


def make_link(
    session: Session, user_id: str, broker: str, connection_id: uuid.UUID | None = None, return_url: str | None = None
) -> NewLink:
    """A link for this user. `connection_id` names a connection of theirs to repair.

    Raises `LinkRefused` when that connection is unknown, somebody else's, at another broker, or still being linked,
    `UserIdUnusable` and `TooManyLinks`.
    """
    if not user_id.strip() or not user_id.isprintable() or len(user_id) > LONGEST_USER_ID:
        raise UserIdUnusable(
            f"The user must be named in 1 to {LONGEST_USER_ID} characters that can be printed, and not only blanks."
        )
    if connection_id is not None:
        connection = session.get(Connection, connection_id)
        if connection is None or connection.user_id != user_id or connection.broker != broker:
            raise LinkRefused(f"User {user_id} has no {broker} connection {connection_id}.")
        if connection.status == Status.LINKING:
            raise LinkRefused(
                f"Connection {connection_id} is still being linked: its accounts are listed by themselves, and there is"
                " nothing to repair. Wait until its status is active, or disconnect it and ask for a link without it."
            )
    waiting = select(func.count()).where(Link.user_id == user_id, Link.used_at.is_(None), Link.expires_at > func.now())
    if session.scalars(waiting).one() >= OPEN_LINKS:
        raise TooManyLinks(f"User {user_id} has {OPEN_LINKS} links that wait to be used: let them be used, or expire.")
    token = secrets.token_urlsafe(32)
    expires_at: datetime = session.scalars(select(func.now() + LINK_LIFETIME)).one()
    session.add(
        Link(
            id=uuid.uuid4(),
            token_hash=hash_of(token),
            user_id=user_id,
            broker=broker,
            connection_id=connection_id,
            return_url=return_url,
            expires_at=expires_at,
        )
    )
    return NewLink(token, expires_at)


def open_link(session: Session, token: str, browser_secret: str | None) -> Link | None:
    """The link, if it can still be used by this browser; looking uses nothing up.

    None for one that is unknown, used, expired, started in another browser, or in its callback right now, without
    telling which.
    """
    return session.scalars(select(Link).where(_usable(token, browser_secret))).one_or_none()


def start_link(
    session: Session, token: str, browser_secret: str, earlier_secret: str | None
) -> tuple[Link, str] | None:
    """Bind the link to this browser and make a state for the broker; None as in `open_link`.

    `browser_secret` is new for this start; `earlier_secret` is what the same browser holds from an earlier one, which
    may start again (its earlier state is void).
    """
    state = secrets.token_urlsafe(32)
    link = session.scalars(
        update(Link)
        .where(_usable(token, earlier_secret))
        .values(browser_hash=hash_of(browser_secret), state_hash=hash_of(state), started_at=func.now())
        .returning(Link)
    ).one_or_none()
    return None if link is None else (link, state)


def link_awaiting(session: Session, state: str) -> Link | None:
    """The link that sent this state to the broker, if it has not come back yet. For finding the browser's cookie."""
    return session.scalars(select(Link).where(Link.state_hash == hash_of(state))).one_or_none()


def take_callback(session: Session, state: str, browser_secret: str | None) -> Link | None:
    """Use the state up, whatever comes next; the link, if the state came back to the browser that was sent off.

    From here on a refusal of an older login of this user counts as passing, until `end_callback`.
    """
    link = session.scalars(
        update(Link).where(Link.state_hash == hash_of(state)).values(state_hash=None).returning(Link)
    ).one_or_none()
    if link is None or link.used_at is not None or link.browser_hash != hash_of(browser_secret or ""):
        return None
    now: datetime = session.scalars(select(func.now())).one()
    if link.started_at is None or link.started_at + STATE_LIFETIME <= now:
        return None
    link.callback_at = now
    return link


def end_callback(session: Session, link_id: uuid.UUID) -> None:
    """The callback is over, well or badly."""
    session.execute(update(Link).where(Link.id == link_id).values(callback_at=None))


def is_linking(session: Session, user_id: str, broker: str) -> bool:
    """Whether a login of this user may just have been replaced: a link is in its callback, or waits to be listed."""
    in_callback = select(Link.id).where(
        Link.user_id == user_id, Link.broker == broker, Link.callback_at > func.now() - CALLBACK_LIMIT
    )
    # Only a new one: a login that cannot be listed for days must not hide that others have ended.
    waiting = select(Connection.id).where(
        Connection.user_id == user_id,
        Connection.broker == broker,
        Connection.status == Status.LINKING,
        Connection.login_at > func.now() - LISTING_LIMIT,
    )
    return bool(session.scalars(select(or_(in_callback.exists(), waiting.exists()))).one())


def is_in_callback(session: Session, broker: str) -> bool:
    """Whether a login of anybody may just be made at this broker."""
    in_callback = select(Link.id).where(Link.broker == broker, Link.callback_at > func.now() - CALLBACK_LIMIT)
    return bool(session.scalars(select(in_callback.exists())).one())


def hash_of(secret: str) -> str:
    """What is kept of a token, state or browser secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _usable(token: str, browser_secret: str | None) -> ColumnElement[bool]:
    # Not during a callback: a second one beside it would end the login that the first is about to store.
    return and_(
        Link.token_hash == hash_of(token),
        Link.used_at.is_(None),
        Link.expires_at > func.now(),
        or_(Link.callback_at.is_(None), Link.callback_at <= func.now() - CALLBACK_LIMIT),
        or_(Link.browser_hash.is_(None), Link.browser_hash == hash_of(browser_secret or "")),
    )
