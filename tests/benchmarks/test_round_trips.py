from __future__ import annotations

import pytest
from sqlalchemy import text

from benchmarks.round_trips import counted
from benchmarks.stage import Stage

pytestmark = pytest.mark.processes


def test_every_round_trip_is_counted_whoever_sends_it(on_stage: Stage) -> None:
    database = on_stage.parts.database
    with counted(database) as round_trips:
        with database.session() as session:
            session.execute(text("SELECT 1"))
        before = len(round_trips.statements)
        with database.session() as session:
            session.execute(text("DELETE FROM positions WHERE symbol = :s"), [{"s": "A"}, {"s": "B"}, {"s": "C"}])
        sent = round_trips.statements[before:]
    deletes = [statement for statement in sent if statement.startswith("DELETE")]
    assert len(deletes) == 3
    assert [sent.count(word) for word in ("BEGIN", "COMMIT", "ROLLBACK")] == [1, 1, 0]


def test_what_is_rolled_back_is_counted_too(on_stage: Stage) -> None:
    database = on_stage.parts.database
    with counted(database) as round_trips:
        with pytest.raises(ZeroDivisionError), database.session():
            raise ZeroDivisionError
        assert "ROLLBACK" in round_trips.statements


def test_afterwards_nothing_is_counted_any_more(on_stage: Stage) -> None:
    database = on_stage.parts.database
    with counted(database) as round_trips:
        pass
    with database.session() as session:
        session.execute(text("SELECT 1"))
    assert round_trips.statements == []
