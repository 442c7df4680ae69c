"""Connections that are not asked at all: which they are, and who has to do what about each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from rich.text import Text

from brokersync import cells
from brokersync.queries import Row
from brokersync.repairing import repair_command
from models.connection import SCHEDULED, Status

NAMED = 5
"""Connections that are told one by one; of more it is said how many."""


_WITHOUT_LOGIN = {Status.REAUTH_REQUIRED: "has ended", Status.DISCONNECTED: "was disconnected"}


def is_stopped(row: Row) -> bool:
    return row["status"] not in SCHEDULED


def reason(row: Row) -> str:
    """`Connection 0b6e2f41-… of user 42 is paused: `brokersync resume 0b6e2f41` starts it again.`"""
    short = str(row["connection_id"])[: cells.SHORT_ID]
    repair = repair_command(row["connection_id"])
    why = {
        Status.PAUSED: f"is paused: `brokersync resume {short}` starts it again",
        Status.REAUTH_REQUIRED: f"has no login any more: its user has to log in again, with `{repair}`",
        Status.DISCONNECTED: f"is disconnected: its user goes on by logging in again, with `{repair}`",
    }
    return cells.plain(f"{cells.named(row)} {why[Status(row['status'])]}.").plain


def reasons(rows: Sequence[Row]) -> str:
    """A line for each of the first ones, and how many more there are."""
    told = [reason(row) for row in rows[:NAMED]]
    more = len(rows) - len(told)
    return "\n".join([*told, *([f"And {more} more: `brokersync connections` lists them."] if more else [])])


def ended_lines(connections: Sequence[Row], shown: Collection[UUID]) -> Iterator[Text]:
    """To stand under data of the connections `shown`: those without a login, and what renews it, after an empty line."""
    ended = [row for row in connections if row["status"] in _WITHOUT_LOGIN and row["connection_id"] in shown]
    if ended:
        yield Text()
    if len(ended) > NAMED:
        yield Text(f"{len(ended)} of these logins are no more. What renews each of them stands in")
        yield Text("  brokersync connections")
        return
    for row in ended:
        happened = _WITHOUT_LOGIN[Status(row["status"])]
        told = f"The login of user {row['user_id']} {happened}, so these data are confirmed no more; renew it with"
        yield Text(cells.plain(told).plain, style="yellow")
        # Whole, however long: it is there to be copied.
        yield Text(f"  {repair_command(row['connection_id'])}", style="yellow", no_wrap=True, overflow="ignore")
