"""Faults of our own on the way to somebody: told in the log, and counted as a try that failed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from worker.delivery import outbox
from worker.delivery.outbox import Due
from worker.parts import Parts
from worker.webhook import NotDelivered

log = logging.getLogger(__name__)

Written = TypeVar("Written")


@contextmanager
def taken_for_a_failure(target: str) -> Iterator[None]:
    """Raises `NotDelivered` for whatever nobody foresaw: it is tried again as any other failure, and given up in the end."""
    try:
        yield
    except NotDelivered:
        raise
    except Exception:
        # Whatever it is: let through, it would leave what was taken unmarked, to be sent again without end, and hold up
        # all that waits behind it.
        log.exception("internal fault while something was delivered", extra={"target": target})
        raise NotDelivered(
            "a fault of brokersync itself came in the way; the worker's log says more", retry=True
        ) from None


def each_written(parts: Parts, due: Sequence[Due], write: Callable[[Due], Written]) -> list[tuple[Due, Written]]:
    """What is to be sent of each. One of which that cannot be said has failed, and is left out."""
    done = []
    for each in due:
        try:
            with taken_for_a_failure(each.target):
                done.append((each, write(each)))
        except NotDelivered as error:
            outbox.failed(parts.database, [each], error.text, parts.random)
    return done
