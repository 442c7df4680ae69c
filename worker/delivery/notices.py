"""Events as people read them: what happened to which login, what it means, and what to do. Never a link or a secret."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from brokers.registry import declaration
from models.event import Event
from worker.event_documents import action
from worker.schedule import zone_of

_GOES_ON = "Nothing is lost: accounts, ids and history stay, and go on once somebody has logged in again."

_REASONS = {
    "ended by the broker": "{broker} says that this login has ended.",
    "lost in a crash": "This login was lost when a worker was ended in the middle of a refresh: {broker} had issued new "
    "tokens, which were never stored.",
    "lost on the way": "This login was lost in a refresh: {broker} had issued new tokens, and its answer never arrived.",
    "replaced by a newer login": "Another user of this installation has linked the same login, which may have ended "
    "this one.",
}


class Urgency(StrEnum):
    """In Apprise's words, which become colours and signs."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True)
class Notice:
    """What is sent to a person: plain text, the title one line."""

    title: str
    body: str
    urgency: Urgency


@dataclass(frozen=True)
class Told:
    """An event, and of its connection what only people are told. None: erased meanwhile, or never given."""

    event: Event
    label: str | None = None
    time_zone: str | None = None

    @property
    def broker(self) -> str:
        """As the broker calls itself."""
        try:
            return declaration(self.event.broker).title
        except KeyError:  # one that this version does not know
            return _name(self.event.broker)

    @property
    def whose(self) -> str:
        """`Charles Schwab, user 42 (IRA)`; for an app the broker alone."""
        if self.event.user_id is None:
            return self.broker
        label = "" if self.label is None else f" ({_name(self.label)})"
        return f"{self.broker}, user {_name(self.event.user_id)}{label}"

    @property
    def reason(self) -> str | None:
        known = _REASONS.get(str(self.event.details.get("reason")))
        return None if known is None else known.format(broker=self.broker)

    @property
    def until(self) -> str | None:
        """`Friday 27 November 2026, 18:00 UTC (Friday 13:00 in America/New_York)`; None: it has no end."""
        end = self.event.details.get("login_expires_at")
        if end is None:
            return None
        moment = datetime.fromisoformat(str(end)).astimezone(UTC)
        return f"{moment:%A} {moment.day} {moment:%B %Y, %H:%M} UTC{_there(moment, self.time_zone)}"


def notice(told: Told) -> Notice:
    """The text of an event that people are told of.

    One of a kind that only a newer version knows, whose workers share this database, is told by its name.
    """
    return _NOTICES.get(told.event.kind, _of_another_version)(told)


def trial_notice() -> Notice:
    """What `brokersync notify --test` sends."""
    return Notice(
        "brokersync: a test",
        "This is how brokersync tells you of logins that end. Nothing has happened, and nothing is to be done.",
        Urgency.INFO,
    )


def _login_ending(told: Told) -> Notice:
    return _log_in_again(
        told,
        f"Login ending soon: {told.whose}",
        f"This login ends on {told.until}. After that its accounts are no longer updated.",
        Urgency.WARNING,
    )


def _login_ended(told: Told) -> Notice:
    happened = told.reason or ("This login has ended." if told.until is None else f"This login ended on {told.until}.")
    return _log_in_again(told, f"Login ended: {told.whose}", happened, Urgency.FAILURE)


def _reauth_required(told: Told) -> Notice:
    happened = f"{told.reason or 'This login has ended.'} Its accounts are not updated any more."
    return _log_in_again(told, f"Login needed: {told.whose}", happened, Urgency.FAILURE)


def _credentials_unreadable(told: Told) -> Notice:
    return _written(
        told,
        f"Login cannot be read: {told.whose}",
        "No key in ENCRYPTION_KEY opens this login as it is stored, so its accounts are not updated. The login itself has "
        "not ended: nobody has to log in again.",
        f"What to do: {action(told.event)}, and start the programs again. It then goes on by itself; `brokersync doctor` "
        "says whether the keys fit.",
        urgency=Urgency.FAILURE,
    )


def _given_up(told: Told) -> Notice:
    return _written(
        told,
        f"Paused: {told.whose}",
        "Several syncs in a row were cut off before they came to an end, so this connection was paused: its accounts are "
        "not updated. Its login is kept.",
        "What to do: the worker's log says what ended it (too little memory, a task that hung). Then start it again with",
        f"  {action(told.event)}",
        urgency=Urgency.FAILURE,
    )


def _app_refused(told: Told) -> Notice:
    return _written(
        told,
        f"App refused: {told.broker}",
        f"{told.broker} does not accept the app of this installation. All its connections there wait; no login is lost.",
        f"What to do: {_one_line(action(told.event) or '')}",
        "Nobody has to log in again: once the app is accepted, all of them go on by themselves.",
        urgency=Urgency.FAILURE,
    )


def _app_accepted(told: Told) -> Notice:
    return _written(
        told,
        f"App accepted again: {told.broker}",
        f"{told.broker} accepts the app of this installation again. The connections that waited go on by themselves.",
        urgency=Urgency.SUCCESS,
    )


def _of_another_version(told: Told) -> Notice:
    what_to_do = action(told.event)
    lines = [] if what_to_do is None else [f"What to do: {_one_line(what_to_do)}"]
    title = f"{told.event.kind.replace('_', ' ').capitalize()}: {told.whose}"
    return _written(told, title, "A newer version of brokersync tells this.", *lines, urgency=Urgency.WARNING)


_NOTICES: dict[str, Callable[[Told], Notice]] = {
    "login_ending": _login_ending,
    "login_ended": _login_ended,
    "reauth_required": _reauth_required,
    "credentials_unreadable": _credentials_unreadable,
    "given_up": _given_up,
    "app_refused": _app_refused,
    "app_accepted": _app_accepted,
}


def _log_in_again(told: Told, title: str, happened: str, urgency: Urgency) -> Notice:
    """For a login that only a person can renew."""
    return _written(
        told,
        title,
        happened,
        _GOES_ON,
        "What to do: log in again. This makes the link for it, to the same connection:",
        f"  {action(told.event)}",
        "If you do not run this service, ask whoever does for such a link.",
        urgency=urgency,
    )


def _written(told: Told, title: str, *lines: str, urgency: Urgency) -> Notice:
    connection = [] if told.event.connection_id is None else [f"Connection {told.event.connection_id}."]
    return Notice(title, "\n".join([*lines, *connection]), urgency)


def _there(moment: datetime, time_zone: str | None) -> str:
    """The same moment by the connection's clocks; nothing where those show UTC or this machine does not know them."""
    local = moment.astimezone(zone_of(time_zone or "UTC") or UTC)
    return f" ({local:%A %H:%M} in {time_zone})" if local.utcoffset() else ""


_NO_MARK_UP = str.maketrans({"<": "(", ">": ")", "[": "(", "]": ")", "`": "'", "@": "(at)"})
_DOT_OF_A_HOST = re.compile(r"\.(?=[^\W\d_])")


def _name(given: str) -> str:
    """What a program or a person named something: nothing in it that a service makes a link, a mention or mark-up of."""
    return _DOT_OF_A_HOST.sub(". ", _one_line(given).translate(_NO_MARK_UP).replace("://", ":/ /"))


def _one_line(words: str) -> str:
    """Words that came from elsewhere, without what would break a title in two."""
    return "".join(each if each.isprintable() else " " for each in words)
