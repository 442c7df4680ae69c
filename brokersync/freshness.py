"""Whether the data that somebody watches are as new as they should be, and when that is worth a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from brokersync.looking import Watched
from models.connection import SCHEDULED, Connection, Status
from worker import schedule

PATIENCE = timedelta(seconds=15)
"""What a sync and its message take, with room for our own looks: more than any healthy installation needs."""
AGAIN = 2
"""Old data are told again when they are so many times as old as when they were told last: a night costs some lines."""


@dataclass(frozen=True)
class Old:
    """Accounts of one connection whose data are too old. `age` is that of the oldest; `stopped`: nobody asks for more."""

    accounts: Sequence[Watched]
    age: timedelta
    stopped: bool


@dataclass(frozen=True)
class Fresh:
    """Accounts of one connection whose data had been told to be old, and that were confirmed again."""

    accounts: Sequence[Watched]
    age: timedelta


@dataclass(frozen=True)
class _Told:
    status: str
    again_at: timedelta
    confirmed_at: datetime


class Freshness:
    """Remembers when each account was confirmed, and what was told of it. Times are those of the database's clock."""

    def __init__(self) -> None:
        self._confirmed: dict[str, datetime] = {}
        self._told: dict[str, _Told] = {}

    def confirmed(self, times: Mapping[str, datetime]) -> None:
        """The broker confirmed these accounts then. An earlier time than the one that is known changes nothing."""
        for account_id, at in times.items():
            self._confirmed[account_id] = max(at, self._confirmed.get(account_id, at))

    def news(self, accounts: Sequence[Watched], now: datetime) -> list[Old | Fresh]:
        """What is worth a word now: once when data are too old, again in growing distances, and when they are not."""
        told: list[Old | Fresh] = []
        of_connection = groupby(
            sorted(accounts, key=lambda each: str(each.connection.id)), key=lambda each: each.connection.id
        )
        for _, group in of_connection:
            known = [account for account in group if account.shared and self._has_data(account)]
            old = [account for account in known if self._is_news(account, now)]
            fresh = [account for account in known if self._is_fresh_again(account, now)]
            if old:
                told.append(Old(old, self._oldest(old, now), _stopped(old[0])))
            if fresh:
                told.append(Fresh(fresh, self._oldest(fresh, now)))
        return told

    def _has_data(self, account: Watched) -> bool:
        """Of a disconnected account nothing is left on Redis, unless it was heard of before."""
        return account.account_id in self._confirmed or account.connection.status != Status.DISCONNECTED

    def _confirmed_at(self, account: Watched) -> datetime:
        """As Redis has it, which is what is shown. Where it has nothing, as the database does; one that was never confirmed
        has been waited for since it was listed."""
        return self._confirmed.get(account.account_id) or account.checked_at or account.created_at

    def _is_news(self, account: Watched, now: datetime) -> bool:
        """Whether the account's data are old and that is to be told, which it then counts as."""
        confirmed_at = self._confirmed_at(account)
        if not _is_old(account, confirmed_at, now):
            return False
        told, age, status = self._told.get(account.account_id), now - confirmed_at, account.connection.status
        if told is not None and told.status == status and age < told.again_at:
            return False
        again_at = AGAIN * max(age, account.connection.sync_interval)
        self._told[account.account_id] = _Told(status, again_at, confirmed_at)
        return True

    def _is_fresh_again(self, account: Watched, now: datetime) -> bool:
        """Whether data that were told to be old are not any more, which is then told."""
        told, confirmed_at = self._told.get(account.account_id), self._confirmed_at(account)
        if told is None or confirmed_at <= told.confirmed_at or _is_old(account, confirmed_at, now):
            return False
        del self._told[account.account_id]
        return True

    def _oldest(self, accounts: Sequence[Watched], now: datetime) -> timedelta:
        return now - min(self._confirmed_at(account) for account in accounts)


def is_late(account: Watched, confirmed_at: datetime, now: datetime) -> bool:
    """Whether a whole interval has passed since the broker was to be asked again, and the connection's hours last.

    One answer that fails is tried again before that, and is nobody's business; outside the hours old data are expected.
    """
    connection = account.connection
    due_at = schedule.in_hours(connection, confirmed_at + connection.sync_interval)
    planned_at = _planned_at(connection)
    if planned_at is not None:
        due_at = max(due_at, planned_at)
    if now <= due_at + connection.sync_interval + PATIENCE:
        return False
    return schedule.in_hours(connection, now) <= now


def _planned_at(connection: Connection) -> datetime | None:
    """When the connection is asked next, or began to be, where nothing went wrong: a shorter interval, or a connection that
    is resumed, makes no data late. None where something did: what is waited for then is only another try.
    """
    if connection.unfinished_attempts == 1 and not connection.consecutive_failures:
        # A first run is at work: `next_sync_at` is when its claim ends.
        return connection.claim_started_at
    return None if connection.unfinished_attempts or connection.consecutive_failures else connection.next_sync_at


def _is_old(account: Watched, confirmed_at: datetime, now: datetime) -> bool:
    return _stopped(account) or is_late(account, confirmed_at, now)


def _stopped(account: Watched) -> bool:
    """Whether the connection is not asked at all: paused, its login ended, or disconnected."""
    return account.connection.status not in SCHEDULED
