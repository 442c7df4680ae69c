"""What each further position costs: the growth of a sync's CPU from 10 positions to 10,000."""

from __future__ import annotations

from benchmarks.answers import Shape
from benchmarks.report import Line, Report
from benchmarks.rounds import Work, medians
from benchmarks.stage import Stage
from benchmarks.turns import linked

FEW, MANY = Shape(2, 5), Shape(2, 5_000)
ROUNDS = 7


def take(stage: Stage, rounds: int | None) -> Report:
    few, many = linked(stage, FEW), linked(stage, MANY)
    ours = _growth(rounds, few.changed, many.changed)
    floor = _growth(rounds, few.floor, many.floor)
    return Report(
        {"per_position_us": round(ours, 1)},
        [
            Line("CPU of each further position of a sync", ours, "µs"),
            Line("CPU of each further position of the floor", floor, "µs"),
        ],
        ["from 10 positions to 10,000 in two accounts, every price moved"],
    )


def _growth(rounds: int | None, few: Work, many: Work) -> float:
    """Microseconds of CPU a position."""
    of_few, of_many = medians(rounds or ROUNDS, few, many)
    positions = MANY.accounts * MANY.positions - FEW.accounts * FEW.positions
    return (of_many.cpu - of_few.cpu) / positions * 1e6
