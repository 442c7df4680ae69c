"""How long a broker asks us to wait: the `Retry-After` header, in seconds or as an HTTP date (RFC 9110, 10.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(hours=1)
"""A longer wait is more likely a fault than a wish, and one request an hour harms nobody."""


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The wait from now, between 0 and `LONGEST`; None when the header is missing or cannot be read.

    A date is measured against the answer's own `Date`, so that a clock that is wrong on one side does no harm.
    """
    value = headers.get("Retry-After", "").strip()
    if value.lstrip("-").isdecimal() and value.isascii():
        return _bounded(timedelta(seconds=max(-1, min(int(value[:12]), int(LONGEST.total_seconds())))))
    until = _http_date(value)
    if until is None:
        return None
    return _bounded(until - (_http_date(headers.get("Date", "")) or datetime.now(UTC)))


def _bounded(wait: timedelta) -> timedelta:
    return max(timedelta(0), min(wait, LONGEST))


def _http_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
