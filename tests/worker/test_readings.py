"""An answer that was found to say nothing new is not read again, and never believed for it when the rows are others."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from sqlalchemy import text

from brokers.records import SameAnswer, Snapshot
from models.account import Account
from models.session import Database
from models.snapshot import Written, write_snapshot
from tests.fakes import FakeBroker
from tests.models.snapshots import account_row, held, row_versions
from tests.records import ANOTHER_NUMBER, NUMBER, a_connection, a_position, a_snapshot, an_account, an_answer
from tests.worker.stored import connection_row, put, runs
from worker import readings, storing, sync
from worker.claims import Claim, KnownAccount
from worker.outcomes import Outcome, SyncResult
from worker.parts import Parts
from worker.readings import Comparing, Readings

ANOTHER_POSITION = (
    "INSERT INTO positions SELECT account_id, 'X', symbol, asset_type, broker_asset_type, quantity, avg_price,"
    " mark_price, market_value, cost_basis, unrealized_pnl, day_pnl, multiplier, currency FROM positions"
    " WHERE instrument_key = 'F'"
)
A_SYNC_OF = (a_snapshot(NUMBER, a_position("F"), a_position("GE")), a_snapshot(ANOTHER_NUMBER))


class Reader:
    """How often an answer was read, that is, matched with the accounts we know."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        self._match = sync.match
        monkeypatch.setattr(sync, "match", self)

    def __call__(self, *given: Any) -> Any:
        self.times += 1
        return self._match(*given)


@pytest.fixture
def connection_id(parts: Parts, broker: FakeBroker) -> uuid.UUID:
    """A login whose answer was read twice: the second time, it said nothing new."""
    connection_id = a_connection(parts.database)
    broker.will("fetch", an_answer(*A_SYNC_OF))
    assert ask(parts, connection_id).outcome is Outcome.OK
    assert ask(parts, connection_id).outcome is Outcome.UNCHANGED
    return connection_id


@pytest.fixture
def reader(connection_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(monkeypatch)


def ask(parts: Parts, connection_id: uuid.UUID) -> SyncResult:
    return sync.sync_connection(parts, connection_id, "demand")


def first_account(database: Database) -> uuid.UUID:
    with database.session() as session:
        return session.scalars(text("SELECT account_id FROM positions LIMIT 1")).one()


@pytest.mark.servers
class TestTheSameAnswer:
    def test_is_not_read_again_and_confirms_all_accounts(
        self, parts: Parts, connection_id: uuid.UUID, reader: Reader, redis_client: redis.Redis
    ) -> None:
        account_id = first_account(parts.database)
        rows, before = row_versions(parts.database), connection_row(parts.database, connection_id)
        confirmed = redis_client.get(f"live_data:checked:{account_id}")
        put(parts.database, connection_id, consecutive_failures=2, last_error_kind="unreachable", last_error_text="x")
        result = ask(parts, connection_id)
        assert reader.times == 0
        assert result.outcome is Outcome.UNCHANGED
        assert [(account.outcome, account.version) for account in result.accounts] == [(Outcome.UNCHANGED, None)] * 2
        assert row_versions(parts.database) == rows
        assert redis_client.get(f"live_data:checked:{account_id}") > confirmed
        stored = connection_row(parts.database, connection_id)
        assert stored.checked_at > before.checked_at
        assert (stored.claim_id, stored.unfinished_attempts) == (None, 0)
        assert (stored.consecutive_failures, stored.last_error_kind) == (0, None)
        run = runs(parts.database, connection_id)[-1]
        assert (run.id, run.outcome, run.rows_changed) == (result.run_id, "unchanged", 0)
        assert run.accounts == [account.as_json() for account in result.accounts]

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE positions SET quantity = 1 WHERE instrument_key = 'F'",
            "DELETE FROM positions WHERE instrument_key = 'F'",
            ANOTHER_POSITION,
            "UPDATE accounts SET cash = NULL",
        ],
    )
    def test_makes_rows_right_again_that_somebody_else_changed(
        self, parts: Parts, connection_id: uuid.UUID, reader: Reader, change: str
    ) -> None:
        account_id = first_account(parts.database)
        with parts.database.session() as session:
            session.execute(text(change))
        result = ask(parts, connection_id)
        assert (result.outcome, reader.times) == (Outcome.OK, 1)
        assert set(held(parts.database, account_id)) == {"F", "GE"}
        assert held(parts.database, account_id)["F"].quantity == 700
        assert account_row(parts.database, account_id).cash == a_snapshot().balances.cash
        assert [ask(parts, connection_id).outcome for _ in range(2)] == [Outcome.UNCHANGED] * 2
        assert reader.times == 1

    @pytest.mark.parametrize("change", [ANOTHER_POSITION, "UPDATE accounts SET cash = NULL"])
    def test_makes_rows_right_again_that_somebody_else_changed_while_they_were_found_equal(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch, change: str
    ) -> None:
        def changed_right_after(*given: Any) -> Written:
            written = write_snapshot(*given)
            with parts.database.session() as session:
                session.execute(text(change))
            return written

        account_id = first_account(parts.database)
        parts = replace(parts, readings=Readings())
        with monkeypatch.context() as patch:
            patch.setattr(storing, "write_snapshot", changed_right_after)
            assert ask(parts, connection_id).outcome is Outcome.UNCHANGED
        assert ask(parts, connection_id).outcome is Outcome.OK
        assert set(held(parts.database, account_id)) == {"F", "GE"}
        assert account_row(parts.database, account_id).cash == a_snapshot().balances.cash

    def test_overrides_what_one_account_was_found_to_be_meanwhile(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, reader: Reader
    ) -> None:
        account_id = first_account(parts.database)
        broker.will("fetch_account", a_snapshot(NUMBER))
        assert sync.sync_account(parts, connection_id, account_id).outcome is Outcome.OK
        assert held(parts.database, account_id) == {}
        assert ask(parts, connection_id).outcome is Outcome.OK
        assert set(held(parts.database, account_id)) == {"F", "GE"}

    def test_is_read_again_where_the_accounts_we_know_are_others(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, reader: Reader
    ) -> None:
        for _ in range(3):  # what the broker says beside such an answer is no part of it, so it is read each time
            with parts.database.session() as session:
                session.get_one(Account, first_account(parts.database)).missing_since = datetime.now(UTC)
            ask(parts, connection_id)
        assert reader.times == 3

    def test_of_a_run_that_lost_its_claim_confirms_nothing(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, reader: Reader
    ) -> None:
        before = connection_row(parts.database, connection_id)

        def lose_the_claim() -> Snapshot:
            put(parts.database, connection_id, claim_id=uuid.uuid4())
            return an_answer(*A_SYNC_OF)

        broker.will("fetch", lose_the_claim)
        assert ask(parts, connection_id).outcome is Outcome.SUPERSEDED
        assert connection_row(parts.database, connection_id).checked_at == before.checked_at
        assert runs(parts.database, connection_id)[-1].outcome == "superseded"

    def test_that_was_never_read_is_asked_for_once_more_and_then_bad(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID
    ) -> None:
        asked = broker.called("fetch")
        put(parts.database, connection_id, checked_at=None)
        with parts.database.session() as session:
            session.execute(text("UPDATE accounts SET cash = NULL"))
        broker.will("fetch", SameAnswer())
        with pytest.raises(sync.SyncFailed, match="bad_answer: the accounts: taken for an answer that was never read"):
            ask(parts, connection_id)
        assert broker.called("fetch") == asked + 2
        assert connection_row(parts.database, connection_id).checked_at is None

    def test_with_a_fault_in_it_is_read_each_time(
        self, parts: Parts, broker: FakeBroker, connection_id: uuid.UUID, reader: Reader
    ) -> None:
        an_account(parts.database, connection_id, "99119911")
        for _ in range(3):
            with pytest.raises(sync.SyncFailed, match="missing from the answer"):
                ask(parts, connection_id)
        assert reader.times == 3


def a_claim(**accounts: KnownAccount) -> Claim:
    return Claim(
        **dict.fromkeys(Claim.__dataclass_fields__, None) | {"connection_id": uuid.uuid4(), "accounts": accounts}
    )


def test_the_connection_asked_longest_ago_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "MOST", 2)
    kept, (one, two, three) = Readings(), (a_claim(), a_claim(), a_claim())
    kept.keep(one, b"1", {})
    kept.keep(two, b"2", {})
    assert kept.of(one) is not None
    kept.keep(three, b"3", {})
    assert [kept.of(claim) is None for claim in (one, two, three)] == [False, True, False]


def test_what_the_broker_did_not_show_or_was_not_found_equal_is_not_remembered() -> None:
    kept, claim = Readings(), a_claim()
    kept.keep(claim, None, {})
    kept.keep(claim, b"1", None)
    assert kept.of(claim) is None


def test_another_answer_is_not_the_one_before() -> None:
    kept, claim = Readings(), a_claim()
    first = Comparing(None)
    assert not first.seen(b"[1]")
    kept.keep(claim, first.answer, {})
    assert not Comparing(kept.of(claim)).seen(b"[2]")
    assert Comparing(kept.of(claim)).seen(b"[1]")
