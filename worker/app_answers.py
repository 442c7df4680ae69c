"""What a broker says of the app alone, while syncs fail: asked once for all that fail at the same time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum

from brokers.errors import AppMisconfigured, BadAnswer, BrokerError, RateLimited, Unreachable
from brokers.interface import Broker

GOOD_FOR = 5.0
"""Seconds for which an answer is taken for what the broker would say now."""


class Answer(StrEnum):
    """`unclear`: the broker answers, and neither takes nor refuses. `none`: it does not, a gateway answers in its place, or
    it only says to come back later. Neither says that it is so for logins too."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    NONE = "none"


def ask(broker: Broker, deadline: float) -> Answer:
    """`deadline` in seconds."""
    try:
        broker.check_app(deadline=deadline)
    except AppMisconfigured:
        return Answer.REFUSED
    except (Unreachable, RateLimited):
        return Answer.NONE
    except BrokerError as error:
        return Answer.NONE if error.unanswered and not isinstance(error, BadAnswer) else Answer.UNCLEAR
    return Answer.TAKEN


@dataclass
class _Said:
    lock: threading.Lock = field(default_factory=threading.Lock)
    answer: Answer | None = None
    at: float = 0.0


class AppAnswers:
    """The last answer about each app. One thread of a process asks; the others wait for what it hears."""

    def __init__(self) -> None:
        self._said: dict[str, _Said] = {}

    def of(self, broker: Broker, app: str, deadline: float) -> Answer:
        """`app` is its fingerprint. Takes as long as two questions at most, `deadline` being the seconds of one."""
        said = self._said.setdefault(app, _Said())
        if not said.lock.acquire(timeout=deadline):
            return Answer.NONE
        try:
            if said.answer is None or time.monotonic() - said.at >= GOOD_FOR:
                said.answer, said.at = ask(broker, deadline), time.monotonic()
            return said.answer
        finally:
            said.lock.release()
