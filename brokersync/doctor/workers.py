"""Whether somebody does the work."""

from __future__ import annotations

from celery import Celery

from brokersync import asking
from brokersync.doctor.findings import Finding, note, ok

CHECK = "Worker"


def examine(broker_url: str) -> Finding:
    """Whether a worker answers at once. Needs a Redis that answers."""
    with Celery("doctor", broker=broker_url, set_as_current=False) as app:
        return answering(asking.workers(app))


def answering(workers: int) -> Finding:
    if workers:
        return ok(CHECK, "One answers.")
    return note(CHECK, "None answers, so nothing is synced now.", "`honcho start` runs it with beat and the web app.")
