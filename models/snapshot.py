"""Writing what a fetch brought: one statement for all accounts and positions, however many there are.

The statement deletes what is gone, inserts what is new, updates what differs and raises the version of each account that
any of this touched. A row that did not change is not written, so the same answer twice costs no write.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Date, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from models.account import Account, AccountCheck, Position
from models.base import UTCDateTime

BALANCES = tuple(column.name for column in Account.__table__.columns if isinstance(column.type, Numeric))
"""The columns of `accounts` that hold balances."""

POSITION_VALUES = tuple(column.name for column in Position.__table__.columns if not column.primary_key)
"""The columns of `positions` beside its key."""

ACCOUNT_VALUES = ("type", "currency", *BALANCES, "as_of")
"""The columns of `accounts` that a fetch writes."""

AccountRow = dict[str, Any]
"""Column names of `accounts` → values: `id` and all of `ACCOUNT_VALUES`. A column that is left out is written as null."""

PositionRow = dict[str, Any]
"""Column names of `positions` → values: `account_id`, `instrument_key` and all of `POSITION_VALUES`, as above."""


@dataclass(frozen=True)
class Written:
    """What the write did: the new version of each account that changed, and how many position rows it touched.

    `current` is the version that each account named has now, changed or not. `digests` are those of the rows that were
    found equal to what was fetched; None where any of the accounts changed.
    """

    versions: Mapping[uuid.UUID, int]
    positions_changed: int
    current: Mapping[uuid.UUID, int]
    digests: Mapping[uuid.UUID, str] | None


def write_snapshot(
    session: Session, accounts: Sequence[AccountRow], positions: Sequence[PositionRow], fetched_at: datetime
) -> Written:
    """Make the rows of these accounts equal to what was fetched; accounts not named here stay as they are.

    All-or-nothing with the caller's transaction. `fetched_at` (database clock) becomes the time of each new version, and
    of the check of every account named.
    """
    rows = session.execute(
        _WRITE,
        {
            "accounts": _ENCODER.encode(accounts).decode(),
            "positions": _ENCODER.encode(positions).decode(),
            "fetched_at": fetched_at,
        },
    )
    versions: dict[uuid.UUID, int] = {}
    current: dict[uuid.UUID, int] = {}
    digests: dict[uuid.UUID, str] = {}
    positions_changed = 0
    for account_id, before, version, changed, digest in rows:
        positions_changed += changed
        current[account_id], digests[account_id] = before, digest
        if version is not None:
            versions[account_id] = current[account_id] = version
    return Written(versions, positions_changed, current, None if versions else digests)


def _encode_other(value: Any) -> str:
    return str(value)


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_encode_other)


def _declared(model: type[Account | Position], names: Sequence[str]) -> str:
    """Names with their types, for `json_to_recordset`."""
    columns = model.__table__.columns
    return ", ".join(f'"{name}" {_sql_type(columns[name].type)}' for name in names)


def _sql_type(column_type: Any) -> str:
    for python_type, name in ((Text, "text"), (Numeric, "numeric"), (Date, "date"), (BigInteger, "bigint")):
        if isinstance(column_type, python_type):
            return name
    if isinstance(column_type, UTCDateTime):
        return "timestamptz"
    return "jsonb" if isinstance(column_type, JSONB) else "uuid"


def _row(alias: str, names: Sequence[str]) -> str:
    return f"({', '.join(f'{alias}.{name}' for name in names)})"


def _assignments(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f"{name} = {alias}.{name}" for name in names)


_POSITION_COLUMNS = ("account_id", "instrument_key", *POSITION_VALUES)

# A row as text tells null from empty and where each value ends. Numbers are compared digit by digit, so 1.0 and 1.00
# differ here, which costs a comparison value by value and nothing else.
DIGEST = f"""
encode(sha256(convert_to(
    ROW{_row("a", ACCOUNT_VALUES)}::text || coalesce((
        SELECT string_agg(p::text, '' ORDER BY p.instrument_key) FROM {Position.__tablename__} AS p
        WHERE p.account_id = a.id
    ), ''), 'UTF8'
)), 'hex')
"""
"""What stands in the rows of the account `a`, in SQL: equal digests mean that all that a fetch writes is equal."""

# Every name below comes from our own table definitions; values travel as parameters. The digest is of the rows that this
# statement compared: asked for in a next one, it may be of others.
_WRITE = text(
    f"""
WITH fetched AS (
    SELECT * FROM json_to_recordset(CAST(:accounts AS json))
        AS a({_declared(Account, ("id", *ACCOUNT_VALUES))})
), held AS (
    SELECT * FROM json_to_recordset(CAST(:positions AS json)) AS p({_declared(Position, _POSITION_COLUMNS)})
), gone AS (
    DELETE FROM {Position.__tablename__} AS p USING fetched AS f
    WHERE p.account_id = f.id AND NOT EXISTS (
        SELECT FROM held AS h WHERE h.account_id = p.account_id AND h.instrument_key = p.instrument_key
    )
    RETURNING p.account_id
), put AS (
    INSERT INTO {Position.__tablename__} AS p ({", ".join(_POSITION_COLUMNS)})
    SELECT {", ".join(_POSITION_COLUMNS)} FROM held
    ON CONFLICT (account_id, instrument_key) DO UPDATE SET {_assignments("excluded", POSITION_VALUES)}
    WHERE {_row("p", POSITION_VALUES)} IS DISTINCT FROM {_row("excluded", POSITION_VALUES)}
    RETURNING p.account_id
), touched AS (
    SELECT account_id, count(*) AS changed
    FROM (SELECT account_id FROM gone UNION ALL SELECT account_id FROM put) AS either GROUP BY account_id
), raised AS (
    UPDATE {Account.__tablename__} AS a
    SET {_assignments("f", ACCOUNT_VALUES)}, version = a.version + 1,
        fetched_at = :fetched_at, committed_at = clock_timestamp()
    FROM fetched AS f
    WHERE a.id = f.id AND (
        a.version = 0
        OR {_row("a", ACCOUNT_VALUES)} IS DISTINCT FROM {_row("f", ACCOUNT_VALUES)}
        OR EXISTS (SELECT FROM touched AS t WHERE t.account_id = a.id)
    )
    RETURNING a.id, a.version
), checked AS (
    INSERT INTO {AccountCheck.__tablename__} AS c (account_id, checked_at) SELECT id, :fetched_at FROM fetched
    ON CONFLICT (account_id) DO UPDATE SET checked_at = greatest(c.checked_at, excluded.checked_at)
)
SELECT f.id, a.version, r.version, coalesce(t.changed, 0), CASE WHEN NOT EXISTS (SELECT FROM raised) THEN {DIGEST} END
FROM fetched AS f JOIN {Account.__tablename__} AS a ON a.id = f.id
LEFT JOIN raised AS r ON r.id = f.id LEFT JOIN touched AS t ON t.account_id = f.id
"""
)
