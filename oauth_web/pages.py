"""From what is known to HTML. Templates escape everything; times are told in UTC and in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from flask import current_app, make_response, render_template, request
from werkzeug.wrappers import Response

from brokers.interface import Declaration
from models.account import Account
from models.connection import Connection, Status
from models.link import Link
from models.linking import Activated
from models.sharing import Shared
from oauth_web.notices import NEW_LINK, Notice, Tone
from oauth_web.parts import parts

_HOURS_IN_WORDS = timedelta(days=2)
_MINUTES_IN_WORDS = timedelta(hours=2)


def notice(said: Notice, link: Link | None = None) -> Response:
    """One of the pages of `oauth_web.notices`. `link` fills in whose broker it is about and whether to try again."""
    words = {"broker": "the broker", "again": NEW_LINK}
    if link is not None:
        words = {"broker": _title(link.broker), "again": _again(link, datetime.now(UTC))}
    texts = {name: getattr(said, name).format(**words) for name in ("title", "happened", "not_done", "next_step")}
    texts = {name: text[0].upper() + text[1:] for name, text in texts.items()}
    return make_response(render_template("notice.html", tone=said.tone, **texts), said.status)


def start(declaration: Declaration, link: Link, repaired: Connection | None, accounts: Sequence[Account]) -> Response:
    """The page with the button. `repaired` is the connection that the link was made to repair, with what it shares."""
    lifetime = None if declaration.login_lifetime is None else in_words(declaration.login_lifetime)
    page = render_template(
        "start.html",
        broker=declaration.title,
        lifetime=lifetime,
        until=clock(link.expires_at),
        repaired=repaired,
        linked_on=None if repaired is None else day(repaired.created_at),
        numbers=[account.masked for account in accounts],
    )
    return make_response(page)


def linked(declaration: Declaration, done: Activated) -> Response:
    """The page at the end of the way; after a repair with what became of the accounts."""
    ends = done.connection.login_expires_at
    shared = done.shared
    shared_any = bool(shared.returned or shared.added)
    page = render_template(
        "linked.html",
        broker=declaration.title,
        shared=shared,
        shared_any=shared_any,
        tone=Tone.GOOD if shared_any and not shared.missing else Tone.WAIT,
        repaired=done.repaired,
        compared=_compared(shared),
        paused=done.connection.status == Status.PAUSED,
        ends_at=None if ends is None else f"{day(ends)}, {clock(ends)}",
        ends_in=None if ends is None else in_words(ends - datetime.now(UTC)),
        unlink_advice=declaration.unlink_advice,
    )
    return make_response(page)


def is_for_programs() -> bool:
    """Whether this address answers in JSON, its errors too."""
    return request.path in current_app.config["JSON_PATHS"]


def in_words(span: timedelta) -> str:
    """A span as people say it, rounded: `7 days`, `5 hours`, `1 minute`."""
    if span >= _HOURS_IN_WORDS:
        return _counted(round(span / timedelta(days=1)), "day")
    if span >= _MINUTES_IN_WORDS:
        return _counted(round(span / timedelta(hours=1)), "hour")
    return _counted(max(0, round(span / timedelta(minutes=1))), "minute")


def clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M} UTC"


def day(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y}"


def _compared(shared: Shared) -> str:
    """Whether the same accounts came back: `2 of the 3 accounts came back. 1 account was added.`"""
    said = []
    before = len(shared.returned) + len(shared.missing)
    if before and not shared.missing:
        said.append(f"The same {_counted(before, 'account') if before > 1 else 'account'} came back.")
    elif before and not shared.returned:
        said.append(f"None of the {before} accounts came back." if before > 1 else "Its account did not come back.")
    elif before:
        said.append(f"{len(shared.returned)} of the {before} accounts came back.")
    if shared.added:
        said.append(f"{_counted(len(shared.added), 'account')} {'was' if len(shared.added) == 1 else 'were'} added.")
    return " ".join(said)


def _again(link: Link, now: datetime) -> str:
    if link.used_at is not None or link.expires_at <= now:
        return f"Your link cannot be used any more. {NEW_LINK}"
    return f"Open the same link again in this browser; it works until {clock(link.expires_at)}."


def _title(broker: str) -> str:
    return parts().brokers.get(broker).declaration.title


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
