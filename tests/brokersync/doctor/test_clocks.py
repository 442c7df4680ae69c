from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from brokersync.doctor import clocks
from brokersync.doctor.clocks import Reading
from brokersync.doctor.findings import Level


def reading(seconds: float, whose: str = "PostgreSQL", precision: float = 0, *, elsewhere: bool = True) -> Reading:
    """A clock that is so many seconds ahead of ours."""
    return Reading(whose, timedelta(seconds=seconds), timedelta(seconds=precision), elsewhere)


def said(*readings: Reading) -> list[str]:
    found = clocks.judged(readings)
    assert all(each.level is Level.WARNING and "timedatectl" in str(each.remedy) for each in found)
    return [each.said for each in found]


@pytest.mark.parametrize("way", [1, -1])
def test_a_clock_may_be_two_seconds_off_and_no_more(way: int) -> None:
    assert [reading(way * seconds).agrees for seconds in (1.99, 2, 2.01)] == [True, True, False]


def test_what_cannot_be_told_apart_is_not_warned_of() -> None:
    assert [reading(2.9, precision=1).agrees, reading(3.1, precision=1).agrees] == [True, False]


def test_where_all_agree_it_is_one_line() -> None:
    (found,) = clocks.judged([reading(0), reading(1, "Redis"), reading(0, "Charles Schwab", 1)])
    assert (found.level, found.said) == (
        Level.OK,
        "This machine agrees with PostgreSQL, Redis and Charles Schwab.",
    )
    assert clocks.judged([]) == []


def test_between_two_clocks_nobody_can_tell() -> None:
    assert said(reading(300)) == ["This machine is 5 min behind PostgreSQL; which of the two is off cannot be told."]
    assert "ahead of PostgreSQL" in said(reading(-300))[0]


def test_two_that_agree_show_that_it_is_this_machine() -> None:
    assert said(reading(300), reading(301, "Charles Schwab", 1)) == [
        "This machine is 5 min behind PostgreSQL and Charles Schwab, which agree: it is this machine that is off."
    ]


def test_two_that_agree_show_which_server_is_off() -> None:
    assert said(reading(-300), reading(0, "Charles Schwab", 1)) == [
        "PostgreSQL is 5 min behind this machine, which agrees with Charles Schwab."
    ]


def test_a_server_of_this_machine_bears_no_witness() -> None:
    local = reading(0, elsewhere=False)
    assert said(local, reading(300, "Charles Schwab", 1)) == [
        "This machine is 4 min 59 s behind Charles Schwab; which of the two is off cannot be told."
    ]


@pytest.mark.parametrize(
    ("host", "elsewhere"),
    [(None, False), ("localhost", False), ("127.0.0.1", False), ("::1", False), ("10.0.0.7", True), ("db", True)],
)
def test_a_loopback_address_is_this_machine(host: str | None, *, elsewhere: bool) -> None:
    assert clocks.is_elsewhere(host) is elsewhere


def answering(monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]) -> None:
    def head(url: str, **options: Any) -> requests.Response:
        assert options["timeout"] == clocks.SECONDS
        response = requests.Response()
        response.headers.update(headers)
        return response

    monkeypatch.setattr(requests, "head", head)


def test_the_brokers_clock_is_read_from_its_answer_which_is_exact_to_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    there = datetime.now(UTC) + timedelta(hours=1)
    answering(monkeypatch, {"Date": there.strftime("%a, %d %b %Y %H:%M:%S GMT")})
    found = clocks.broker("Charles Schwab", "https://api.example")
    assert isinstance(found, Reading)
    assert abs(found.ahead - timedelta(hours=1)) <= found.precision + timedelta(milliseconds=100)
    assert timedelta(seconds=0.5) <= found.precision < timedelta(seconds=0.7)
    assert found.elsewhere


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": "Mon, 02 Mar 2026 15:00:00 -0000"}])
def test_an_answer_without_a_date_is_only_noted(headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, headers)
    found = clocks.broker("Charles Schwab", "https://x")
    assert not isinstance(found, Reading)
    assert found.level is Level.NOTE


@pytest.mark.sockets
def test_a_broker_that_does_not_answer_is_only_noted() -> None:
    found = clocks.broker("Charles Schwab", "http://127.0.0.1:1")
    assert not isinstance(found, Reading)
    assert found.level is Level.NOTE


@pytest.mark.sockets
def test_a_login_in_the_brokers_address_is_not_shown() -> None:
    found = clocks.broker("Charles Schwab", "http://me:ersecret@127.0.0.1:1/path")
    assert not isinstance(found, Reading)
    assert found.said == "Charles Schwab at 127.0.0.1:1 did not answer, so its clock could not be compared."
