"""The deliveries that are due: taken by one worker at a time, and marked with what came of them.

Who takes a delivery moves its next try to when that would be over, and commits. So no session is held while something is
sent, two workers share the work, and what a worker that died had taken is due again by itself: at least once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from models.connection import Connection
from models.event import DeliveryState, Event, EventDelivery, Target
from models.session import Database
from worker.delivery.notices import Told
from worker.delivery.overtaken import overtaken
from worker.delivery.pacing import UNCLAIMED, is_worn_out, wait_before_next
from worker.limits import DELIVERY_LEASE

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Due:
    """A delivery that this process has taken, until `lease`. `target` as in `EventDelivery`; `attempts` so far, without
    this one.
    """

    told: Told
    target: str
    attempts: int
    lease: datetime

    @property
    def event(self) -> Event:
        return self.told.event


def targets_due(database: Database) -> frozenset[Target]:
    """Who is to be told something now. What only a newer version knows, whose workers share this database, is theirs."""
    kind = func.split_part(EventDelivery.target, "/", 1)
    with database.session() as session:
        known = select(kind).where(_due(), kind.in_([target.value for target in Target])).distinct()
        return frozenset(Target(each) for each in session.scalars(known))


def take(database: Database, target: Target, limit: int, names: Sequence[str] | None = None) -> list[Due]:
    """Deliveries of that target that are due. `names`: of people, those of the addresses (`people/2`).

    What was tried least comes first, so that a dead address, or an event that nobody takes, holds nothing up. Subscribers
    get the events of a user in their order instead: while an earlier one is on its way or waits for another try, the later
    ones wait too. Empty while another process takes some of the same target.
    """
    in_order = target is Target.SUBSCRIBERS
    with database.session() as session:
        # Of two that take at once, neither would see what the other has taken, and that its own has to wait for it.
        if not session.scalars(select(func.pg_try_advisory_xact_lock(func.hashtext(f"deliver {target}")))).one():
            return []
        wanted = select(EventDelivery.event_id, EventDelivery.target).join(Event, Event.id == EventDelivery.event_id)
        wanted = wanted.where(EventDelivery.target.in_([target.value] if names is None else names), _due())
        wanted = wanted.where(~_an_earlier_one_waits()) if in_order else wanted.order_by(EventDelivery.attempts)
        lease: datetime = session.scalars(select(func.clock_timestamp())).one() + DELIVERY_LEASE
        chosen = wanted.order_by(Event.at, Event.id, EventDelivery.target).limit(limit).cte("chosen")
        taken = session.execute(
            update(EventDelivery)
            .where(EventDelivery.event_id == chosen.c.event_id, EventDelivery.target == chosen.c.target, _due())
            .values(next_try_at=lease)
            .returning(EventDelivery.event_id, EventDelivery.target, EventDelivery.attempts)
            .execution_options(synchronize_session=False)
        ).all()
        told = _told(session, [event_id for event_id, _, _ in taken])
    due = [Due(told[event_id], name, attempts, lease) for event_id, name, attempts in taken]
    return sorted(due, key=lambda each: (0 if in_order else each.attempts, each.event.at, each.event.id, each.target))


def address_to_people(database: Database, names: Sequence[str]) -> None:
    """Give each address a delivery of its own (`people/1` …), so that one that is dead repeats nothing to the others.

    What a later event has overtaken is not wanted, nor what is for an address that no worker has any more (`UNCLAIMED`).
    """
    of_an_address = EventDelivery.target.startswith(f"{Target.PEOPLE}/")
    with database.session() as session:
        if names:
            for_people = delete(EventDelivery).where(EventDelivery.target == Target.PEOPLE.value, _due())
            event_ids = session.scalars(for_people.returning(EventDelivery.event_id)).all()
            rows = [{"event_id": event_id, "target": name} for event_id in event_ids for name in names]
            if rows:
                session.execute(insert(EventDelivery), rows)
            # Not that of an event written since, which has no addresses yet.
            of_nobody = and_(EventDelivery.target.not_in(names), _unclaimed())
            _decline(session, and_(of_an_address, or_(of_nobody, overtaken())))
        else:
            _decline(session, and_(or_(EventDelivery.target == Target.PEOPLE.value, of_an_address), _unclaimed()))


def decline(database: Database, target: Target) -> None:
    """This worker has that target not set up: what no other one takes either (`UNCLAIMED`) is not wanted."""
    with database.session() as session:
        _decline(session, and_(EventDelivery.target == target.value, _unclaimed()))


def delivered(database: Database, due: Sequence[Due]) -> None:
    """They were taken, which stands even where that lasted longer than the lease."""
    if due:
        with database.session() as session:
            session.execute(
                update(EventDelivery)
                .where(_still_pending(due))
                .values(
                    state=DeliveryState.DELIVERED,
                    attempts=EventDelivery.attempts + 1,
                    next_try_at=None,
                    delivered_at=func.now(),
                    last_error=None,
                )
            )


def failed(
    database: Database, due: Sequence[Due], said: str, random: Callable[[], float], *, retry: bool = True
) -> None:
    """Nobody took them. Each is tried again later, or given up after a day; at once where that can help nobody (`retry`).

    `due` are those that were really tried: for others see `put_back`. `said` is why, in words of ours without a secret.
    """
    with database.session() as session:
        now = session.scalars(select(func.now())).one()
        for each in due:
            give_up = not retry or is_worn_out(each.target, each.attempts + 1)
            state = DeliveryState.GIVEN_UP if give_up else DeliveryState.PENDING
            session.execute(
                update(EventDelivery)
                .where(_still_ours([each]))
                .values(
                    state=state,
                    attempts=each.attempts + 1,
                    next_try_at=None if give_up else now + wait_before_next(each.target, each.attempts + 1, random),
                    last_error=said,
                )
            )
            _say(each, give_up)


def put_back(database: Database, due: Sequence[Due], after: timedelta | None = None) -> None:
    """They were not tried: due again at once, or `after` that where nobody was there for others."""
    if due:
        due_again = func.now() if after is None else func.now() + after
        with database.session() as session:
            session.execute(update(EventDelivery).where(_still_ours(due)).values(next_try_at=due_again))


def _due() -> ColumnElement[bool]:
    return and_(EventDelivery.state == DeliveryState.PENDING, EventDelivery.next_try_at <= func.now())


def _unclaimed() -> ColumnElement[bool]:
    """A worker that knew the target would have taken it, which moves `next_try_at`."""
    return EventDelivery.next_try_at <= func.now() - UNCLAIMED


def _still_pending(due: Sequence[Due]) -> ColumnElement[bool]:
    keys = [(each.event.id, each.target) for each in due]
    return and_(
        EventDelivery.state == DeliveryState.PENDING,
        tuple_(EventDelivery.event_id, EventDelivery.target).in_(keys),
    )


def _still_ours(due: Sequence[Due]) -> ColumnElement[bool]:
    """Unless our time was over, and somebody else has taken it since."""
    leases = [(each.event.id, each.target, each.lease) for each in due]
    return and_(
        EventDelivery.state == DeliveryState.PENDING,
        tuple_(EventDelivery.event_id, EventDelivery.target, EventDelivery.next_try_at).in_(leases),
    )


def _an_earlier_one_waits() -> ColumnElement[bool]:
    waiting, earlier = aliased(EventDelivery), aliased(Event)
    return (
        select(waiting.event_id)
        .join(earlier, earlier.id == waiting.event_id)
        .where(
            waiting.target == Target.SUBSCRIBERS.value,
            waiting.state == DeliveryState.PENDING,
            waiting.next_try_at > func.now(),
            earlier.user_id == Event.user_id,
            earlier.at < Event.at,
        )
        .exists()
    )


def _told(session: Session, event_ids: Sequence[object]) -> dict[object, Told]:
    """The events with what people are told of their connections; an erased one has nothing more to tell."""
    rows = session.execute(
        select(Event, Connection.label, Connection.time_zone)
        .outerjoin(Connection, Connection.id == Event.connection_id)
        .where(Event.id.in_(event_ids))
    )
    return {event.id: Told(event, label, time_zone) for event, label, time_zone in rows}


def _decline(session: Session, which: ColumnElement[bool]) -> None:
    session.execute(update(EventDelivery).where(which, _due()).values(state=DeliveryState.UNWANTED, next_try_at=None))


def _say(due: Due, give_up: bool) -> None:
    fields = {"event": due.event.id, "target": due.target, "connection": due.event.connection_id}
    if give_up:
        log.error("event not delivered, given up", extra=fields)
    elif due.attempts == 0:
        log.warning("event not delivered, tried again", extra=fields)
