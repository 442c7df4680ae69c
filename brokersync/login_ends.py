"""What is left of logins: in a cell, with the date, and as lines under data that come by them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from rich.text import Text

from brokersync import cells
from brokersync.queries import Row
from brokersync.repairing import repair_command
from models.connection import Status

NAMED = 5
"""Logins that are told one by one; of more it is said how many."""

_WITHOUT = {
    Status.REAUTH_REQUIRED: Text("ended", style="bold red"),
    Status.DISCONNECTED: Text("forgotten", style="dim"),
}
"""Connections that have no login any more, whatever was known of its end."""


def login_end(connection: Row) -> Text:
    """`in 6 d 23 h`, `over for 5 min` by our clock, `ended` by the broker, `forgotten`, or `no end`."""
    without = _WITHOUT.get(connection["status"])
    return cells.login_end(connection["login_ends_in"]) if without is None else without.copy()


def login_end_at(connection: Row) -> Text:
    """The same with when that is: `in 6 d 23 h (Fri 27 Nov 18:00 UTC)`."""
    told, ends_at = login_end(connection), connection["login_expires_at"]
    return (
        told
        if ends_at is None or connection["status"] in _WITHOUT
        else Text.assemble(told, f" ({cells.moment(ends_at)})")
    )


def login_lines(connections: Sequence[Row], shown: Collection[UUID]) -> Iterator[Text]:
    """To stand under data of the connections `shown`: what is left of each login that has an end, the nearest first, and
    of those near it or past it what renews them. The first line is empty.
    """
    logins = sorted(
        (row for row in connections if row["connection_id"] in shown and _has_an_end(row)),
        key=lambda row: row["login_ends_in"],
    )
    if logins:
        yield Text()
    for row in logins[:NAMED]:
        yield Text.assemble(_named(row, logins), _ends(row), login_end_at(row))
        if row["login_ends_in"] <= cells.SOON:
            # Whole, however long: it is there to be copied.
            renew = f"  renew it with {repair_command(row['connection_id'])}"
            yield Text(renew, style="yellow", no_wrap=True, overflow="ignore")
    more = len(logins) - NAMED
    if more > 0:
        yield Text(f"And {more} more: `brokersync connections` shows when each login ends.")


def _has_an_end(row: Row) -> bool:
    return row["status"] not in _WITHOUT and row["login_ends_in"] is not None


def _named(row: Row, logins: Sequence[Row]) -> Text:
    """Told apart by connection, and by user where they differ."""
    if len(logins) == 1:
        return Text("The login ")
    whose = f" of user {cells.plain(row['user_id'])}" if len({each["user_id"] for each in logins}) > 1 else ""
    return Text.assemble("The login of ", cells.short_id(row["connection_id"]), f"{whose} ")


def _ends(row: Row) -> str:
    return "ends " if row["login_ends_in"] > timedelta(0) else "has been "
