from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from brokersync.doctor import clocks
from brokersync.doctor.findings import Level

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def level(seconds: float, precision: float = 0) -> Level:
    found = clocks.offset(NOW, NOW + timedelta(seconds=seconds), "PostgreSQL", timedelta(seconds=precision))
    return found.level


@pytest.mark.parametrize("way", [1, -1])
def test_a_clock_may_be_two_seconds_off_and_no_more(way: int) -> None:
    assert [level(way * seconds) for seconds in (1.99, 2, 2.01)] == [Level.OK, Level.OK, Level.WARNING]


def test_what_cannot_be_told_apart_is_not_warned_of() -> None:
    assert [level(2.9, precision=1), level(3.1, precision=1)] == [Level.OK, Level.WARNING]


def test_it_says_which_way_and_how_far() -> None:
    behind = clocks.offset(NOW, NOW + timedelta(minutes=5), "PostgreSQL")
    ahead = clocks.offset(NOW, NOW - timedelta(minutes=5), "PostgreSQL")
    assert behind.said == "This machine is 5 min behind PostgreSQL."
    assert ahead.said == "This machine is 5 min ahead of PostgreSQL."
    assert "NTP" in str(ahead.remedy)


def answering(monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]) -> None:
    def head(url: str, **options: Any) -> requests.Response:
        assert options["timeout"] == clocks.SECONDS
        response = requests.Response()
        response.headers.update(headers)
        return response

    monkeypatch.setattr(requests, "head", head)


def test_the_brokers_clock_is_read_from_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, {"Date": "Mon, 02 Mar 2026 15:00:00 GMT"})
    found = clocks.broker("Charles Schwab", "https://x")
    assert found.level is Level.WARNING
    assert "ahead of Charles Schwab" in found.said


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
def test_an_answer_without_a_date_is_only_noted(headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, headers)
    assert clocks.broker("Charles Schwab", "https://x").level is Level.NOTE


@pytest.mark.sockets
def test_a_broker_that_does_not_answer_is_only_noted() -> None:
    assert clocks.broker("Charles Schwab", "http://127.0.0.1:1").level is Level.NOTE
