"""`deliver_events`: from the outbox to Redis, to the webhook and to people, each at least once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import redis

from models.event import Target
from worker.delivery import outbox
from worker.delivery.faults import each_written, taken_for_a_failure
from worker.delivery.outbox import Due
from worker.delivery.pacing import FIRST_WAIT
from worker.delivery.to_people import to_people
from worker.event_documents import event_document
from worker.limits import DELIVER_DEADLINE, WEBHOOK_TOTAL, Deadline
from worker.parts import Parts
from worker.webhook import NotDelivered

_BATCH_FOR_REDIS = 200
_BATCH_FOR_WEBHOOK = 20


def deliver_events(parts: Parts) -> int:
    """Send what is due to whom it is for; how many deliveries were taken.

    Redis first, which takes milliseconds; then the webhook, then people. For each at most one thread of this process is at
    work: one that does not answer holds that thread until its time is over, and the next run goes past it to the others.
    """
    due = outbox.targets_due(parts.database)
    taken = 0
    for target, deliver in _WAYS.items():
        if target in due and parts.delivering[target].acquire(blocking=False):
            try:
                taken += deliver(parts)
            finally:
                parts.delivering[target].release()
    return taken


def _to_subscribers(parts: Parts) -> int:
    deadline, taken = Deadline(DELIVER_DEADLINE), 0
    while deadline.left() and (due := outbox.take(parts.database, Target.SUBSCRIBERS, _BATCH_FOR_REDIS)):
        written = each_written(parts, due, lambda each: event_document(each.event))
        sent = [each for each, _ in written]
        try:
            with taken_for_a_failure(Target.SUBSCRIBERS):
                _announce(parts, written)
        except NotDelivered as error:
            outbox.failed(parts.database, sent, error.text, parts.random)
            break
        outbox.delivered(parts.database, sent)
        taken += len(sent)
    return taken


def _announce(parts: Parts, written: Sequence[tuple[Due, bytes]]) -> None:
    try:
        parts.publisher.announce([(each.event.user_id or "", document) for each, document in written])
    except redis.RedisError:
        raise NotDelivered("Redis could not be reached", retry=True) from None


def _to_the_webhook(parts: Parts) -> int:
    webhook = parts.webhook
    if webhook is None:
        outbox.decline(parts.database, Target.WEBHOOK)
        return 0
    deadline, taken = Deadline(DELIVER_DEADLINE), 0
    due = outbox.take(parts.database, Target.WEBHOOK, _BATCH_FOR_WEBHOOK)
    for place, each in enumerate(due):
        if not deadline.left():
            outbox.put_back(parts.database, due[place:])
            break
        try:
            with taken_for_a_failure(Target.WEBHOOK):
                webhook.send(
                    event_document(each.event), each.event.id, datetime.now(UTC), deadline=WEBHOOK_TOTAL.total_seconds()
                )
        except NotDelivered as error:
            outbox.failed(parts.database, [each], error.text, parts.random, retry=error.retry)
            if error.retry:
                # Who is not there for one is not asked about the others of this run.
                outbox.put_back(parts.database, due[place + 1 :], after=FIRST_WAIT)
                break
        else:
            outbox.delivered(parts.database, [each])
            taken += 1
    return taken


_WAYS: dict[Target, Callable[[Parts], int]] = {
    Target.SUBSCRIBERS: _to_subscribers,
    Target.WEBHOOK: _to_the_webhook,
    Target.PEOPLE: to_people,
}
