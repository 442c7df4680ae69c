"""What stands in the rows of an account, as one digest of all that a fetch writes: equal digests mean equal rows.

PostgreSQL works it out, from the rows as they are, so whoever changed one of them is noticed.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.snapshot import DIGEST

Digests = Mapping[uuid.UUID, str]
"""By the account's id."""

_CONFIRM = text(
    f"""
WITH expected AS (
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:digests AS text[])) AS e(id, digest)
), standing AS (
    SELECT a.id, a.version FROM accounts AS a JOIN expected AS e ON e.id = a.id
    WHERE e.digest = {DIGEST}
), checked AS (
    INSERT INTO account_checks AS c (account_id, checked_at) SELECT id, :checked_at FROM standing
    WHERE (SELECT count(*) FROM standing) = (SELECT count(*) FROM expected)
    ON CONFLICT (account_id) DO UPDATE SET checked_at = greatest(c.checked_at, excluded.checked_at)
)
SELECT id, version FROM standing
"""
)


def confirm(session: Session, digests: Digests, checked_at: datetime) -> dict[uuid.UUID, int] | None:
    """Note that the broker confirmed these accounts, if their rows still have these digests; the version of each.

    None where the rows of any of them have changed or are gone; then nothing is written.
    """
    given = {"ids": [str(account_id) for account_id in digests], "digests": list(digests.values())}
    rows = session.connection().execute(_CONFIRM, {**given, "checked_at": checked_at}).all()
    return dict(rows) if len(rows) == len(digests) else None
