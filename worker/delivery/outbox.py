"""The deliveries that are due: taken by one worker at a time, and marked with what came of them.

Who takes a delivery moves its next try to when that would be over, and commits. So no session is held while something is
sent, two workers share the work, and what a worker that died had taken is due again by itself: at least once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from models.connection import Connection
from models.event import DeliveryState, Event, EventDelivery, Target
from models.session import Database
from worker.delivery.notices import Told
from worker.limits import DELIVERY_LEASE

log = logging.getLogger(__name__)

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_WAIT_FOR_REDIS = timedelta(seconds=30)
"""A publish costs nothing, and who follows a user's connections shall hear soon that Redis is back."""
GIVEN_UP_AFTER = timedelta(days=1)
"""What nobody took for a day is no news any more. Counted from the event; what is older than this is still tried once."""


@dataclass(frozen=True)
class Due:
    """A delivery that this process has taken. `target` as in `EventDelivery`; `attempts` so far, without this one."""

    told: Told
    target: str
    attempts: int

    @property
    def event(self) -> Event:
        return self.told.event


def targets_due(database: Database) -> frozenset[Target]:
    """Who is to be told something now."""
    with database.session() as session:
        kinds = select(func.split_part(EventDelivery.target, "/", 1)).where(_due()).distinct()
        return frozenset(Target(kind) for kind in session.scalars(kinds))


def take(database: Database, target: Target, limit: int) -> list[Due]:
    """Deliveries of that target (for people: of all addresses) that are due.

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
        wanted = wanted.where(_of(target), _due())
        wanted = wanted.where(~_an_earlier_one_waits()) if in_order else wanted.order_by(EventDelivery.attempts)
        chosen = wanted.order_by(Event.at, Event.id, EventDelivery.target).limit(limit).cte("chosen")
        taken = session.execute(
            update(EventDelivery)
            .where(EventDelivery.event_id == chosen.c.event_id, EventDelivery.target == chosen.c.target, _due())
            .values(next_try_at=func.clock_timestamp() + DELIVERY_LEASE)
            .returning(EventDelivery.event_id, EventDelivery.target, EventDelivery.attempts)
            .execution_options(synchronize_session=False)
        ).all()
        told = _told(session, [event_id for event_id, _, _ in taken])
    due = [Due(told[event_id], name, attempts) for event_id, name, attempts in taken]
    return sorted(due, key=lambda each: (0 if in_order else each.attempts, each.event.at, each.event.id, each.target))


def address_to_people(database: Database, addresses: int) -> None:
    """Give each of that many addresses a delivery of its own (`people/1` …), so that one that is dead repeats nothing to
    the others. What is for an address that is not there any more is not wanted.
    """
    with database.session() as session:
        if addresses:
            for_people = delete(EventDelivery).where(EventDelivery.target == Target.PEOPLE.value, _due())
            event_ids = session.scalars(for_people.returning(EventDelivery.event_id)).all()
            rows = [
                {"event_id": event_id, "target": f"{Target.PEOPLE}/{place}"}
                for event_id in event_ids
                for place in range(1, addresses + 1)
            ]
            if rows:
                session.execute(insert(EventDelivery), rows)
        present = [f"{Target.PEOPLE}/{place}" for place in range(1, addresses + 1)]
        _decline(session, and_(_of(Target.PEOPLE), EventDelivery.target.not_in(present)))


def decline(database: Database, target: Target) -> None:
    """Nobody has set up that target: what is due to it is not wanted."""
    with database.session() as session:
        _decline(session, _of(target))


def delivered(database: Database, due: Sequence[Due]) -> None:
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

    `said` is why, in words of ours without a secret.
    """
    with database.session() as session:
        now = session.scalars(select(func.now())).one()
        for each in due:
            give_up = not retry or now - each.event.at >= GIVEN_UP_AFTER
            state = DeliveryState.GIVEN_UP if give_up else DeliveryState.PENDING
            session.execute(
                update(EventDelivery)
                .where(_still_pending([each]))
                .values(
                    state=state,
                    attempts=each.attempts + 1,
                    next_try_at=None if give_up else now + wait_before_next(each.target, each.attempts + 1, random),
                    last_error=said,
                )
            )
            _say(each, give_up)


def put_back(database: Database, due: Sequence[Due]) -> None:
    """They were not tried for want of time: due at once."""
    if due:
        with database.session() as session:
            session.execute(update(EventDelivery).where(_still_pending(due)).values(next_try_at=func.now()))


def wait_before_next(target: str, attempts: int, random: Callable[[], float]) -> timedelta:
    """5 s doubling to an hour (for Redis to half a minute), of which up to a half is taken off at random.

    `random` gives [0, 1).
    """
    longest = LONGEST_WAIT_FOR_REDIS if target == Target.SUBSCRIBERS else LONGEST_WAIT
    ceiling: timedelta = min(FIRST_WAIT * 2 ** min(attempts - 1, 10), longest)
    return ceiling * (1 - random() / 2)


def _due() -> ColumnElement[bool]:
    return and_(EventDelivery.state == DeliveryState.PENDING, EventDelivery.next_try_at <= func.now())


def _of(target: Target) -> ColumnElement[bool]:
    return or_(EventDelivery.target == target.value, EventDelivery.target.startswith(f"{target}/"))


def _still_pending(due: Sequence[Due]) -> ColumnElement[bool]:
    """Unless somebody who took it later was quicker."""
    keys = [(each.event.id, each.target) for each in due]
    return and_(
        EventDelivery.state == DeliveryState.PENDING,
        tuple_(EventDelivery.event_id, EventDelivery.target).in_(keys),
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
