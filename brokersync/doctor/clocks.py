"""Whether the clocks agree: codes live 30 s, PostgreSQL's clock stamps what is fetched, and ages are told by ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests

from brokersync.cells import spelled
from brokersync.doctor.findings import Finding, note, ok, warning
from brokersync.places import place

MOST = timedelta(seconds=2)
CHECK = "Clock"
SECONDS = 3
SET = "timedatectl set-ntp true"


@dataclass(frozen=True)
class Reading:
    """`whose` clock is `ahead` of this machine's (negative: behind it), give or take `precision`.

    `elsewhere`: another machine's; a server of this machine has the same clock and so bears no witness.
    """

    whose: str
    ahead: timedelta
    precision: timedelta = timedelta(0)
    elsewhere: bool = True

    @property
    def apart(self) -> timedelta:
        return max(abs(self.ahead) - self.precision, timedelta(0))

    @property
    def agrees(self) -> bool:
        return self.apart <= MOST


def read(whose: str, asked: datetime, there: datetime, *, elsewhere: bool, whole: timedelta = timedelta(0)) -> Reading:
    """From a question that left at `asked` and whose answer is here now. `whole`: the smallest step that it shows."""
    half = (datetime.now(UTC) - asked) / 2
    return Reading(whose, there + whole / 2 - (asked + half), half + whole / 2, elsewhere)


def is_elsewhere(host: str | None) -> bool:
    """Whether a server at that host may have another clock than we have; None: a socket."""
    if host is None or host == "localhost" or host.startswith("/"):
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


def broker(title: str, base_url: str) -> Reading | Finding:
    """By the `Date` header of whatever it answers. A broker that does not answer is no fault of the set-up."""
    try:
        asked = datetime.now(UTC)
        response = requests.head(base_url, timeout=SECONDS, allow_redirects=False)
        there = parsedate_to_datetime(response.headers["Date"])
        return read(
            title, asked, there, elsewhere=is_elsewhere(urlsplit(base_url).hostname), whole=timedelta(seconds=1)
        )
    except (requests.RequestException, KeyError, ValueError, TypeError):
        return note(CHECK, f"{title} at {place(base_url)} did not answer, so its clock could not be compared.")


def judged(readings: Sequence[Reading]) -> list[Finding]:
    """One finding where all agree, else one for each clock that is off; where two agree, the third is the one."""
    off = [each for each in readings if not each.agrees]
    if not off:
        return [ok(CHECK, f"This machine agrees with {_listed(readings)}.")] if readings else []
    if _are_together(off) and not [each for each in readings if each.agrees and each.elsewhere]:
        return [_this_machine(off)]
    return [_another(each, readings) for each in off]


def _this_machine(off: Sequence[Reading]) -> Finding:
    first = off[0]
    way = "behind" if first.ahead > timedelta(0) else "ahead of"
    said = f"This machine is {spelled(first.apart, 2)} {way} {_listed(off)}"
    if len(off) > 1:
        return warning(CHECK, f"{said}, which agree: it is this machine that is off.", SET)
    return warning(CHECK, f"{said}; which of the two is off cannot be told.", f"{SET} (on both)")


def _another(off: Reading, readings: Sequence[Reading]) -> Finding:
    way = "ahead of" if off.ahead > timedelta(0) else "behind"
    agreeing = [each for each in readings if each.agrees and each.elsewhere]
    said = f"{off.whose} is {spelled(off.apart, 2)} {way} this machine"
    if agreeing:
        return warning(CHECK, f"{said}, which agrees with {_listed(agreeing)}.", f"{SET} (where {off.whose} runs)")
    return warning(CHECK, f"{said}.", f"{SET} (on both)")


def _are_together(readings: Sequence[Reading]) -> bool:
    """Whether each of them could show the same as each other one."""
    return all(abs(a.ahead - b.ahead) <= MOST + a.precision + b.precision for a in readings for b in readings)


def _listed(readings: Sequence[Reading]) -> str:
    names = [each.whose for each in readings]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
