"""A broker that answers nobody is asked by one connection at a time, not by all: a circuit that nobody is told of.

    enough connections failed, none succeeded → circuit → the dispatcher passes that broker over, but for one due connection
    at each probe → the first run that is answered removes it, and all go on

What is already on its way, or asked for by somebody, goes out all the same: each is one more probe.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, distinct, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from brokers.errors import AppMisconfigured, BrokerDown, LoginEnded, RateLimited, Unreachable
from models.circuit import Circuit, Opened, open_circuits
from models.connection import Connection
from models.run import SyncRun
from worker.circuits import app_of, is_ours, probed
from worker.claims import Claim
from worker.parts import Parts
from worker.release import release

log = logging.getLogger(__name__)

ENOUGH = 5
"""Different connections: fewer may well be about these alone."""

WITHIN = timedelta(minutes=2)

FIRST_PROBE = timedelta(seconds=30)
LONGEST_PROBE = timedelta(minutes=5)

SILENT = frozenset({Unreachable.kind, BrokerDown.kind})

ANSWERED = frozenset({LoginEnded.kind, RateLimited.kind, AppMisconfigured.kind})
"""Failures that only a broker that is up can cause."""


@dataclass(frozen=True)
class Waiting:
    """`brokers` are passed over. `probes` are the circuits, locked, that let one due connection through now."""

    brokers: Collection[str] = ()
    probes: Sequence[Circuit] = ()


def waiting(parts: Parts, session: Session) -> Waiting:
    """What the open circuits of this worker's apps mean for the dispatcher."""
    ours = [each for each in open_circuits(session) if is_ours(parts, each.broker, each.app)]
    return Waiting({each.broker for each in ours}, [each for each in ours if _lock_due(session, each)])


def let_through(session: Session, circuit: Circuit) -> None:
    """Note that one connection goes out now as the probe of a circuit that `waiting` gave out."""
    now = session.scalars(select(func.clock_timestamp())).one()
    probed(circuit, now, FIRST_PROBE, LONGEST_PROBE, random.random)


def after_failure(session: Session, parts: Parts, claim: Claim, kind: str, now: datetime) -> None:
    """Look, once a failure is written, whether it was one too many; or, of a run that was let through, an answer."""
    if claim.let_through and kind in ANSWERED:
        _close(session, parts, claim.broker)
    elif not claim.let_through and kind in SILENT and _nobody_is_answered(session, claim.broker, now):
        _open(session, parts, claim.broker, now)


def after_success(parts: Parts, claim: Claim) -> None:
    """Who was not let through has no circuit to close, and costs nothing here. The sync itself is done."""
    if not claim.let_through:
        return
    try:
        with parts.database.session() as session:
            _close(session, parts, claim.broker)
    except SQLAlchemyError:
        log.warning("circuit not closed, left to the next answer", extra={"broker": claim.broker})


def _close(session: Session, parts: Parts, broker: str) -> None:
    """The broker answers: remove the circuit and let its connections go on."""
    closed = session.execute(
        delete(Circuit)
        .where(Circuit.broker == broker, Circuit.app == app_of(parts, broker), Circuit.error_kind == Opened.SILENT)
        .returning(Circuit.broker)
        .execution_options(synchronize_session=False)
    )
    if closed.one_or_none() is None:
        return
    going_on = release(session, broker, SILENT, parts.broker(broker).declaration.requests_per_minute)
    log.warning("broker answers again, its connections go on", extra={"broker": broker, "count": going_on})


def _nobody_is_answered(session: Session, broker: str, now: datetime) -> bool:
    failed = (
        select(func.count(distinct(SyncRun.connection_id)), func.min(SyncRun.started_at))
        .join(Connection, Connection.id == SyncRun.connection_id)
        .where(SyncRun.error_kind.in_(sorted(SILENT)), SyncRun.finished_at > now - WITHIN, Connection.broker == broker)
    )
    count, since = session.execute(failed).one()
    if count < ENOUGH:
        return False
    answered = select(exists().where(Connection.broker == broker, Connection.last_success_at >= since))
    return not session.scalars(answered).one()


def _open(session: Session, parts: Parts, broker: str, now: datetime) -> None:
    app = app_of(parts, broker)
    if app is None:
        return
    opened = session.execute(
        insert(Circuit)
        .values(
            broker=broker,
            app=app,
            error_kind=Opened.SILENT,
            error_text="the broker answers none of the connections that asked lately",
            opened_at=now,
            probe_at=now + FIRST_PROBE,
        )
        .on_conflict_do_nothing()
        .returning(Circuit.broker)
    )
    if opened.one_or_none() is not None:
        log.warning("broker answers nobody, its connections wait", extra={"broker": broker})


def _lock_due(session: Session, circuit: Circuit) -> bool:
    """Whether it is a silent broker's probe that is due; of two dispatchers, one finds it so."""
    if circuit.error_kind != Opened.SILENT:
        return False
    due = (
        select(Circuit)
        .where(Circuit.broker == circuit.broker, Circuit.app == circuit.app, Circuit.probe_at <= func.clock_timestamp())
        .with_for_update(skip_locked=True)
    )
    return session.scalars(due.execution_options(populate_existing=True)).one_or_none() is not None
