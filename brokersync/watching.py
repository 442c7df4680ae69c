"""Watching accounts: every event of Redis, the database and the passing time becomes what a person or program is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

from rich.text import Text

from brokersync import cells, live_events, live_notes
from brokersync.following import Checked, Following, Happened, Heard, RedisAway, RedisBack
from brokersync.following import Event as LiveEvent
from brokersync.freshness import Freshness, Old
from brokersync.live import Document
from brokersync.looking import DatabaseAway, Look, Looking
from brokersync.updates import Update, Updates

Event = LiveEvent | Look | DatabaseAway


class Audience(Protocol):
    """Who is told."""

    def document(self, document: Document) -> None:
        """A document, as it came."""

    def update(self, update: Update, number: str) -> None:
        """What a version changed; `number` is the account's, masked."""

    def happened(self, document: Document, what: Text) -> None:
        """A connection event, as it came and in words."""

    def note(self, at: datetime, what: Text) -> None:
        """Something that is not data."""


class Watch:
    """Takes events, in any order, and tells what comes of them. `first` is how the accounts stand at the start."""

    def __init__(self, first: Look, following: Following, looking: Looking, audience: Audience) -> None:
        self._look = first
        self._following = following
        self._looking = looking
        self._audience = audience
        self._numbers: dict[str, str] = {}
        self._unnamed: list[Update] = []
        self._updates = Updates()
        self._freshness = Freshness()
        self._database_away = False
        self._know(first)

    def run(self, events: Iterable[Event]) -> None:
        """For ever, or for as long as there are events. First, which logins will end soon: their events may be past."""
        self._tell_ends()
        for event in events:
            match event:
                case Heard():
                    self._heard(event.document)
                case Happened():
                    self._happened(event.document)
                case Checked():
                    self._checked(event)
                case RedisAway():
                    self._note(live_notes.redis_away(event))
                case RedisBack():
                    self._note(live_notes.redis_back(event, datetime.now(UTC)))
                case Look():
                    self._looked(event)
                case DatabaseAway():
                    self._database_silent()

    def _tell_ends(self) -> None:
        for connection in {account.connection.id: account.connection for account in self._look.accounts}.values():
            told = live_notes.login_end(connection, self._look.now())
            if told is not None:
                self._note(told)

    def _heard(self, document: Document) -> None:
        account_id = document["account_id"]
        self._freshness.confirmed({account_id: datetime.fromisoformat(document["fetched_at"])})
        self._following.know([account_id])
        self._audience.document(document)
        update = self._updates.take(document)
        if update is None:
            return
        if account_id in self._numbers:
            self._audience.update(update, self._numbers[account_id])
        else:
            # Linked a moment ago: the database knows its number, and is asked for it at once.
            self._unnamed.append(update)
            self._looking.soon()

    def _happened(self, document: Document) -> None:
        self._audience.happened(document, live_events.told(document))
        # Its status, or its accounts, may be others now.
        self._looking.soon()

    def _looked(self, look: Look) -> None:
        if self._database_away:
            self._database_away = False
            self._note(live_notes.database_back())
        self._know(look)
        self._name()

    def _database_silent(self) -> None:
        if not self._database_away:
            self._database_away = True
            self._note(live_notes.database_away())
        self._name()

    def _know(self, look: Look) -> None:
        self._look = look
        self._numbers |= {account.account_id: account.number for account in look.accounts}
        self._following.know(account.account_id for account in look.accounts)

    def _name(self) -> None:
        """Tell what waited for an account's number; one that is not known goes by its id."""
        for update in self._unnamed:
            number = self._numbers.setdefault(update.account_id, update.account_id[: cells.SHORT_ID])
            self._audience.update(update, number)
        self._unnamed.clear()

    def _checked(self, event: Checked) -> None:
        """Only now, with all that was confirmed by now, can data be called old: not while Redis cannot say it."""
        self._freshness.confirmed(event.times)
        now = self._look.now()
        for news in self._freshness.news(self._look.accounts, now):
            if isinstance(news, Old):
                self._note(live_notes.old(news, now, database_is_away=self._database_away))
            else:
                self._note(live_notes.fresh(news))

    def _note(self, what: Text) -> None:
        self._audience.note(datetime.now(UTC), what)
