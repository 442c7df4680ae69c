"""What people type for a connection's settings, read or refused with a word on what to write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import click
import pytest

from brokersync import setting_values

OPTION = click.Option(["--it"])


def read(callback: Callable[..., Any], typed: str | None) -> Any:
    return callback(click.Context(click.Command("set")), OPTION, typed)


def refusal(callback: Callable[..., Any], typed: str) -> str:
    with pytest.raises(click.BadParameter) as refused:
        read(callback, typed)
    return refused.value.message


@pytest.mark.parametrize("name", ["interval", "hours", "time_zone", "label"])
def test_what_was_not_given_is_nothing(name: str) -> None:
    assert read(getattr(setting_values, name), None) is None


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("1", 1), ("1s", 1), ("600", 600), ("10m", 600), ("1h", 3600), ("1h30m", 5400), ("7d", 604800)],
)
def test_an_interval_is_a_span_or_seconds(typed: str, seconds: int) -> None:
    assert read(setting_values.interval, typed) == timedelta(seconds=seconds)


@pytest.mark.parametrize("typed", ["", "often", "-5m", "1.5h", "10 m", "5min", "٣m", "٣"])
def test_what_is_no_interval_is_told_how_one_is_written(typed: str) -> None:
    assert refusal(setting_values.interval, typed) == (
        f"{typed!r} is no interval. Write 10m, 1h or 1h30m, or seconds such as 600."
    )


@pytest.mark.parametrize("typed", ["0", "0s", "8d", "604801", "99999d"])
def test_an_interval_has_bounds(typed: str) -> None:
    assert refusal(setting_values.interval, typed).startswith(f"{typed!r} is ")


@pytest.mark.parametrize(
    ("typed", "opens", "closes"),
    [
        ("09:30-16:00", time(9, 30), time(16)),
        ("9:30 - 16:00", time(9, 30), time(16)),
        ("22:00-06:00", time(22), time(6)),
        ("16:00-24:00", time(16), time(0)),
        ("always", None, None),
        ("ALWAYS", None, None),
    ],
)
def test_hours_are_from_when_until_when(typed: str, opens: time | None, closes: time | None) -> None:
    assert read(setting_values.hours, typed) == {"hours_from": opens, "hours_until": closes}


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "'' are no hours. Write from when until when, such as 09:30-16:00, or `always`."),
        ("9-16", "'9-16' are no hours."),
        ("09:30", "'09:30' are no hours."),
        ("25:00-26:00", "'25:00-26:00' holds a time that no clock shows."),
        ("24:00-16:00", "'24:00-16:00' holds a time that no clock shows."),
        ("09:61-16:00", "'09:61-16:00' holds a time that no clock shows."),
        ("09:30-9:30", "'09:30-9:30' ends when it begins. Write `always` for any hour."),
        ("00:00-24:00", "'00:00-24:00' ends when it begins."),
    ],
)
def test_hours_that_make_no_window_are_refused(typed: str, reason: str) -> None:
    assert refusal(setting_values.hours, typed).startswith(reason)


@pytest.mark.parametrize("typed", ["America/New_York", "america/new_york", " America/New York "])
def test_a_time_zone_is_kept_as_its_name_is_written(typed: str) -> None:
    assert read(setting_values.time_zone, typed) == "America/New_York"


@pytest.mark.parametrize(
    ("typed", "near"), [("new york", "America/New_York"), ("Europe/Berln", "Europe/Berlin"), ("Tokio", "Asia/Tokyo")]
)
def test_an_unknown_time_zone_brings_the_near_ones(typed: str, near: str) -> None:
    assert f"is no time zone. Write its name, such as America/New_York. Did you mean '{near}'" in refusal(
        setting_values.time_zone, typed
    )


@pytest.mark.parametrize(("typed", "begins"), [("Europe", "Europe/"), ("america", "America/"), ("Asia/Sing", "Asia/S")])
def test_the_beginning_of_a_time_zone_brings_those_that_begin_so(typed: str, begins: str) -> None:
    assert f"Did you mean '{begins}" in refusal(setting_values.time_zone, typed)


@pytest.mark.parametrize("typed", ["", "localtime", "../../etc/passwd", "+02:00"])
def test_what_is_nobodys_time_zone_is_refused(typed: str) -> None:
    assert refusal(setting_values.time_zone, typed).startswith(f"{typed!r} is no time zone.")


def test_a_machine_without_time_zones_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting_values, "available_timezones", set)
    assert refusal(setting_values.time_zone, "UTC") == "This machine knows no time zones: install its package tzdata."


def test_a_label_is_one_line_of_bounded_length() -> None:
    assert read(setting_values.label, "  Jane’s IRA ") == "Jane’s IRA"
    assert read(setting_values.label, "") == ""
    assert read(setting_values.label, "x" * 60) == "x" * 60
    for typed in ("x" * 61, "two\nlines", "\x1b[31mred", "a\u202eb"):
        assert refusal(setting_values.label, typed).startswith("Write at most 60 characters")
