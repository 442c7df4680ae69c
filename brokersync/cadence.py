"""How often connections are asked, and at which hours, in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.text import Text

from brokersync import cells
from brokersync.queries import Row
from models.connection import SCHEDULED


def cadence(row: Row) -> str:
    """`every 10 min, from 09:30 to 16:00 in America/New_York`, or `every 5 min, at any hour`."""
    every = f"every {cells.spelled(row['sync_interval'], parts=4)}"
    if row["hours_from"] is None:
        return f"{every}, at any hour"
    return f"{every}, from {row['hours_from']:%H:%M} to {row['hours_until']:%H:%M} in {cells.plain(row['time_zone'])}"


def cadence_lines(rows: Sequence[Row]) -> list[Text]:
    """A line for each cadence of what the schedule asks, with whose it is; most have the last, and are not named."""
    asked = sorted((row for row in rows if row["status"] in SCHEDULED), key=cadence)
    groups = [(told, list(of_one)) for told, of_one in groupby(asked, key=cadence)]
    groups.sort(key=lambda group: len(group[1]))
    lines = [
        Text(", ").join(cells.short_id(row["connection_id"]) for row in of_one).append(f": asked {told}")
        for told, of_one in groups[:-1]
    ]
    lines += [Text(f"{'The others: asked' if lines else 'Asked'} {told}") for told, _ in groups[-1:]]
    return lines
