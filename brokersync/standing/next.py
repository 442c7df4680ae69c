"""What happens next with a connection, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from brokersync.standing.facts import Facts, OpenCircuit
from brokersync.standing.words import span, until
from models.circuit import Opened
from worker.schedule import Hours

LATE = timedelta(seconds=10)
"""Beat looks every 2 s; with a free slot a connection is asked within a few seconds."""


@dataclass(frozen=True)
class Next:
    """What happens next, as a clause, and when (None: nothing, or nobody knows)."""

    said: str
    at: datetime | None = None


def next_of(facts: Facts) -> Next:
    """Of a connection that the schedule asks."""
    if facts.is_at_work:
        return Next("it is being asked right now")
    if facts.is_overdue:
        return Next("then it is asked at once")
    if facts.circuit is not None:
        return _probe(facts.circuit, facts.now)
    if facts.is_claimed:
        return Next("a worker asks within a minute", facts.claim_until)
    return _schedule(facts)


def _schedule(facts: Facts) -> Next:
    at, waits = facts.next_sync_at, facts.waits_for_a_worker
    if at is None:
        return Next("no time is set for asking again")
    if waits is not None and waits > LATE:
        return Next(f"it has been due for {span(waits)}, and is asked as soon as a worker takes it", at)
    again = "it is asked" if facts.checked_at is None and facts.error_kind is None else "it is asked again"
    within = f", within its hours ({_hours(facts.hours)})" if facts.hours and facts.waits_for_its_hours else ""
    return Next(f"{again} {until(at, facts.now)}{within}", at)


def _probe(circuit: OpenCircuit, now: datetime) -> Next:
    when = until(circuit.probe_at, now)
    if circuit.error_kind == Opened.REFUSED:
        return Next(f"the app is tried {when}, and all go on once it is taken", circuit.probe_at)
    return Next(f"one of them asks {when}, and all go on once it is answered", circuit.probe_at)


def _hours(hours: Hours) -> str:
    return f"from {hours.opens:%H:%M} to {hours.closes:%H:%M} in {hours.zone}"
