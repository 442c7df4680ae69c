from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.text import Text

from brokersync.following import Checked, Happened, Heard, RedisAway, RedisBack
from brokersync.looking import DatabaseAway, Look, Watched
from brokersync.watching import Event, Watch
from models.connection import Connection, Status
from tests.brokersync.followed import an_event
from tests.brokersync.live_documents import balances, held, positions

NOW = datetime(2026, 3, 2, 15, 0, 1, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)


class Told:
    """An audience that remembers."""

    def __init__(self) -> None:
        self.documents: list[str] = []
        self.updates: list[tuple[str, int]] = []
        self.happenings: list[tuple[str, str]] = []
        self.notes: list[str] = []

    def document(self, document: dict[str, Any]) -> None:
        self.documents.append(document["kind"])

    def update(self, update: Any, number: str) -> None:
        self.updates.append((number, update.version))

    def happened(self, document: dict[str, Any], what: Text) -> None:
        self.happenings.append((document["event_id"], what.plain))

    def note(self, at: datetime, what: Text) -> None:
        self.notes.append(what.plain)


class FakeFollowing:
    def __init__(self) -> None:
        self.known: list[str] = []

    def know(self, account_ids: Iterable[str]) -> None:
        self.known += account_ids


class FakeLooking:
    def __init__(self) -> None:
        self.asked = 0

    def soon(self) -> None:
        self.asked += 1


def look(*account_ids: str, status: Status = Status.ACTIVE, login_lasts: timedelta | None = None) -> Look:
    connection = Connection(
        id=uuid.UUID(int=1),
        user_id="42",
        broker="schwab",
        status=status,
        login_expires_at=None if login_lasts is None else NOW + login_lasts,
        sync_interval=timedelta(minutes=5),
        last_error_kind="broker_down",
        last_error_text="status 503",
        time_zone="UTC",
    )
    return Look(NOW, [Watched(each, f"…{each}", True, None, LONG_AGO, connection) for each in account_ids])


def version(number: int, account_id: str = "a") -> list[Event]:
    documents = [balances(number, account_id), positions(number, held("F", "7", "70"), account_id=account_id)]
    return [Heard({**document, "fetched_at": NOW.isoformat()}) for document in documents]


class Watching:
    """A watch with fakes at its seams."""

    def __init__(self, first: Look) -> None:
        self.told, self.following, self.looking = Told(), FakeFollowing(), FakeLooking()
        following: Any = self.following
        looking: Any = self.looking
        self._watch = Watch(first, following, looking, self.told)

    def after(self, *events: Event) -> Told:
        self._watch.run(events)
        return self.told


def test_a_version_is_told_by_the_accounts_number() -> None:
    told = Watching(look("a")).after(*version(1), *version(2))
    assert told.documents == ["balances", "positions"] * 2
    assert told.updates == [("…a", 1), ("…a", 2)]


def test_an_account_that_is_new_waits_for_its_number_which_is_asked_for_at_once() -> None:
    watch = Watching(look())
    assert watch.after(*version(1)).updates == []
    assert (watch.looking.asked, watch.following.known) == (1, ["a", "a"])
    assert watch.after(look("a")).updates == [("…a", 1)]


def test_without_the_database_a_new_account_goes_by_its_id() -> None:
    account_id = "6f1c03aa-0000-4000-8000-000000000002"
    told = Watching(look()).after(*version(1, account_id), DatabaseAway())
    assert told.updates == [("6f1c03aa", 1)]


def test_an_account_that_a_look_finds_is_followed() -> None:
    watch = Watching(look())
    watch.after(look("a"))
    assert watch.following.known == ["a"]


def test_a_database_that_is_away_is_told_once_each_way() -> None:
    told = Watching(look()).after(DatabaseAway(), DatabaseAway(), look(), look())
    assert told.notes == ["PostgreSQL does not answer; it is tried again", "PostgreSQL answers again"]


def test_old_data_are_told_with_the_reason_of_the_last_look_and_that_they_are_fresh_again() -> None:
    told = Watching(look("a")).after(Checked({"a": LONG_AGO}), Checked({"a": NOW}))
    assert told.notes == [
        "…a  not confirmed by the broker for 1 h (asked every 5 min): schwab is down (status 503)",
        "…a  confirmed again, 0 s ago",
    ]


def test_while_redis_is_away_nothing_is_called_old_and_after_it_only_when_it_said_what_was_confirmed() -> None:
    watch = Watching(look("a"))
    away, back = RedisAway(LONG_AGO, "does not answer"), RedisBack(LONG_AGO)
    notes = watch.after(Checked({"a": NOW}), away, look("a", status=Status.PAUSED), back).notes
    assert [note.partition(" ")[0] for note in notes] == ["Redis", "Redis"]
    assert watch.after(Checked({"a": NOW})).notes[2:] == [
        "…a  not confirmed by the broker for 0 s (not asked any more): "
        "its connection is paused, until somebody types\nbrokersync resume 00000000"
    ]


def test_old_data_are_told_though_redis_came_up_empty_but_not_before_it_answered() -> None:
    watch = Watching(look("a"))
    assert watch.after(look("a")).notes == []
    assert watch.after(Checked({})).notes == [
        "…a  not confirmed by the broker for 1 h (asked every 5 min): schwab is down (status 503)"
    ]


def test_a_connection_event_is_told_in_words_and_the_database_is_looked_at_at_once() -> None:
    watch = Watching(look("a"))
    told = watch.after(Happened(json.loads(an_event("9c"))))
    assert told.happenings == [
        (
            "9c",
            "0b1c03aa  its login ends in 48 h:\nbrokersync link --repair 0b1c03aa",
        )
    ]
    assert watch.looking.asked == 1


def test_a_login_that_ends_soon_is_told_of_at_the_start_once_for_its_connection() -> None:
    told = Watching(look("a", "b", login_lasts=timedelta(hours=23, seconds=30))).after(look("a", "b"))
    assert told.notes == ["00000000  its login ends in 23 h:\nbrokersync link --repair 00000000"]


def test_a_document_confirms_its_account() -> None:
    assert Watching(look("a")).after(*version(1), Checked({"a": LONG_AGO})).notes == []
