from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta

import pytest

from brokersync.freshness import PATIENCE, Fresh, Freshness, Old
from brokersync.looking import Watched
from models.connection import Connection, Status

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
INTERVAL = timedelta(minutes=5)
LIMIT = 2 * INTERVAL + PATIENCE
MOMENT = timedelta(microseconds=1)


def a_connection(**values: object) -> Connection:
    given = {"id": uuid.uuid4(), "status": Status.ACTIVE, "sync_interval": INTERVAL, "time_zone": "UTC"}
    return Connection(**{**given, "hours_from": None, "hours_until": None, **values})


def an_account(
    connection: Connection | None = None,
    account_id: str = "a",
    *,
    shared: bool = True,
    checked_at: datetime | None = None,
    created_at: datetime = NOW,
) -> Watched:
    return Watched(account_id, f"…{account_id}", shared, checked_at, created_at, connection or a_connection())


def confirmed(age: timedelta, *account_ids: str) -> Freshness:
    freshness = Freshness()
    freshness.confirmed(dict.fromkeys(account_ids or ("a",), NOW - age))
    return freshness


def ages(freshness: Freshness, account: Watched, *later: timedelta) -> list[timedelta]:
    """How old the data were, each time that they were told to be old."""
    return [news.age for span in later for news in freshness.news([account], NOW + span) if isinstance(news, Old)]


@pytest.mark.parametrize(("age", "is_told"), [(LIMIT - MOMENT, False), (LIMIT, False), (LIMIT + MOMENT, True)])
def test_data_are_old_when_a_whole_interval_has_passed_since_they_were_due(age: timedelta, is_told: bool) -> None:
    assert bool(confirmed(age).news([an_account()], NOW)) is is_told


def test_old_data_are_told_once_and_again_in_growing_distances() -> None:
    seconds = [timedelta(seconds=each) for each in range(3600)]
    told = ages(confirmed(2 * INTERVAL), an_account(), *seconds)
    assert [round(age / LIMIT, 1) for age in told] == [1.0, 2.0, 4.0]


def test_what_is_confirmed_again_is_told_once() -> None:
    freshness, account = confirmed(2 * LIMIT), an_account()
    assert ages(freshness, account, timedelta(0)) == [2 * LIMIT]
    freshness.confirmed({"a": NOW - timedelta(seconds=2)})
    assert freshness.news([account], NOW) == [Fresh([account], timedelta(seconds=2))]
    assert freshness.news([account], NOW) == []


def test_an_earlier_time_that_comes_late_changes_nothing() -> None:
    freshness = confirmed(timedelta(0))
    freshness.confirmed({"a": NOW - 3 * LIMIT})
    assert freshness.news([an_account()], NOW) == []


@pytest.mark.parametrize("status", [Status.PAUSED, Status.REAUTH_REQUIRED, Status.DISCONNECTED])
def test_a_connection_that_nobody_asks_any_more_is_told_at_once(status: Status) -> None:
    account = an_account(a_connection(status=status))
    freshness = confirmed(timedelta(seconds=20))
    (news,) = freshness.news([account], NOW)
    assert news == Old([account], timedelta(seconds=20), stopped=True)
    assert ages(freshness, account, timedelta(seconds=30), INTERVAL) == []
    assert ages(freshness, account, 2 * INTERVAL) == [2 * INTERVAL + timedelta(seconds=20)]


def test_another_status_is_told_though_the_age_was() -> None:
    connection = a_connection()
    freshness, account = confirmed(2 * LIMIT), an_account(connection)
    assert len(freshness.news([account], NOW)) == 1
    connection.status = Status.REAUTH_REQUIRED
    assert [news.stopped for news in freshness.news([account], NOW) if isinstance(news, Old)] == [True]


def test_a_connection_that_is_asked_again_is_not_fresh_before_the_broker_confirmed_it() -> None:
    connection = a_connection(status=Status.PAUSED)
    freshness, account = confirmed(INTERVAL), an_account(connection)
    freshness.news([account], NOW)
    connection.status = Status.ACTIVE
    assert freshness.news([account], NOW) == []
    freshness.confirmed({"a": NOW})
    assert freshness.news([account], NOW) == [Fresh([account], timedelta(0))]


@pytest.mark.parametrize("at_work", [False, True])
def test_after_a_shorter_interval_was_set_or_it_was_resumed_data_are_late_by_what_was_planned(at_work: bool) -> None:
    planned = {"unfinished_attempts": 1, "claim_started_at": NOW, "next_sync_at": NOW + timedelta(minutes=5)}
    seconds = timedelta(seconds=5)
    connection = a_connection(sync_interval=seconds, **planned if at_work else {"next_sync_at": NOW})
    freshness, account = confirmed(timedelta(seconds=87)), an_account(connection)
    assert ages(freshness, account, timedelta(0), seconds + PATIENCE) == []
    assert len(ages(freshness, account, seconds + PATIENCE + MOMENT)) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        {"consecutive_failures": 3},
        {"unfinished_attempts": 2, "claim_started_at": NOW},
        {"unfinished_attempts": 1},
    ],
)
def test_that_it_is_tried_again_after_something_went_wrong_makes_data_no_less_late(trouble: dict[str, object]) -> None:
    connection = a_connection(next_sync_at=NOW + 3 * INTERVAL, **trouble)
    assert len(confirmed(LIMIT + MOMENT).news([an_account(connection)], NOW)) == 1


def test_outside_the_hours_of_a_connection_old_data_are_expected_and_after_opening_a_sync_has_its_time() -> None:
    connection = a_connection(hours_from=time(9, 30), hours_until=time(16))
    freshness, account = confirmed(timedelta(minutes=-59)), an_account(connection)
    opening = datetime(2026, 3, 3, 9, 30, tzinfo=UTC) - NOW
    assert ages(freshness, account, timedelta(hours=2), timedelta(hours=15), opening) == []
    assert ages(freshness, account, opening + INTERVAL + PATIENCE) == []
    assert len(ages(freshness, account, opening + INTERVAL + PATIENCE + MOMENT)) == 1


def test_what_failed_within_the_hours_is_not_told_again_outside_them() -> None:
    connection = a_connection(hours_from=time(9, 30), hours_until=time(16))
    freshness, account = confirmed(2 * LIMIT), an_account(connection)
    assert ages(freshness, account, timedelta(0), timedelta(hours=3)) == [2 * LIMIT]


def test_the_accounts_of_a_connection_are_told_together_and_each_connection_by_itself() -> None:
    one, other = a_connection(), a_connection()
    accounts = [an_account(one, "a"), an_account(other, "b"), an_account(one, "c")]
    told = confirmed(2 * LIMIT, "a", "b", "c").news(accounts, NOW)
    numbers = [[account.account_id for account in news.accounts] for news in told]
    assert sorted(numbers) == [["a", "c"], ["b"]]


def test_an_account_that_is_not_shared_any_more_or_was_listed_a_moment_ago_is_not_old() -> None:
    assert confirmed(2 * LIMIT).news([an_account(shared=False)], NOW) == []
    assert Freshness().news([an_account()], NOW) == []


def test_what_redis_knows_nothing_of_is_as_old_as_the_database_says_or_as_its_account() -> None:
    days = timedelta(days=3)
    checked = an_account(checked_at=NOW - days, created_at=NOW - 2 * days)
    assert Freshness().news([checked], NOW) == [Old([checked], days, stopped=False)]
    never_checked = an_account(created_at=NOW - days)
    assert Freshness().news([never_checked], NOW) == [Old([never_checked], days, stopped=False)]


def test_what_redis_says_goes_before_what_the_database_says() -> None:
    assert confirmed(timedelta(0)).news([an_account(checked_at=NOW - 3 * LIMIT)], NOW) == []
    (news,) = confirmed(2 * LIMIT).news([an_account(checked_at=NOW)], NOW)
    assert (type(news), news.age) == (Old, 2 * LIMIT)


def test_of_an_account_that_was_disconnected_before_nothing_is_shown_that_could_be_old() -> None:
    account = an_account(a_connection(status=Status.DISCONNECTED), checked_at=NOW - 2 * LIMIT)
    assert Freshness().news([account], NOW) == []
