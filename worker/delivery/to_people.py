"""From the outbox to people: each address counts for itself."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from itertools import groupby

from models.event import Target
from worker.delivery import outbox, people
from worker.delivery.addresses import addresses
from worker.delivery.faults import each_written, taken_for_a_failure
from worker.delivery.notices import notice
from worker.delivery.outbox import Due
from worker.delivery.pacing import FIRST_WAIT
from worker.delivery.people import Answers
from worker.parts import Parts
from worker.webhook import NotDelivered

_BATCH = 20
_ADDRESSES_AT_ONCE = 8


def to_people(parts: Parts) -> int:
    """Send what is due to people; how many deliveries were taken."""
    known = {each.target: each for each in addresses(parts.settings.notify_urls)}
    outbox.address_to_people(parts.database, list(known))
    due = sorted(outbox.take(parts.database, Target.PEOPLE, _BATCH, list(known)), key=lambda each: each.target)
    # Several of one address are in the order of their events.
    for_each = {target: list(of_one) for target, of_one in groupby(due, key=lambda each: each.target)}
    now, later = list(for_each)[:_ADDRESSES_AT_ONCE], list(for_each)[_ADDRESSES_AT_ONCE:]
    outbox.put_back(parts.database, [each for target in later for each in for_each[target]])
    with ThreadPoolExecutor(_ADDRESSES_AT_ONCE, "people") as threads:
        sending = {}
        for target in now:
            written = each_written(parts, for_each[target], lambda each: notice(each.told))
            if written:
                due_to_it, notices = [each for each, _ in written], [text for _, text in written]
                sending[threads.submit(people.send, known[target], notices)] = due_to_it
        # As they come in: what one address took is noted before another one's time is over.
        return sum(_note(parts, sending[sent], sent) for sent in as_completed(sending))


def _note(parts: Parts, due: Sequence[Due], sent: Future[Answers]) -> int:
    """What became of that which one address was sent; how many it took."""
    try:
        with taken_for_a_failure(due[0].target):
            answers = sent.result().answers
    except NotDelivered as error:
        # Nobody knows which of them it was sent.
        outbox.failed(parts.database, due, error.text, parts.random)
        return 0
    tried, rest = list(zip(due, answers, strict=False)), due[len(answers) :]
    outbox.delivered(parts.database, [each for each, answer in tried if answer.taken])
    for each, answer in tried:
        if not answer.taken:
            outbox.failed(parts.database, [each], answer.said or "", parts.random)
    # What there was no time for goes on at once, unless nobody is there.
    outbox.put_back(parts.database, rest, after=None if not tried or tried[-1][1].taken else FIRST_WAIT)
    return sum(answer.taken for _, answer in tried)
