"""The parts a pipeline works with, put together once per process and handed in: tests hand in others."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from brokers.interface import Broker
from brokers.registry import build
from models.event import Target
from models.installation import Fingerprints, fingerprints
from models.session import Database
from settings import Settings
from worker.app_answers import AppAnswers
from worker.publisher import Publisher
from worker.readings import Readings
from worker.webhook import Webhook


@dataclass
class Parts:
    """`environ` is what brokers are configured from; each is built when first needed and then shared by all threads.

    `brought_forward` names the circuits (broker, app, opened at) whose own workers were asked to show themselves.
    `delivering` is held, for each target, by the thread of this process that sends to it.
    """

    settings: Settings
    database: Database
    publisher: Publisher
    environ: Mapping[str, str]
    random: Callable[[], float] = random.random
    brokers: dict[str, Broker] = field(default_factory=dict)
    readings: Readings = field(default_factory=Readings)
    app_answers: AppAnswers = field(default_factory=AppAnswers)
    brought_forward: set[tuple[str, str, datetime]] = field(default_factory=set)
    delivering: Mapping[Target, threading.Lock] = field(
        default_factory=lambda: {each: threading.Lock() for each in Target}
    )

    def broker(self, name: str) -> Broker:
        """Raises `brokers.interface.NotConfigured`."""
        if name not in self.brokers:
            # Two threads may build one each; the loser's has opened no connection yet.
            self.brokers.setdefault(name, build(name, self.environ))
        return self.brokers[name]

    @cached_property
    def fingerprints(self) -> Fingerprints:
        """Read once: the key never changes. Raises `CredentialsUnreadable`."""
        with self.database.session() as session:
            return fingerprints(session)

    @cached_property
    def webhook(self) -> Webhook | None:
        """None where nobody has set one up. Raises `settings.Unusable`."""
        url, secret = self.settings.webhook_url, self.settings.webhook_secret
        return None if url is None or secret is None else Webhook(url, secret, self.settings.webhook_private)

    def close(self) -> None:
        for broker in self.brokers.values():
            broker.close()
        self.publisher.close()
        self.database.close()
