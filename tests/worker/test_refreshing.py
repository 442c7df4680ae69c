"""Whether a login is refreshed, and why: a second before each edge, at it, and a second after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from freezegun import freeze_time

from worker.limits import CLOCK_SKEW, REFRESH_MARGIN
from worker.refreshing import Decision, Why, decide

ISSUED = datetime(2026, 11, 20, 18, tzinfo=UTC)
ACCESS_ENDS = ISSUED + timedelta(minutes=30)
LOGIN_ENDS = ISSUED + timedelta(days=7)
SECOND = timedelta(seconds=1)

at_edges = pytest.mark.parametrize("seconds", [-1, 0, 1])


def decision(
    at: datetime,
    *,
    access: datetime | None = ACCESS_ENDS,
    login: datetime | None = LOGIN_ENDS,
    issued: datetime = ISSUED,
) -> Decision:
    with freeze_time(at):
        return decide(access_expires_at=access, login_expires_at=login, issued_at=issued, now=datetime.now(UTC))


@at_edges
def test_an_access_token_that_will_not_last_for_a_sync_is_refreshed(seconds: int) -> None:
    expected = Decision(False, Why.FRESH) if seconds < 0 else Decision(True, Why.ENDS_SOON)
    assert decision(ACCESS_ENDS - REFRESH_MARGIN + seconds * SECOND) == expected


@at_edges
def test_an_access_token_that_has_ended_is_told_from_one_that_ends_soon(seconds: int) -> None:
    assert decision(ACCESS_ENDS + seconds * SECOND) == (True, Why.ENDS_SOON if seconds < 0 else Why.ENDED)


@at_edges
def test_a_login_that_is_over_by_both_clocks_is_asked_for_though_its_access_token_is_fresh(seconds: int) -> None:
    over = LOGIN_ENDS + CLOCK_SKEW + seconds * SECOND
    expected = Decision(False, Why.FRESH) if seconds < 0 else Decision(True, Why.LOGIN_OVER)
    assert (
        decision(over, access=LOGIN_ENDS + timedelta(minutes=20), issued=LOGIN_ENDS - timedelta(minutes=10)) == expected
    )


@at_edges
def test_tokens_that_were_issued_after_the_logins_end_are_the_brokers_answer(seconds: int) -> None:
    later, issued = LOGIN_ENDS + timedelta(minutes=5), LOGIN_ENDS + seconds * SECOND
    expected = Decision(True, Why.LOGIN_OVER) if seconds < 0 else Decision(False, Why.FRESH)
    assert decision(later, access=later + timedelta(minutes=25), issued=issued) == expected


@at_edges
def test_a_login_that_outlived_our_clock_is_refreshed_as_any_other(seconds: int) -> None:
    issued = LOGIN_ENDS + timedelta(hours=1)
    ends = issued + timedelta(minutes=30)
    expected = Decision(False, Why.FRESH) if seconds < 0 else Decision(True, Why.ENDS_SOON)
    assert decision(ends - REFRESH_MARGIN + seconds * SECOND, access=ends, issued=issued) == expected


@at_edges
def test_an_access_token_without_an_end_is_refreshed_only_for_its_login(seconds: int) -> None:
    expected = Decision(False, Why.NO_END) if seconds < 0 else Decision(True, Why.LOGIN_OVER)
    assert decision(LOGIN_ENDS + CLOCK_SKEW + seconds * SECOND, access=None) == expected


def test_what_has_no_end_at_all_is_never_refreshed() -> None:
    assert decision(LOGIN_ENDS + timedelta(days=999), access=None, login=None) == (False, Why.NO_END)


def test_a_login_without_an_end_is_never_over() -> None:
    later = LOGIN_ENDS + timedelta(days=999)
    assert decision(later, access=later + timedelta(hours=1), login=None) == (False, Why.FRESH)
