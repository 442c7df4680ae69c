"""What a person should know while data come in, in words: servers that are away, data that grow old, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.text import Text

from brokersync import cells
from brokersync.following import RedisAway, RedisBack
from brokersync.freshness import Fresh, Old, is_late
from brokersync.live_lines import clock
from brokersync.looking import Watched
from brokersync.repairing import repair_command
from models.connection import Connection, Status

NAMED = 3
"""Accounts of one connection that a note names; of more it says how many."""

_STOPPED = {
    Status.PAUSED: "its connection is paused, until somebody types\nbrokersync resume {id}",
    Status.REAUTH_REQUIRED: "its login has ended; log in again with\n{repair}",
    Status.DISCONNECTED: "its connection is disconnected",
}
_WITHOUT_LOGIN = frozenset({Status.REAUTH_REQUIRED, Status.DISCONNECTED})
FAULTS = {
    "unreachable": "{broker} does not answer",
    "broker_down": "{broker} is down",
    "rate_limited": "{broker} wants to be asked less often",
    "bad_answer": "{broker} gives answers that cannot be right",
    "login_ended": "{broker} does not take the login",
    "app_misconfigured": "{broker} does not take this installation's app; `brokersync doctor` says more",
    "credentials_unreadable": "no key in ENCRYPTION_KEY opens the login",
    "internal": "a fault of brokersync itself; the worker's log says more",
}


def redis_away(event: RedisAway) -> Text:
    why = cells.plain(event.why)
    return Text.assemble(("Redis", "bold"), " ", why, f" since {clock(event.since)}; it is tried again")


def redis_back(event: RedisBack, now: datetime) -> Text:
    """What changed meanwhile is in the lines that follow."""
    return Text.assemble(("Redis", "bold"), f" answers again, after {cells.spelled(now - event.since, parts=2)}")


def database_away() -> Text:
    return Text.assemble(("PostgreSQL", "bold"), " does not answer; it is tried again")


def database_back() -> Text:
    return Text.assemble(("PostgreSQL", "bold"), " answers again")


def fresh(news: Fresh) -> Text:
    """`…733  confirmed again, 2 s ago`"""
    return _of_accounts(news.accounts).append(f"confirmed again, {cells.ago(news.age).plain}")


def old(news: Old, now: datetime, *, database_is_away: bool) -> Text:
    """`…733  not confirmed by the broker for 12 min (asked every 5 min): schwab does not answer (…)`"""
    connection = news.accounts[0].connection
    asked = "not asked any more" if news.stopped else f"asked every {cells.spelled(connection.sync_interval, parts=2)}"
    told = _of_accounts(news.accounts)
    told.append(f"not confirmed by the broker for {cells.spelled(news.age, parts=1)}", style="yellow")
    told.append(f" ({asked}): ")
    if database_is_away:
        return told.append("PostgreSQL does not answer, where it would say why")
    return told.append_text(_reason(news, connection, now))


def login_end(connection: Connection, now: datetime) -> Text | None:
    """`0b1c03aa  its login ends in 23 h 5 min:`, and below it `brokersync link --repair 0b1c03aa`; None while that is days
    away, or where there is no login any more."""
    if connection.login_expires_at is None or connection.status in _WITHOUT_LOGIN:
        return None
    left = connection.login_expires_at - now
    if left > cells.SOON:
        return None
    ends = "ends" if left > timedelta(0) else "is"
    told = Text.assemble(cells.short_id(connection.id), f"  its login {ends} ", cells.login_end(left))
    return told.append(f":\n{repair_command(connection.id)}")


def _of_accounts(accounts: Sequence[Watched]) -> Text:
    numbers = ", ".join(account.number for account in accounts[:NAMED])
    more = f" and {len(accounts) - NAMED} more" if len(accounts) > NAMED else ""
    return Text(f"{numbers}{more}  ")


def _reason(news: Old, connection: Connection, now: datetime) -> Text:
    named = {"id": str(connection.id)[: cells.SHORT_ID], "repair": repair_command(connection.id)}
    stopped = _STOPPED.get(Status(connection.status))
    if stopped is not None:
        return Text(stopped.format(**named))
    if all(each.checked_at is not None and not is_late(each, each.checked_at, now) for each in news.accounts):
        return Text("the worker has newer data, but Redis was not told; its log says why")
    fault = FAULTS.get(connection.last_error_kind or "")
    if fault is None:
        return Text("no sync came to an end; `brokersync doctor` says whether the worker runs")
    return cells.plain(f"{fault.format(broker=connection.broker)} ({connection.last_error_text})")
