"""Whether somebody does the work: workers of this version, in the pool our limits are made for, fed by beat."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from celery import Celery

from brokersync.doctor.connections import Slots
from brokersync.doctor.findings import Finding, fault, note, ok, warning

CHECK = "Worker"
BEAT = "Beat"
QUEUE = "brokersync"
POOL = "thread"
ANSWER_SECONDS = 1.0
BEAT_SECONDS = 2.6
"""Beat sends every 2 s."""

START = "honcho start (runs it with beat and the web app)"
_BY_PREFORK = "each slot is a process, with some 70 MB and a database connection of its own"
_BY_OTHERS = "syncs wait for one another, or run as nothing here was tested"


@dataclass(frozen=True)
class Told:
    """What one worker says of itself (`worker.inspection`); None: it does not know our question."""

    name: str
    said: Mapping[str, Any] | None


def examine(broker_url: str) -> list[Finding | Slots]:
    """Findings, and the slots of the workers that answer. Needs a Redis that answers.

    Takes a second where no worker is, and as long as beat's interval where one is.
    """
    with Celery("doctor", broker=broker_url, set_as_current=False) as app:
        began = time.monotonic()
        workers = _ask(app, None)
        if not workers:
            return [note(CHECK, "None answers, so nothing is synced now.", START)]
        findings = judged(workers)
        slots = [worker.said["slots"] for worker in workers if worker.said]
        time.sleep(max(0.0, began + BEAT_SECONDS - time.monotonic()))
        return [*findings, *beat(workers, _ask(app, len(workers))), Slots(len(slots), sum(slots))]


def judged(workers: list[Told]) -> list[Finding]:
    """What is wrong with each; one line where nothing is."""
    bad = [finding for worker in workers for finding in _judged(worker)]
    count = "One answers" if len(workers) == 1 else f"{len(workers)} answer"
    slots = sum(worker.said["slots"] for worker in workers if worker.said)
    return bad or [ok(CHECK, f"{count}, with {slots} slots.")]


def beat(before: list[Told], after: list[Told]) -> list[Finding]:
    """Whether a dispatch came in between. A worker that was started anew meanwhile counts from 0."""
    earlier, later = _dispatches(before), _dispatches(after)
    if not later:
        return []
    if any(later[name] != count for name, count in earlier.items()):
        return [ok(BEAT, "It sends what is due.")]
    said = f"Nothing was dispatched for {BEAT_SECONDS:g} s: beat does not run, or the workers are overloaded."
    return [warning(BEAT, said, "honcho start (runs it with the rest)")]


def _judged(worker: Told) -> list[Finding]:
    said = worker.said
    if said is None:
        return [warning(CHECK, f"{worker.name} is of another version, or not ours.", "Restart the workers.")]
    findings = []
    if said["version"] != version("brokersync"):
        text = f"{worker.name} is of version {said['version']}, this is {version('brokersync')}."
        findings.append(warning(CHECK, text, "Restart the workers after each upgrade."))
    if QUEUE not in said["queues"]:
        text = f"{worker.name} does not read the queue {QUEUE}, so it takes none of our messages."
        findings.append(fault(CHECK, text, f"Start it with --queues {QUEUE}, as the Procfile does."))
    if said["pool"] != POOL:
        lost = _BY_PREFORK if said["pool"] == "prefork" else _BY_OTHERS
        text = f"{worker.name} runs in a {said['pool']} pool: {lost}."
        findings.append(warning(CHECK, text, "Start it without --pool, as the Procfile does."))
    elif said["options"]:
        given = ", ".join(f"--{name.replace('_', '-')}" for name in said["options"])
        text = f"{worker.name} was started with {given}, which a pool of threads does not heed."
        findings.append(warning(CHECK, text, "Take it away: deadlines and the watchdog of the worker hold."))
    return findings


def _ask(app: Celery, count: int | None) -> list[Told]:
    """`count`: how many are known to be there, so that nobody waits for more."""
    replies = app.control.broadcast("brokersync_worker", reply=True, timeout=ANSWER_SECONDS, limit=count) or []
    return [
        Told(name, said if "version" in said else None)
        for name, said in sorted((name, said) for reply in replies for name, said in reply.items())
    ]


def _dispatches(workers: list[Told]) -> Counter[str]:
    return Counter({worker.name: worker.said["dispatches"] for worker in workers if worker.said})
