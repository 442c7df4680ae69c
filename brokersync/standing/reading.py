"""Reading the facts of a connection, all of one moment."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from brokers import registry
from brokersync.standing.facts import Facts, Happened, Notice, OpenCircuit
from brokersync.undelivered import told_by
from brokersync.waiting import waits_for
from models.circuit import Circuit, Opened
from models.connection import Connection, Status
from models.event import TOLD, DeliveryState, Event, EventDelivery, Target
from settings import Settings
from worker.schedule import hours_of

_NOTICES = [kind for kind, targets in TOLD.items() if Target.PEOPLE in targets]
_PAUSES = ("paused", "given_up")
_LOGIN_LISTED = ("linked", "repaired")
_WORST_FIRST = (DeliveryState.PENDING, DeliveryState.GIVEN_UP, DeliveryState.DELIVERED, DeliveryState.UNWANTED)


def read(session: Session, connection_id: uuid.UUID, settings: Settings) -> Facts:
    """The connection must exist."""
    connection, now = session.execute(
        select(Connection, func.clock_timestamp()).where(Connection.id == connection_id)
    ).one()
    events = _last_of_each_kind(session, connection)
    declaration = registry.declaration(connection.broker) if connection.broker in registry.BROKERS else None
    needed = [each.name for each in declaration.variables if each.default is None] if declaration else []
    return Facts(
        now=now,
        connection_id=connection.id,
        user_id=connection.user_id,
        broker=connection.broker,
        title=declaration.title if declaration else connection.broker,
        app_variables=tuple(name for name in needed if not name.endswith("_REDIRECT_URI")),
        status=Status(connection.status),
        login_at=connection.login_at,
        login_expires_at=connection.login_expires_at,
        near=_near(connection, settings),
        checked_at=connection.checked_at,
        next_sync_at=connection.next_sync_at,
        updated_at=connection.updated_at,
        error_kind=connection.last_error_kind,
        error_text=connection.last_error_text,
        failures=connection.consecutive_failures,
        unfinished_attempts=connection.unfinished_attempts,
        claim_until=connection.claim_until,
        claim_started_at=connection.claim_started_at,
        hours=hours_of(connection),
        circuit=_circuit(session, connection),
        happened={kind: Happened(each.at, each.actor, each.details.get("reason")) for kind, each in events.items()},
        notice=_last_notice(session, events, told_by(settings)),
    )


def _near(connection: Connection, settings: Settings) -> timedelta:
    """The longest notice; one as long as the login's own life is none."""
    if connection.login_expires_at is None:
        return timedelta(0)
    lifetime = connection.login_expires_at - connection.login_at
    return max((span for span in settings.login_notices if span < lifetime), default=timedelta(0))


def _last_of_each_kind(session: Session, connection: Connection) -> Mapping[str, Event]:
    query = (
        select(Event)
        .ext(distinct_on(Event.kind))
        .where(Event.connection_id == connection.id, or_(Event.at >= connection.login_at, Event.kind.in_(_PAUSES)))
        .order_by(Event.kind, Event.at.desc())
    )
    return {event.kind: event for event in session.scalars(query)}


def _circuit(session: Session, connection: Connection) -> OpenCircuit | None:
    """The open circuit that holds it back, if there is one; of an app that was replaced an older one may be left."""
    query = select(Circuit).join(Connection, waits_for()).where(Connection.id == connection.id)
    row = session.scalars(query.order_by(Circuit.probe_at.desc())).first()
    if row is None:
        return None
    return OpenCircuit(Opened(row.error_kind), row.opened_at, row.probe_at, is_set_up=bool(row.app))


def _last_notice(session: Session, events: Mapping[str, Event], targets: Collection[str]) -> Notice | None:
    """Programs that subscribe are left out: who has to act is a person.

    What came before this login was listed was of an older one: the time of the login alone does not tell, which a sandbox
    moves with its clock.
    """
    listed = max((events[kind].at for kind in _LOGIN_LISTED if kind in events), default=None)
    notices = [events[kind] for kind in _NOTICES if kind in events]
    of_this_login = [each for each in notices if listed is None or each.at > listed or each.kind in _PAUSES]
    event = max(of_this_login, key=lambda each: each.at, default=None)
    if event is None:
        return None
    query = select(EventDelivery).where(EventDelivery.event_id == event.id, EventDelivery.target != Target.SUBSCRIBERS)
    deliveries = session.scalars(query).all()
    return _judged(event, deliveries, targets) if deliveries else None


def _judged(event: Event, deliveries: Sequence[EventDelivery], targets: Collection[str]) -> Notice:
    states = [_state(each, targets) for each in deliveries]
    worst = min(states, key=_WORST_FIRST.index)
    same = [each for each, state in zip(deliveries, states, strict=True) if state == worst]
    tries = [each.next_try_at for each in same if each.next_try_at is not None and worst == DeliveryState.PENDING]
    return Notice(
        event.kind,
        event.at,
        worst,
        max(each.attempts for each in same),
        min(tries, default=None),
        had_addresses=any(each.target.startswith(f"{Target.PEOPLE}/") for each in deliveries),
    )


def _state(delivery: EventDelivery, targets: Collection[str]) -> DeliveryState:
    """What nobody has tried, for a target that is not set up, nobody wants, before a worker marks it so."""
    state = DeliveryState(delivery.state)
    is_for_nobody = state == DeliveryState.PENDING and not delivery.attempts and delivery.target not in targets
    return DeliveryState.UNWANTED if is_for_nobody else state
