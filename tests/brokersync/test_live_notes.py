from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from brokers.errors import BrokerError
from brokersync import live_notes
from brokersync.following import RedisAway, RedisBack
from brokersync.freshness import Fresh, Old
from brokersync.looking import Watched
from models.connection import Connection, Status

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
AGE = timedelta(minutes=12)
ID = uuid.UUID("0b6e2f41-0000-4000-8000-000000000001")


def watched(number: str = "…733", checked_at: datetime | None = None, **values: object) -> Watched:
    given = {"id": ID, "user_id": "42", "broker": "schwab", "status": Status.ACTIVE, "time_zone": "UTC"}
    given |= {"sync_interval": timedelta(minutes=5), "last_error_kind": None, "last_error_text": None}
    return Watched(number, number, True, checked_at, NOW, Connection(**{**given, **values}))


def told(*accounts: Watched, stopped: bool = False, database_is_away: bool = False) -> str:
    return live_notes.old(Old(accounts, AGE, stopped), NOW, database_is_away=database_is_away).plain


def test_old_data_are_told_with_their_age_their_cadence_and_why() -> None:
    account = watched(last_error_kind="unreachable", last_error_text="GET /accounts: no answer in 20 s")
    assert told(account) == (
        "…733  not confirmed by the broker for 12 min (asked every 5 min): "
        "schwab does not answer (GET /accounts: no answer in 20 s)"
    )


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (Status.PAUSED, "its connection is paused, until somebody types\nbrokersync resume 0b6e2f41"),
        (
            Status.REAUTH_REQUIRED,
            "its login has ended; log in again with\nbrokersync link --repair 0b6e2f41",
        ),
        (Status.DISCONNECTED, "its connection is disconnected"),
    ],
)
def test_what_is_not_asked_any_more_says_what_to_do(status: Status, why: str) -> None:
    said = told(watched(status=status, last_error_kind="login_ended"), stopped=True)
    assert said == f"…733  not confirmed by the broker for 12 min (not asked any more): {why}"


def test_where_no_sync_failed_the_worker_may_not_run() -> None:
    assert told(watched()).endswith(": no sync came to an end; `brokersync doctor` says whether the worker runs")


def test_where_the_database_has_newer_data_it_is_redis_that_was_not_told() -> None:
    assert told(watched(checked_at=NOW)).endswith(
        ": the worker has newer data, but Redis was not told; its log says why"
    )


def test_a_database_that_is_away_cannot_say_why() -> None:
    account = watched(last_error_kind="unreachable", last_error_text="an hour ago")
    assert told(account, database_is_away=True).endswith(": PostgreSQL does not answer, where it would say why")


def test_some_accounts_are_named_and_of_many_only_how_many() -> None:
    assert told(watched("…1"), watched("…2")).startswith("…1, …2  not confirmed")
    assert told(*[watched(f"…{each}") for each in range(5)]).startswith("…0, …1, …2 and 2 more  not confirmed")


def test_what_came_from_elsewhere_does_not_steer_the_terminal() -> None:
    assert "\x1b" not in told(watched(last_error_kind="bad_answer", last_error_text="\x1b[2J"))


def test_every_error_kind_has_words() -> None:
    of_brokers = {error.kind for error in BrokerError.__subclasses__()}
    assert set(live_notes.FAULTS) == of_brokers | {"credentials_unreadable", "internal"}
    for kind in live_notes.FAULTS:
        assert "{" not in told(watched(last_error_kind=kind, last_error_text="…"))


def test_servers_are_told_to_be_away_and_back() -> None:
    since = NOW - timedelta(seconds=72)
    away = live_notes.redis_away(RedisAway(since, "does not answer"))
    assert away.plain == "Redis does not answer since 14:58:48; it is tried again"
    assert live_notes.redis_back(RedisBack(since), NOW).plain == "Redis answers again, after 1 min 12 s"
    assert live_notes.fresh(Fresh([watched()], timedelta(seconds=2))).plain == "…733  confirmed again, 2 s ago"


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(hours=48), "its login ends in 2 d:\n"),
        (timedelta(hours=1, minutes=5), "its login ends in 1 h 5 min:\n"),
        (timedelta(seconds=1), "its login ends in 1 s:\n"),
        (timedelta(0), "its login is over for 0 s:\n"),
        (-timedelta(minutes=5), "its login is over for 5 min:\n"),
    ],
)
def test_a_login_that_is_near_its_end_or_past_it_is_told_of_with_what_renews_it(left: timedelta, said: str) -> None:
    connection = watched(login_expires_at=NOW + left).connection
    note = live_notes.login_end(connection, NOW)
    assert note is not None
    assert note.plain == f"0b6e2f41  {said}brokersync link --repair 0b6e2f41"


@pytest.mark.parametrize(
    "values",
    [
        {"login_expires_at": None},
        {"login_expires_at": NOW + timedelta(hours=48, seconds=1)},
        {"login_expires_at": NOW, "status": Status.REAUTH_REQUIRED},
        {"login_expires_at": NOW, "status": Status.DISCONNECTED},
    ],
)
def test_of_other_logins_nothing_is_told(values: dict[str, Any]) -> None:
    assert live_notes.login_end(watched(**values).connection, NOW) is None
