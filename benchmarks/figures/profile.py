"""A look inside one sync: where its CPU goes, function by function, and the statements it sends."""

from __future__ import annotations

import cProfile
import io
import pstats

from benchmarks.answers import Shape
from benchmarks.figures.statements_per_sync import statements
from benchmarks.report import Report
from benchmarks.rounds import WARM_UP
from benchmarks.stage import Stage
from benchmarks.turns import linked

SHAPE = Shape(2, 50)
ROUNDS = 200
_LINES = 45


def take(stage: Stage, rounds: int | None) -> Report:
    """The profiler itself slows Python down, and more so many small calls: shares say more than times."""
    turns = linked(stage, SHAPE)
    work = turns.changed
    profiler = cProfile.Profile()
    count = rounds or ROUNDS
    for number in range(WARM_UP + count):
        prepared = work.prepare()
        if number < WARM_UP:
            work.check(work.run(prepared))
            continue
        result = profiler.runcall(work.run, prepared)
        work.check(result)
    sent = [" ".join(statement.split())[:110] for statement in statements(stage, SHAPE.accounts * SHAPE.positions)]
    return Report(
        {}, notes=[f"{count} syncs of {SHAPE}", *_sorted(profiler, "tottime"), *_sorted(profiler, "cumtime"), *sent]
    )


def _sorted(profiler: cProfile.Profile, by: str) -> list[str]:
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).strip_dirs().sort_stats(by).print_stats(_LINES)
    return text.getvalue().splitlines()
