"""The probe of an open circuit: the app is asked for alone, without anybody's login, and seldom.

A broker may answer that question with neither yes nor no, or not at all, for ever. So that there is a way out, one real
login is refreshed then: the circuit hangs on no answer that only we expect.
"""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.orm import Session

from brokers.errors import AppMisconfigured, BrokerError, LoginEnded
from brokers.interface import Broker, NotConfigured
from models.circuit import Circuit, Opened, bring_forward, open_circuits
from models.connection import SCHEDULED, Connection, Credential, Status
from models.event import record_app_event
from worker import limits, tokens
from worker.app_answers import Answer, ask
from worker.circuits import FIRST_PROBE, LONGEST_PROBE, app_of, probed
from worker.failures import KEY_FAULTS
from worker.limits import Deadline
from worker.logins import LoginBusy, NoCredentials
from worker.outages import SILENT
from worker.parts import Parts
from worker.refreshing import Why
from worker.release import release
from worker.tokens import TokensLost

log = logging.getLogger(__name__)

UNCLEAR_ENOUGH = 3
"""The probe from which on an unclear answer about the app alone is followed by a question with one login. Who linked since
the app was refused is asked for at once: the broker has taken the app for that."""

NO_ANSWER_ENOUGH = 6
"""The same where there was no answer. Later, because then the login's may get lost as well."""

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
    is_ours, is_silent = ours == circuit.app, circuit.error_kind == Opened.SILENT
    if is_silent and is_ours:
        # One connection is let through for it by the dispatcher.
        return False
    with parts.database.session() as session:
        if not _lease(session, circuit, parts, timedelta(0) if is_ours else ABANDONED):
            if not is_ours:
                _let_them_show_themselves(session, circuit, parts)
            return False
        if is_silent:
            _remove_and_release(session, circuit, parts)
            return False
    answer = _ask(parts, circuit)
    with parts.database.session() as session:
        if answer is Answer.TAKEN:
            _accepted(session, circuit, parts)
        elif answer is Answer.REFUSED and not is_ours:
            _remove(session, circuit)
    return True


def _let_them_show_themselves(session: Session, circuit: Circuit, parts: Parts) -> None:
    """Once: workers that do run with that app would else be made to ask at every turn of ours."""
    known = (circuit.broker, circuit.app, circuit.opened_at)
    if known not in parts.brought_forward:
        parts.brought_forward.add(known)
        bring_forward(session, circuit.broker)


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


def _ask(parts: Parts, circuit: Circuit) -> Answer:
    try:
        broker = parts.broker(circuit.broker)
    except (NotConfigured, KeyError):
        return Answer.REFUSED
    answer = ask(broker, limits.HTTP_TOTAL.total_seconds())
    if answer in (Answer.TAKEN, Answer.REFUSED):
        return answer
    enough = UNCLEAR_ENOUGH if answer is Answer.UNCLEAR else NO_ANSWER_ENOUGH
    with parts.database.session() as session:
        login = session.execute(_a_login(circuit, enough)).one_or_none()
    return answer if login is None else _ask_with(parts, broker, *login)


def _ask_with(parts: Parts, broker: Broker, connection_id: uuid.UUID, version: int) -> Answer:
    """By a refresh: an access token may still be good at a broker that refuses the app. A login that is told to have ended
    was looked up for an app that was taken; its next sync hears the same, and writes it down."""
    try:
        tokens.refresh(parts.database, broker, connection_id, version, Deadline(limits.HTTP_TOTAL), Why.APP_PROBED)
    except LoginEnded:
        return Answer.TAKEN
    except AppMisconfigured:
        return Answer.REFUSED
    except (BrokerError, LoginBusy, NoCredentials, TokensLost, *KEY_FAULTS):
        return Answer.UNCLEAR
    return Answer.TAKEN


def _a_login(circuit: Circuit, enough: int) -> Select[uuid.UUID, int]:
    """The login to ask with, another one each time; before the probe of the number `enough`, only one linked since."""
    linked_since = Connection.login_at > circuit.opened_at
    wanted = (
        select(Connection.id, Credential.token_version)
        .join(Credential, Credential.connection_id == Connection.id)
        .where(
            Connection.broker == circuit.broker,
            Connection.status.in_(SCHEDULED),
            # One that is not due may be in a browser's hands this very moment.
            or_(Connection.status != Status.LINKING, Connection.next_sync_at <= func.clock_timestamp()),
        )
        .order_by(Connection.status == Status.CREDENTIALS_UNREADABLE, func.random())
        .limit(1)
    )
    return wanted if circuit.probes + 1 >= enough else wanted.where(linked_since)


def _accepted(session: Session, circuit: Circuit, parts: Parts) -> None:
    if _remove_and_release(session, circuit, parts):
        record_app_event(session, "app_accepted", circuit.broker, "worker", reason="the broker takes the app again")


def _remove_and_release(session: Session, circuit: Circuit, parts: Parts) -> bool:
    """Whether it was still there. Who cannot ask the broker lets nobody go on."""
    if not _remove(session, circuit):
        return False
    with suppress(NotConfigured, KeyError):
        pace = parts.broker(circuit.broker).declaration.requests_per_minute
        kinds = SILENT if circuit.error_kind == Opened.SILENT else [Opened.REFUSED]
        going_on = release(session, circuit.broker, kinds, pace)
        log.warning("connections that waited go on", extra={"broker": circuit.broker, "count": going_on})
    return True


def _remove(session: Session, circuit: Circuit) -> bool:
    removed = session.execute(
        delete(Circuit).where(*_is(circuit)).returning(Circuit.broker).execution_options(synchronize_session=False)
    )
    return removed.one_or_none() is not None


def _is(circuit: Circuit) -> tuple[ColumnElement[bool], ...]:
    return (Circuit.broker == circuit.broker, Circuit.app == circuit.app, Circuit.error_kind == circuit.error_kind)
