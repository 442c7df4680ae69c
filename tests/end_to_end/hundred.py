"""A hundred logins of a hundred people, synced by a real worker and beat."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from brokers.registry import build
from models.connection import Credential, Status
from models.sealing import keyring
from models.session import Database
from tests.end_to_end.installation import Installation, installed, until
from tests.end_to_end.signing_in import WAIT, allowed_code
from tests.plugins.given_servers import own_database, own_redis_database
from tests.plugins.servers import Addresses
from tests.records import a_connection

HUNDRED = 100
DEAD, HANGING = "person-1", "person-2"


@dataclass
class Hundred:
    """The connections by person, in an installation of their own that asks each every `interval`."""

    installation: Installation
    connections: dict[str, str]
    interval: timedelta

    def let_one_die(self) -> None:
        self.installation.control("faults", fault="login_ended", user=DEAD)
        self.installation.rows(
            "UPDATE credentials SET access_expires_at = now() WHERE connection_id = :c", c=self.connections[DEAD]
        )

    def let_one_hang(self) -> None:
        """At once, whatever back-off it is in."""
        self.installation.control("faults", fault="stall", where="accounts", times=1_000, user=HANGING)
        self.installation.rows("UPDATE connections SET next_sync_at = now() WHERE id = :c", c=self.connections[HANGING])

    def status(self, person: str) -> str:
        query = "SELECT status FROM connections WHERE id = :c"
        return str(self.installation.rows(query, c=self.connections[person])[0][0])

    def now(self) -> datetime:
        moment: datetime = self.installation.rows("SELECT clock_timestamp()")[0][0]
        return moment

    def runs(self, since: datetime) -> dict[str, list[tuple[datetime, str]]]:
        """When each person's connection was asked since then, and what came of it."""
        by_connection = {connection: person for person, connection in self.connections.items()}
        found = defaultdict(list)
        query = "SELECT connection_id, started_at, outcome FROM sync_runs WHERE started_at > :since ORDER BY started_at"
        for connection, started_at, outcome in self.installation.rows(query, since=since):
            found[by_connection[str(connection)]].append((started_at, outcome))
        return found

    def longest_gaps(self, since: datetime, until: datetime) -> dict[str, timedelta]:
        """The longest time for which each of the 98 was not asked, of those that were over after `since` or go on."""
        runs = self.runs(since - 3 * self.interval)
        gaps = {}
        for person in self.connections.keys() - {DEAD, HANGING}:
            times = [*(at for at, _ in runs[person] if at < until), until]
            gaps[person] = max(later - earlier for earlier, later in pairwise(times) if later > since)
        return gaps


@contextmanager
def hundred(servers: Addresses, folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: int) -> Iterator[Hundred]:
    """All of them linked, active and asked once; each is asked again every so many seconds."""
    with (
        own_database(servers.database_url) as database_url,
        own_redis_database(servers.redis_url) as redis_url,
        installed(database_url, redis_url, folder, more_people=HUNDRED, SYNC_INTERVAL=str(seconds)) as installation,
    ):
        monkeypatch.setenv("ENCRYPTION_KEY", installation.environ["ENCRYPTION_KEY"])
        keyring.cache_clear()
        interval = timedelta(seconds=seconds)
        yield Hundred(installation, _linked(installation, database_url, interval), interval)
    keyring.cache_clear()


def _linked(installation: Installation, database_url: str, interval: timedelta) -> dict[str, str]:
    """As the web app leaves a login whose accounts could not be listed at once: the worker does it."""
    database, broker = Database(database_url), build("schwab", {**os.environ, **installation.environ})
    connections = {}
    for place in range(1, HUNDRED + 1):
        person = f"person-{place}"
        grant = broker.exchange(allowed_code(broker, person), None, deadline=WAIT)
        connection_id = a_connection(
            database, broker="schwab", user_id=person, status=Status.LINKING, sync_interval=interval
        )
        with database.session() as session:
            session.get_one(Credential, connection_id).document = grant.credentials
        connections[person] = str(connection_id)
    broker.close()
    asked = "SELECT 1 FROM connections WHERE status = 'active' AND last_success_at IS NOT NULL"
    until(lambda: len(installation.rows(asked)) == HUNDRED, 60)
    database.close()
    return connections
