"""Several endless sources of events at once, none of which can hold up another, or Ctrl-C."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import TypeVar

Event = TypeVar("Event")

MOST_WAITING = 1000
"""Events. Where nobody reads our output, the sources wait; what they missed meanwhile they read again."""


def merged(*sources: Iterable[Event]) -> Iterator[Event]:
    """The events of all sources as they come. An error of a source is raised here.

    Each source runs in a thread of its own: one that waits in a library (for a name, for a server that hangs) cannot be
    interrupted there, but who reads the events can. The threads end with the process.
    """
    waiting: queue.Queue[Event | BaseException] = queue.Queue(MOST_WAITING)
    for source in sources:
        threading.Thread(target=_hand_over, args=(source, waiting), daemon=True).start()
    while True:
        event = waiting.get()
        if isinstance(event, BaseException):
            raise event
        yield event


def _hand_over(source: Iterable[Event], waiting: queue.Queue[Event | BaseException]) -> None:
    def hand_error(
        kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if error is not None:
            waiting.put(error)
        # Whatever it is, it is the reader's now.
        return True

    with ExitStack() as stack:
        stack.push(hand_error)
        for event in source:
            waiting.put(event)
