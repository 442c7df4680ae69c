from __future__ import annotations

import json

import pytest

from brokersync.live_events import SAID, TELLING, told
from models.event import TOLD, Target
from tests.brokersync.followed import an_event


def line(**values: object) -> str:
    return told({**json.loads(an_event("9c")), **values}).plain


def test_every_kind_that_subscribers_are_told_of_has_its_words() -> None:
    assert set(SAID) == {kind for kind, targets in TOLD.items() if Target.SUBSCRIBERS in targets}
    assert set(SAID) > TELLING


def test_a_line_says_which_connection_what_and_what_to_do() -> None:
    repair = "brokersync link --repair 0b1c03aa"
    assert line() == f"0b1c03aa  its login ends in 48 h:\n{repair}"
    assert line(event="reauth_required", reason="ended by the broker") == (
        f"0b1c03aa  its login has ended, and schwab is not asked any more (ended by the broker):\n{repair}"
    )
    assert line(event="paused", action=None, reason="its owner is away") == "0b1c03aa  is paused"


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (0, ""),
        (None, ""),
        (1, "; 1 account is not shared any more"),
        (2, "; 2 accounts are not shared any more"),
    ],
)
def test_a_repair_tells_of_accounts_that_did_not_come_back(missing: int | None, said: str) -> None:
    repaired = "0b1c03aa  has a new login, and its ids and history as before"
    assert line(event="repaired", action=None, missing=missing) == f"{repaired}{said}"


def test_a_notice_with_the_time_before_it_fits_eighty_columns() -> None:
    assert max(map(len, f"18:00:15  {line()}".splitlines())) <= 80


def test_what_is_no_command_stands_behind_the_words() -> None:
    assert line(event="credentials_unreadable", action="put the key back").endswith("its login: put the key back")


@pytest.mark.parametrize(
    ("ends_at", "left"),
    [
        ("2026-11-22T17:59:00Z", "in 48 h"),
        ("2026-11-20T20:45:00+01:00", "in 2 h"),
        ("2026-11-20T19:00:15Z", "in 1 h"),
        ("2026-11-20T19:00:14Z", "in 59 min"),
        ("2026-11-20T18:00:00Z", "in 0 s"),
        (None, "soon"),
    ],
)
def test_what_is_left_is_counted_in_hours_and_the_last_one_in_minutes(ends_at: str | None, left: str) -> None:
    assert line(login_expires_at=ends_at, action=None) == f"0b1c03aa  its login ends {left}"


@pytest.mark.parametrize("kind", ["data_held", "{odd}"])
def test_a_kind_of_a_newer_version_goes_by_its_name(kind: str) -> None:
    assert line(event=kind, action=None) == f"0b1c03aa  {kind.replace('_', ' ')}"


def test_nothing_in_it_steers_the_terminal() -> None:
    assert line(event="given_up", reason="\x1b[2J", action="\x07") == "0b1c03aa  is paused by the worker (·[2J): ·"
