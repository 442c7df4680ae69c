"""`deliver_events`: from the outbox to Redis, to the webhook and to people, each at least once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from itertools import groupby

import redis

from models.event import Target
from worker.delivery import outbox, people
from worker.delivery.addresses import Address, addresses
from worker.delivery.notices import notice
from worker.delivery.outbox import Due
from worker.event_documents import event_document
from worker.limits import DELIVER_DEADLINE, WEBHOOK_TOTAL, Deadline
from worker.parts import Parts
from worker.webhook import NotDelivered

_BATCH_FOR_REDIS = 200
_BATCH_FOR_WEBHOOK = 20
_BATCH_FOR_PEOPLE = 20
_ADDRESSES_AT_ONCE = 8


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
        try:
            parts.publisher.announce([(each.event.user_id or "", event_document(each.event)) for each in due])
        except redis.RedisError:
            outbox.failed(parts.database, due, "Redis could not be reached", parts.random)
            break
        outbox.delivered(parts.database, due)
        taken += len(due)
    return taken


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
            webhook.send(
                event_document(each.event), each.event.id, datetime.now(UTC), deadline=WEBHOOK_TOTAL.total_seconds()
            )
        except NotDelivered as error:
            # Who is not there for one is not asked about the others of this run.
            refused = due[place:] if error.retry else [each]
            outbox.failed(parts.database, refused, str(error), parts.random, retry=error.retry)
            if error.retry:
                break
        else:
            outbox.delivered(parts.database, [each])
            taken += 1
    return taken


def _to_people(parts: Parts) -> int:
    known = {f"{Target.PEOPLE}/{each.place}": each for each in addresses(parts.settings.notify_urls)}
    outbox.address_to_people(parts.database, len(known))
    due = sorted(outbox.take(parts.database, Target.PEOPLE, _BATCH_FOR_PEOPLE), key=lambda each: each.target)
    if not due:
        return 0
    for_each = {target: list(of_one) for target, of_one in groupby(due, key=lambda each: each.target)}
    now, later = list(for_each)[:_ADDRESSES_AT_ONCE], list(for_each)[_ADDRESSES_AT_ONCE:]
    outbox.put_back(parts.database, [each for target in later for each in for_each[target]])
    with ThreadPoolExecutor(len(now), "people") as threads:
        sending = [threads.submit(_to_one_address, known[target], for_each[target]) for target in now]
        # As they come in: what one address took is noted before another one's time is over.
        return sum(_note(parts, *future.result()) for future in as_completed(sending))


def _to_one_address(address: Address, due: Sequence[Due]) -> tuple[Sequence[Due], Sequence[people.Answer]]:
    # Several of one address are in the order of their events.
    return due, people.send(address, [notice(each.told) for each in due]).answers


def _note(parts: Parts, due: Sequence[Due], answers: Sequence[people.Answer]) -> int:
    tried = list(zip(due, answers, strict=False))
    taken = [each for each, answer in tried if answer.taken]
    if taken:
        outbox.delivered(parts.database, taken)
    for each, answer in tried:
        if not answer.taken:
            outbox.failed(parts.database, [each], answer.said or "", parts.random)
    rest = due[len(tried) :]
    if tried and not tried[-1][1].taken:
        outbox.failed(parts.database, rest, tried[-1][1].said or "", parts.random)
    else:
        outbox.put_back(parts.database, rest)
    return len(taken)


_WAYS: dict[Target, Callable[[Parts], int]] = {
    Target.SUBSCRIBERS: _to_subscribers,
    Target.WEBHOOK: _to_the_webhook,
    Target.PEOPLE: _to_people,
}
