"""What the worker came upon with the brokers' apps: circuits that are open, and connections that the app does not serve."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from brokers import registry
from brokersync.cells import spelled
from brokersync.doctor.findings import APP_REFUSED, Finding, fault, warning
from brokersync.waiting import waits_for
from models.circuit import Circuit, Opened, open_circuits
from models.connection import SCHEDULED, Connection

_AT_ONCE = "Once that is done, `brokersync sync --all` has it asked within half a minute."


def examine(session: Session) -> list[Finding]:
    now = session.scalars(select(func.clock_timestamp())).one()
    circuits = open_circuits(session)
    found = [_waiting(circuit, _held_back(session, circuit), now) for circuit in circuits if _matters(session, circuit)]
    return found + _refused(session, {circuit.broker for circuit in circuits})


def _waiting(circuit: Circuit, count: int, now: datetime) -> Finding:
    title, since = _title(circuit.broker), spelled(now - circuit.opened_at, 1)
    if circuit.error_kind == Opened.SILENT:
        said = f"It has answered nobody for {since} ({circuit.error_kind}): {waiting(count)}, and one at a time asks."
        return warning(title, said, "Nothing: they go on by themselves with its first answer.")
    if not circuit.app:
        said = f"A worker has lacked its variables for {since} (app_misconfigured): {waiting(count)} for another one."
        return fault(title, said, "Correct that worker's environment and start it again.")
    next_asked = "is asked about it any moment" if circuit.probe_at <= now else _asked_in(circuit.probe_at, now)
    said = f"It has refused the app for {since} (app_misconfigured): {waiting(count)}; it {next_asked}."
    return fault(title, said, f"{_advice(circuit.broker)} {_AT_ONCE}".strip(), APP_REFUSED)


def _asked_in(probe_at: datetime, now: datetime) -> str:
    return f"is asked about it again in {spelled(probe_at - now, 1)}"


def _refused(session: Session, waiting_already: Collection[str]) -> list[Finding]:
    """Brokers that take the app, but said no to single connections of it: a product or an account is missing."""
    query = (
        select(Connection.broker, func.count())
        .where(
            Connection.last_error_kind == Opened.REFUSED,
            Connection.status.in_(SCHEDULED),
            Connection.broker.not_in(waiting_already),
        )
        .group_by(Connection.broker)
        .order_by(Connection.broker)
    )
    return [_refused_app(broker, count) for broker, count in session.execute(query)]


def _refused_app(broker: str, count: int) -> Finding:
    its = "its" if count == 1 else "their"
    said = f"At {its} last sync {_title(broker)} refused the app (app_misconfigured): {waiting(count)}."
    remedy = "Key, secret, state and products of the app: mend them at the broker; it is asked again within 15 min."
    return fault(_title(broker), said, remedy, APP_REFUSED)


def _matters(session: Session, circuit: Circuit) -> bool:
    """Not a refused app that was replaced: all go on with the new one, and it is forgotten within two minutes."""
    all_of_it = select(func.count()).where(Connection.broker == circuit.broker, Connection.status.in_(SCHEDULED))
    return not circuit.app or _held_back(session, circuit) > 0 or session.scalars(all_of_it).one() == 0


def _held_back(session: Session, circuit: Circuit) -> int:
    query = select(func.count(Connection.id)).join(Circuit, waits_for())
    its = (Circuit.broker == circuit.broker, Circuit.app == circuit.app, Connection.status.in_(SCHEDULED))
    return session.scalars(query.where(*its)).one()


def waiting(count: int) -> str:
    if count == 1:
        return "1 connection is waiting"
    return f"{count or 'no'} connection{'s are' if count else ' is'} waiting"


def _title(broker: str) -> str:
    return registry.declaration(broker).title if broker in registry.BROKERS else broker


def _advice(broker: str) -> str:
    return registry.declaration(broker).app_advice if broker in registry.BROKERS else ""
