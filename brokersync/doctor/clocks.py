"""Whether this machine's clock agrees with others: codes live 30 s, and the age of data is measured by clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests

from brokersync.cells import spelled
from brokersync.doctor.findings import Finding, note, ok, warning

MOST = timedelta(seconds=2)
CHECK = "Clock"
SECONDS = 3


def offset(here: datetime, there: datetime, whose: str, precision: timedelta = timedelta(0)) -> Finding:
    """`whose` clock shows `there` while ours shows `here`; it is only as exact as `precision`."""
    apart = max(abs(here - there) - precision, timedelta(0))
    if apart <= MOST:
        return ok(CHECK, f"It agrees with {whose}.")
    way = "ahead of" if here > there else "behind"
    return warning(CHECK, f"This machine is {spelled(apart, 2)} {way} {whose}.", "Let NTP set both clocks.")


def broker(title: str, base_url: str) -> Finding:
    """Against the `Date` header of whatever the broker answers. A broker that does not answer is no fault of the set-up."""
    try:
        asked = datetime.now(UTC)
        response = requests.head(base_url, timeout=SECONDS, allow_redirects=False)
        answered = datetime.now(UTC)
        there = parsedate_to_datetime(response.headers["Date"])
    except (requests.RequestException, KeyError, ValueError):
        return note(CHECK, f"{title} at {base_url} did not answer, so its clock could not be compared.")
    # The header has whole seconds, and was written at some moment between the two.
    return offset(asked + (answered - asked) / 2, there, title, timedelta(seconds=1) + (answered - asked) / 2)
