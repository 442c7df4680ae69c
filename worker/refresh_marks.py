"""What a refresh writes beside the credentials: that it began, how it was cut short, and what it brought.

    begin → (no_answer) → save      the tokens are new, and nothing is left of earlier attempts
                        → end       the broker answered something else, or twice nothing: only the attempt is over

An attempt that neither saved nor ended was cut short by a crash, which the next one finds.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from enum import StrEnum

from brokers.records import Grant
from models.connection import Credential
from worker.limits import ATTEMPT_LIVES


class CutShort(StrEnum):
    """Why nobody knows what the broker did. `no_answer`: it was asked, and nothing usable came back."""

    CRASH = "crash"
    NO_ANSWER = "no_answer"


def is_at_work(credential: Credential, now: datetime) -> bool:
    """Whether somebody may still be asking, or saving what came, with the row's lock or without it."""
    began = credential.refresh_started_at
    return began is not None and timedelta(0) <= now - began < ATTEMPT_LIVES


def begin(credential: Credential, now: datetime) -> uuid.UUID:
    """Mark a new attempt, and name it. A mark that is there still is of one that never came to an end."""
    if credential.refresh_attempt_id is not None:
        credential.cut_short_at, credential.cut_short_by = credential.refresh_started_at, CutShort.CRASH.value
    attempt_id = uuid.uuid4()
    credential.refresh_attempt_id, credential.refresh_started_at = attempt_id, now
    return attempt_id


def no_answer(credential: Credential, asked_at: datetime) -> None:
    """The broker may have issued tokens that never came."""
    credential.cut_short_at, credential.cut_short_by = asked_at, CutShort.NO_ANSWER.value


def end(credential: Credential) -> None:
    """The attempt is over without tokens. What is known of earlier ones stays: only new tokens make it void."""
    credential.refresh_attempt_id = credential.refresh_started_at = None


def save(credential: Credential, grant: Grant, asked_at: datetime) -> None:
    """Put the new tokens in the place of the old. `asked_at` is when they were asked for: their time runs from there."""
    credential.document = grant.credentials
    credential.access_expires_at = None if grant.access_expires_in is None else asked_at + grant.access_expires_in
    credential.token_version += 1
    credential.refreshed_at = asked_at
    credential.cut_short_at = credential.cut_short_by = None
    end(credential)
