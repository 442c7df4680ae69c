"""Which pool: the real worker and the bare task in threads and in processes, at 200 ms of broker latency a call."""

from __future__ import annotations

from statistics import median

from benchmarks import workers
from benchmarks.drain import filled
from benchmarks.figures.worker import LATENCY, SHAPE
from benchmarks.report import Report
from benchmarks.stage import Stage
from benchmarks.workers import FLOOR, OURS, Pool

POOLS = (
    *(Pool("threads", slots) for slots in (16, 32, 64)),
    *(Pool("prefork", slots) for slots in (2, 16)),
)
ROUNDS = 2
LOGINS_A_SLOT = 8


def take(stage: Stage, rounds: int | None) -> Report:
    stage.stand_in.answer(tick=None, latency=LATENCY)
    found: dict[str, dict[str, float]] = {}
    for pool in POOLS:
        with workers.running(stage, pool) as both:
            queue = filled(stage, both, SHAPE, pool.slots * LOGINS_A_SLOT)
            turns = queue.turns(rounds or ROUNDS)
            ours, floor = (median(speeds) for speeds in zip(*turns, strict=True))
            found[str(pool)] = {
                "syncs_per_s": round(ours, 1),
                "rss_mb": round(both.resident_mb(OURS)),
                "floor_per_s": round(floor, 1),
                "floor_rss_mb": round(both.resident_mb(FLOOR)),
            }
    stage.stand_in.answer(tick=0)
    heading = f"{'':<14}{'worker':>14}{'':>12}{'bare task':>14}"
    return Report({"pools": found}, notes=[heading, *(_line(name, figures) for name, figures in found.items())])


def _line(pool: str, figures: dict[str, float]) -> str:
    ours = f"{figures['syncs_per_s']:>12.1f}/s{figures['rss_mb']:>9,} MB"
    floor = f"{figures['floor_per_s']:>12.1f}/s{figures['floor_rss_mb']:>9,} MB"
    return f"{pool:<14}{ours}{floor}"
