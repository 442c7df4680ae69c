"""Events that somebody has not been told of: what waits for another try, and what was given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from models.event import DeliveryState, Event, EventDelivery, Target
from models.session import Database
from settings import Settings
from worker.delivery.addresses import addresses

MOST = 20
"""Of each state so many are shown, the newest first; the others are counted."""

_ROW = (
    Event.id.label("event_id"),
    Event.kind.label("event"),
    Event.at,
    Event.connection_id,
    Event.user_id,
    Event.broker,
    EventDelivery.target,
    EventDelivery.state,
    EventDelivery.attempts,
    EventDelivery.next_try_at,
    (EventDelivery.next_try_at - func.now()).label("next_try_in"),
    (func.now() - Event.at).label("age"),
    EventDelivery.last_error,
)


@dataclass(frozen=True)
class Undelivered:
    """How many there are, and the newest of them by name of column. `next_try_in` and `age` are spans.

    `unwanted`: how many for people of the last day nobody was set up for, or were settled before people heard of them. A
    program that nobody has set up misses nothing.
    """

    waiting: int
    given_up: int
    unwanted: int
    rows: list[Mapping[str, Any]]


def told_by(settings: Settings) -> frozenset[str]:
    """Every target that is told by these settings, as the outbox names it.

    What was never tried and is for another one waits for nobody, though workers leave it for ten minutes to those with
    other settings.
    """
    of_people = [each.target for each in addresses(settings.notify_urls)]
    people = [Target.PEOPLE.value, *of_people] if of_people else []
    webhook = [] if settings.webhook_url is None else [Target.WEBHOOK.value]
    return frozenset([Target.SUBSCRIBERS.value, *people, *webhook])


def undelivered(database: Database, settings: Settings) -> Undelivered:
    """What waits for a target of these settings, and what was given up within the last month: what is older is not kept."""
    for_nobody = and_(
        EventDelivery.state == DeliveryState.PENDING,
        EventDelivery.attempts == 0,
        EventDelivery.target.not_in(told_by(settings)),
    )
    states = (DeliveryState.PENDING, DeliveryState.GIVEN_UP)
    counts = select(EventDelivery.state, func.count()).where(EventDelivery.state.in_(states), ~for_nobody)
    unwanted = (
        select(func.count())
        .select_from(EventDelivery)
        .join(Event, Event.id == EventDelivery.event_id)
        .where(
            func.split_part(EventDelivery.target, "/", 1) == Target.PEOPLE.value,
            or_(EventDelivery.state == DeliveryState.UNWANTED, for_nobody),
            Event.at > func.now() - timedelta(days=1),
        )
    )
    rows = (
        select(*_ROW)
        .select_from(EventDelivery)
        .join(Event, Event.id == EventDelivery.event_id)
        .where(~for_nobody)
        .limit(MOST)
    )
    newest_first = rows.order_by(Event.at.desc(), Event.id, EventDelivery.target)
    with database.session() as session:
        counted = dict(session.execute(counts.group_by(EventDelivery.state)).all())
        shown: list[Mapping[str, Any]] = [
            dict(row)
            for state in states
            for row in session.execute(newest_first.where(EventDelivery.state == state)).mappings()
        ]
        declined = session.scalars(unwanted).one()
    return Undelivered(counted.get(states[0], 0), counted.get(states[1], 0), declined, shown)
