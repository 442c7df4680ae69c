"""The same answer once more: no account or position row is written, and it costs less than a changed one."""

from __future__ import annotations

import time

from sqlalchemy import text

from benchmarks.answers import Shape
from benchmarks.report import Line, Report, Spoiled
from benchmarks.rounds import Work, compared
from benchmarks.stage import Stage
from benchmarks.turns import linked
from models.session import Database

SHAPE = Shape(2, 50)
ROUNDS = 100
AIM = 0.6
_WAIT = 10.0
_WRITTEN = text(
    "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'public'"
)


def take(stage: Stage, rounds: int | None) -> Report:
    turns = linked(stage, SHAPE)
    database = stage.parts.database
    by_changed = rows_written(database, turns.changed)
    by_unchanged = sum(rows_written(database, work) for work in (turns.first_unchanged, turns.unchanged))
    first, _, of_first = compared(rounds or ROUNDS, turns.first_unchanged, turns.changed)
    further, _, of_further = compared(rounds or ROUNDS, turns.unchanged, turns.changed)
    return Report(
        {
            "unchanged_rows_written": by_unchanged,
            "unchanged_vs_changed": round(of_further.cpu, 2),
            "first_unchanged_vs_changed": round(of_first.cpu, 2),
        },
        [
            Line("account and position rows written by unchanged syncs", by_unchanged, "", 0),
            Line("account and position rows written by a changed one", by_changed),
            Line("CPU of an unchanged sync, a changed one = 1", of_further.cpu, "×", AIM),
            Line("CPU of the first unchanged one after a changed one", of_first.cpu, "×"),
            Line("CPU of an unchanged sync", further.cpu * 1000, "ms"),
            Line("CPU of the first unchanged one", first.cpu * 1000, "ms"),
        ],
        [f"{SHAPE.accounts} accounts × {SHAPE.positions} positions; rows by PostgreSQL's own counters"],
    )


def rows_written(database: Database, work: Work) -> int:
    """Account and position rows that one sync inserts, updates and deletes, as PostgreSQL counts them."""
    prepared = work.prepare()
    before = _counters(database)
    work.check(work.run(prepared))
    until = time.monotonic() + _WAIT
    while True:
        now = _counters(database)
        # A session hands in all its counts at once: when the run's record is counted, so are the rows before it.
        if now["sync_runs"] > before["sync_runs"]:
            return sum(now[table] - before[table] for table in ("accounts", "positions"))
        if time.monotonic() > until:
            raise Spoiled("PostgreSQL did not count the rows of a sync in time.")
        time.sleep(0.05)


def _counters(database: Database) -> dict[str, int]:
    """Rows written so far, by table. Sessions that end hand in what they have counted, so all are ended first."""
    database.engine.dispose()
    with database.session() as session:
        return {name: int(count) for name, count in session.execute(_WRITTEN)}
