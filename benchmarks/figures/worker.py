"""The real worker with 200 ms of broker latency a call, against the floor in a bare Celery task with the same pool."""

from __future__ import annotations

from statistics import median, quantiles

from benchmarks import receipts, workers
from benchmarks.answers import Shape
from benchmarks.drain import filled
from benchmarks.report import Line, Report
from benchmarks.stage import Stage
from benchmarks.workers import FLOOR, OURS

SHAPE = Shape(2, 50)
LATENCY = 0.2
LOGINS = 320
ROUNDS = 3
AIM_RATIO, AIM_MB = 0.7, 150
PAUSE = 0.03
"""Between two messages while delays are measured: a worker with something to do, and no queue before it."""


def take(stage: Stage, rounds: int | None) -> Report:
    stage.stand_in.answer(tick=None, latency=LATENCY)
    with workers.running(stage) as both:
        queue = filled(stage, both, SHAPE, LOGINS)
        before = [both.cpu_seconds(app) for app in (OURS, FLOOR)]
        turns = queue.turns(rounds or ROUNDS)
        used = [both.cpu_seconds(app) - earlier for app, earlier in zip((OURS, FLOOR), before, strict=True)]
        resident = both.resident_mb(OURS)
        with receipts.noted(stage.environ["REDIS_URL"]) as received:
            queue.ours(pause=PAUSE)
        delays = receipts.delays_ms(stage.parts.database, received)
    stage.stand_in.answer(tick=0)
    ours, floor = (median(speeds) for speeds in zip(*turns, strict=True))
    # Of each turn, because a machine that is slow for a while is then slow for both.
    ratio = median(one / other for one, other in turns)
    cpu_ours, cpu_floor = (seconds / (len(turns) * LOGINS) * 1000 for seconds in used)
    p50, p99 = median(delays), quantiles(delays, n=100)[98]
    return Report(
        {
            "worker_vs_floor": {"ratio": round(ratio, 2), "syncs_per_s": round(ours, 1)},
            "worker_rss_mb": round(resident),
            "commit_to_message_ms": {"p50": round(p50, 1), "p99": round(p99, 1)},
        },
        [
            Line("syncs of the worker, floor = 1", ratio, "×", AIM_RATIO, at_least=True),
            Line("syncs of the worker", ours, "/s"),
            Line("syncs of the floor in a bare task", floor, "/s"),
            Line("CPU of the worker for each, Celery's share included", cpu_ours, "ms"),
            Line("CPU of the floor's worker for each", cpu_floor, "ms"),
            Line("memory of the worker after the load", resident, "MB", AIM_MB),
            Line("from the commit to a subscriber, median", p50, "ms"),
            Line("from the commit to a subscriber, 99 of 100", p99, "ms"),
        ],
        [
            f"{LOGINS} logins of {SHAPE.accounts} accounts × {SHAPE.positions} positions, every price moved, "
            f"{LATENCY * 1000:.0f} ms of latency a call",
            f"to a subscriber: {len(delays)} messages at {1 / PAUSE:.0f} syncs a second, from the statement that writes "
            "`committed_at`",
        ],
    )
