from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from brokersync.login_ends import login_end, login_end_at, login_lines
from tests.brokersync.rows import NOW, connection_row


def ending(span: timedelta, **values: Any) -> dict[str, Any]:
    return connection_row(login_expires_at=NOW + span, login_ends_in=span, **values)


def lines(*rows: dict[str, Any]) -> list[str]:
    return [line.plain for line in login_lines(rows, {row["connection_id"] for row in rows})]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "in 6 d 23 h"),
        ({"login_ends_in": timedelta(minutes=-5)}, "over for 5 min"),
        ({"login_ends_in": None}, "no end"),
        ({"status": "reauth_required"}, "ended"),
        ({"status": "disconnected"}, "forgotten"),
        ({"status": "paused"}, "in 6 d 23 h"),
    ],
)
def test_a_login_that_is_no_more_has_no_end_by_our_clock(values: dict[str, Any], said: str) -> None:
    assert login_end(connection_row(**values)).plain == said


def test_the_date_stands_beside_what_is_left() -> None:
    assert login_end_at(ending(timedelta(days=4, hours=2))).plain == "in 4 d 2 h (Fri 6 Mar 17:00 UTC)"
    assert login_end_at(ending(timedelta(hours=-1))).plain == "over for 1 h (Mon 2 Mar 14:00 UTC)"
    assert login_end_at(connection_row(status="reauth_required")).plain == "ended"
    assert login_end_at(connection_row(login_expires_at=None, login_ends_in=None)).plain == "no end"


def test_one_login_has_one_line() -> None:
    assert lines(ending(timedelta(days=4))) == ["", "The login ends in 4 d (Fri 6 Mar 15:00 UTC)"]


def test_near_its_end_it_comes_with_the_command_that_renews_it() -> None:
    renew = "  renew it with brokersync link --repair 0b6e2f41"
    assert lines(ending(timedelta(hours=48)))[1:] == ["The login ends in 2 d (Wed 4 Mar 15:00 UTC)", renew]
    assert lines(ending(timedelta(0)))[1:] == ["The login has been over for 0 s (Mon 2 Mar 15:00 UTC)", renew]


def test_of_several_the_nearest_stands_first_and_each_is_named() -> None:
    other = ending(timedelta(days=3), connection_id=uuid.UUID("9b5b1d9a-0000-4000-8000-000000000003"))
    told = lines(ending(timedelta(days=4)), other)
    assert [line.partition(" ends")[0] for line in told[1:]] == ["The login of 9b5b1d9a", "The login of 0b6e2f41"]
    told = lines(ending(timedelta(days=4)), {**other, "user_id": "7"})
    assert [line.partition(" ends")[0] for line in told[1:]] == [
        "The login of 9b5b1d9a of user 7",
        "The login of 0b6e2f41 of user 42",
    ]


def test_of_many_only_the_first_are_named() -> None:
    rows = [ending(timedelta(days=4), connection_id=uuid.UUID(int=number)) for number in range(8)]
    told = lines(*rows)
    assert len(told) == 7
    assert told[-1] == "And 3 more: `brokersync connections` shows when each login ends."


def test_a_login_that_is_not_shown_or_has_no_end_has_no_line() -> None:
    assert list(login_lines([connection_row()], set())) == []
    assert lines(connection_row(status="reauth_required")) == []
    assert lines(connection_row(login_ends_in=None, login_expires_at=None)) == []
