from __future__ import annotations

from datetime import timedelta

import pytest
from freezegun import freeze_time

from brokers.retry_after import LONGEST, retry_after

NOW = "2026-11-20 18:00:00"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "30"}, timedelta(seconds=30)),
        ({"Retry-After": " 0 "}, timedelta(0)),
        ({"Retry-After": "-5"}, timedelta(0)),
        ({"Retry-After": "Fri, 20 Nov 2026 18:00:45 GMT"}, timedelta(seconds=45)),
        ({"Retry-After": "Fri, 20 Nov 2026 17:00:00 GMT"}, timedelta(0)),
        ({"Retry-After": "99999999999999999999999999"}, LONGEST),
        ({"Retry-After": "Fri, 20 Nov 2099 18:00:00 GMT"}, LONGEST),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": ""}, None),
        ({}, None),
    ],
)
@freeze_time(NOW)
def test_a_wait_is_read_in_seconds_or_as_a_date(headers: dict[str, str], wait: timedelta | None) -> None:
    assert retry_after(headers) == wait


@freeze_time(NOW)
def test_a_date_is_measured_against_the_brokers_own_clock() -> None:
    headers = {"Retry-After": "Fri, 20 Nov 2026 12:00:10 GMT", "Date": "Fri, 20 Nov 2026 12:00:00 GMT"}
    assert retry_after(headers) == timedelta(seconds=10)
