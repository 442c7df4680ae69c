"""What a person types for a connection's settings: callbacks of the options of `brokersync connections set`.

None is an option that was not given. Raise `click.BadParameter`, with what to write.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from zoneinfo import available_timezones

import click

from brokersync.near import did_you_mean
from sandbox.clock import duration

SHORTEST_INTERVAL = timedelta(seconds=1)
LONGEST_INTERVAL = timedelta(days=7)
"""As long as Schwab's logins last: whoever wants to ask less often wants to pause."""
LONGEST_LABEL = 60

Hours = dict[str, time | None]
"""The columns `hours_from` and `hours_until`."""

_WINDOW = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")
_WRITE_HOURS = "Write from when until when, such as 09:30-16:00, or `always`."


def interval(_ctx: click.Context, _param: click.Parameter, typed: str | None) -> timedelta | None:
    """`10m`, `1h30m`, or seconds as a bare number."""
    if typed is None:
        return None
    try:
        span = duration(f"{typed}s" if typed.isascii() and typed.isdigit() else typed)
    except ValueError:
        raise click.BadParameter(f"{typed!r} is no interval. Write 10m, 1h or 1h30m, or seconds such as 600.") from None
    if not SHORTEST_INTERVAL <= span <= LONGEST_INTERVAL:
        raise click.BadParameter(f"{typed!r} is not between 1s and 7d. `brokersync pause` asks nothing more for now.")
    return span


def hours(_ctx: click.Context, _param: click.Parameter, typed: str | None) -> Hours | None:
    """`09:30-16:00`, `22:00-06:00`, `16:00-24:00`, or `always`."""
    if typed is None:
        return None
    if typed.strip().lower() == "always":
        return {"hours_from": None, "hours_until": None}
    matched = _WINDOW.fullmatch(typed.replace(" ", ""))
    if matched is None:
        raise click.BadParameter(f"{typed!r} are no hours. {_WRITE_HOURS}")
    hour, minute, end_hour, end_minute = map(int, matched.groups())
    if (end_hour, end_minute) == (24, 0):
        end_hour = 0
    try:
        opens, closes = time(hour, minute), time(end_hour, end_minute)
    except ValueError:
        raise click.BadParameter(f"{typed!r} holds a time that no clock shows. {_WRITE_HOURS}") from None
    if opens == closes:
        raise click.BadParameter(f"{typed!r} ends when it begins. Write `always` for any hour.")
    return {"hours_from": opens, "hours_until": closes}


def time_zones() -> list[str]:
    """The names that may be typed, in order."""
    # `localtime` is another zone on each machine.
    return sorted(available_timezones() - {"localtime"})


def time_zone(_ctx: click.Context, _param: click.Parameter, typed: str | None) -> str | None:
    """`America/New_York` in any case; the name as it is written."""
    if typed is None:
        return None
    names = time_zones()
    if not names:
        raise click.BadParameter("This machine knows no time zones: install its package tzdata.")
    wanted = typed.strip().replace(" ", "_")
    found = next((name for name in names if name.lower() == wanted.lower()), None)
    if found is None:
        beginning_so = [name for name in names if name.lower().startswith(wanted.lower())]
        near = did_you_mean(wanted, beginning_so, str.lower) or did_you_mean(wanted, names, _place)
        raise click.BadParameter(f"{typed!r} is no time zone. Write its name, such as America/New_York.{near}")
    return found


def label(_ctx: click.Context, _param: click.Parameter, typed: str | None) -> str | None:
    """One line for people; an empty one takes the label away."""
    if typed is None:
        return None
    shown = typed.strip()
    if len(shown) > LONGEST_LABEL or not shown.isprintable():
        raise click.BadParameter(f"Write at most {LONGEST_LABEL} characters that can be printed, in one line.")
    return shown


def _place(zone: str) -> str:
    """What people type of a zone's name."""
    return zone.rpartition("/")[2].lower()
