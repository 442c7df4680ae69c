"""The probe of an open circuit: the app is asked for alone, without anybody's login, and seldom."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from brokers.interface import NotConfigured
from models.circuit import Circuit, Opened, bring_forward, open_circuits
from models.event import record_app_event
from worker import limits
from worker.app_answers import Answer, ask
from worker.circuits import FIRST_PROBE, LONGEST_PROBE, app_of, probed
from worker.parts import Parts
from worker.release import release

log = logging.getLogger(__name__)

ABANDONED = timedelta(minutes=1)
"""A probe that nobody has made for so long: no worker runs any more with the app that was refused."""


def probe_apps(parts: Parts) -> int:
    """Ask for each refused app whose probe is due; how many questions that were. Of several workers one asks.

    A circuit of an app that this worker does not have is left to the workers that have it, and brought forward so that
    they show themselves. Where none does, the operator has replaced that app: whether the new one is taken is asked in its
    place, and the circuit is gone. (The new one, if it is refused too, has a circuit of its own.)
    """
    with parts.database.session() as session:
        found = open_circuits(session)
    return sum(_look(parts, circuit) for circuit in found)


def _look(parts: Parts, circuit: Circuit) -> bool:
    """Whether a question was asked."""
    ours = app_of(parts, circuit.broker)
    if ours is None:
        return False
    is_ours = ours == circuit.app
    with parts.database.session() as session:
        if circuit.error_kind != Opened.REFUSED:
            # One connection is let through for it by the dispatcher; of an app that nobody here has, none would be.
            if not is_ours:
                _remove(session, circuit)
            return False
        if not _lease(session, circuit, parts, timedelta(0) if is_ours else ABANDONED):
            if not is_ours:
                bring_forward(session, circuit.broker)
            return False
    answer = _ask(parts, circuit.broker)
    with parts.database.session() as session:
        if answer is Answer.TAKEN:
            _accepted(session, circuit, parts)
        elif answer is Answer.REFUSED and not is_ours:
            _remove(session, circuit)
    return True


def _lease(session: Session, circuit: Circuit, parts: Parts, late_by: timedelta) -> bool:
    """Move the next probe first: whoever comes meanwhile finds nothing to do, and a process that dies costs one turn."""
    row = session.execute(
        select(Circuit, func.clock_timestamp())
        .where(*_is(circuit), Circuit.probe_at <= func.clock_timestamp() - late_by)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return False
    leased, now = row
    probed(leased, now, FIRST_PROBE, LONGEST_PROBE, parts.random)
    return True


def _ask(parts: Parts, broker: str) -> Answer:
    try:
        asked = parts.broker(broker)
    except (NotConfigured, KeyError):
        return Answer.REFUSED
    return ask(asked, limits.HTTP_TOTAL.total_seconds())


def _accepted(session: Session, circuit: Circuit, parts: Parts) -> None:
    if not _remove(session, circuit):
        return
    record_app_event(session, "app_accepted", circuit.broker, "worker", reason="the broker takes the app again")
    going_on = release(
        session, circuit.broker, [Opened.REFUSED], parts.broker(circuit.broker).declaration.requests_per_minute
    )
    log.warning("app accepted, its connections go on", extra={"broker": circuit.broker, "count": going_on})


def _remove(session: Session, circuit: Circuit) -> bool:
    removed = session.execute(
        delete(Circuit).where(*_is(circuit)).returning(Circuit.broker).execution_options(synchronize_session=False)
    )
    return removed.one_or_none() is not None


def _is(circuit: Circuit) -> tuple[ColumnElement[bool], ...]:
    return (Circuit.broker == circuit.broker, Circuit.app == circuit.app, Circuit.error_kind == circuit.error_kind)
