"""The small words of a standing: spans, moments, lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from brokersync import cells


def span(length: timedelta) -> str:
    """`12 min`; a login's life has two units: `6 d 23 h`."""
    return cells.spelled(length, parts=1 if length < timedelta(days=1) else 2)


def moment(at: datetime, now: datetime) -> str:
    """`14:02 UTC` today, `Fri 27 Nov 14:02 UTC` on another day, with its year in another one."""
    there, here = at.astimezone(UTC), now.astimezone(UTC)
    return f"{there:%H:%M} UTC" if there.date() == here.date() else cells.moment(there, year=there.year != here.year)


def until(at: datetime, now: datetime) -> str:
    """`in 4 min`, or `any moment now` for what is due."""
    return f"in {span(at - now)}" if at > now else "any moment now"


def in_a_row(failures: int) -> str:
    """`, 3rd time in a row`; nothing for the first time."""
    if failures < 2:
        return ""
    ending = "th" if failures % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(failures % 10, "th")
    return f", {failures}{ending} time in a row"


def listed(names: Sequence[str]) -> str:
    """`A, B and C`."""
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), *names[-1:]])
