"""How many statements one sync sends: the same number, however many positions there are."""

from __future__ import annotations

from benchmarks.answers import Shape
from benchmarks.report import Line, Report
from benchmarks.round_trips import counted
from benchmarks.stage import Stage
from benchmarks.turns import linked

ACCOUNTS = 2
POSITIONS = (10, 100, 1000)


def take(stage: Stage, rounds: int | None) -> Report:
    """Nothing is timed, so one round is enough."""
    found = {str(positions): len(statements(stage, positions)) for positions in POSITIONS}
    return Report(
        {"statements_per_sync": found},
        [Line(f"statements of a sync of {positions} positions", count) for positions, count in found.items()],
        ["every round trip to PostgreSQL: BEGIN, COMMIT and pings too"],
    )


def statements(stage: Stage, positions: int) -> list[str]:
    """Those of one sync in which every price has moved, on connections that are open and warm."""
    turns = linked(stage, Shape(ACCOUNTS, positions // ACCOUNTS))
    work = turns.changed
    with counted(stage.parts.database) as round_trips:
        work.check(work.run(work.prepare()))
        prepared = work.prepare()
        before = len(round_trips.statements)
        result = work.run(prepared)
        sent = round_trips.statements[before:]
        work.check(result)
    return sent
