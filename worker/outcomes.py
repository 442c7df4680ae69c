"""What can come of a sync, and how it is told."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """From best to worst; a run's outcome is the worst of its accounts."""

    UNCHANGED = "unchanged"
    OK = "ok"
    DEFERRED = "deferred"
    BUSY = "busy"
    SUPERSEDED = "superseded"
    FAILED = "failed"


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst of these; `unchanged` for none."""
    order = list(Outcome)
    return max(outcomes, key=order.index, default=Outcome.UNCHANGED)


@dataclass(frozen=True)
class AccountOutcome:
    """What came of one account. `account_id` is None for one that could not be read and was never seen before."""

    account_id: uuid.UUID | None
    outcome: Outcome
    version: int | None = None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "account_id": None if self.account_id is None else str(self.account_id),
            "outcome": self.outcome.value,
            "version": self.version,
            "error": self.error,
        }


@dataclass(frozen=True)
class SyncResult:
    """What a sync that did not fail returns. `run_id` is the run that did it, or the one that is at it (`busy`)."""

    connection_id: uuid.UUID
    outcome: Outcome
    run_id: uuid.UUID | None = None
    accounts: tuple[AccountOutcome, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "connection_id": str(self.connection_id),
            "run_id": None if self.run_id is None else str(self.run_id),
            "outcome": self.outcome.value,
            "accounts": [account.as_json() for account in self.accounts],
        }


class SyncFailed(Exception):
    """A sync that failed: one of the closed error kinds, and our own words for it. Fails its task.

    Made from one text, `kind: words`, so that a caller without our classes reads the same in Celery's result.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.kind, _, self.text = message.partition(": ")

    @classmethod
    def of(cls, kind: str, text: str) -> SyncFailed:
        return cls(f"{kind}: {text}")


class CannotSync(Exception):
    """What was asked for cannot be done: unknown, paused, disconnected, waiting for a person, no id at all.

    The message says which. It is no sync that failed, so it has none of the error kinds, and leaves no trace in the rows.
    """
