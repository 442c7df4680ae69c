"""The floor's tables, made like ours and beside them, and the statements that write them."""

from __future__ import annotations

from sqlalchemy import text

from models.account import Account, Position
from models.session import Database
from models.snapshot import BALANCES, POSITION_VALUES

_ACCOUNT = {"type": "text", "currency": "text", **dict.fromkeys(BALANCES, "numeric"), "as_of": "timestamptz"}
_TYPES = {"NUMERIC": "numeric", "DATE": "date"}
_POSITION = {name: _TYPES.get(str(Position.__table__.columns[name].type), "text") for name in POSITION_VALUES}
_HELD = ", ".join(("account_id", "instrument_key", *_POSITION))


def _declared(columns: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


WRITE_ACCOUNTS = f"""
    UPDATE floor.accounts AS a SET {", ".join(f"{name} = r.{name}" for name in _ACCOUNT)},
        version = a.version + 1, fetched_at = %s, committed_at = clock_timestamp()
    FROM json_to_recordset(%s) AS r(id uuid, {_declared(_ACCOUNT)}) WHERE a.id = r.id RETURNING a.id::text, a.version
"""
DELETE_GONE = """
    DELETE FROM floor.positions AS p WHERE account_id = ANY(%s::uuid[]) AND NOT EXISTS (
        SELECT FROM unnest(%s::uuid[], %s::text[]) AS h(account_id, instrument_key)
        WHERE h.account_id = p.account_id AND h.instrument_key = p.instrument_key
    )
"""
WRITE_POSITIONS = f"""
    INSERT INTO floor.positions ({_HELD})
    SELECT {_HELD} FROM json_to_recordset(%s) AS r(account_id uuid, instrument_key text, {_declared(_POSITION)})
    ON CONFLICT (account_id, instrument_key) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _POSITION)}
"""


def make(database: Database) -> None:
    """In a schema of their own, with the same columns, keys and indexes, empty."""
    with database.session() as session:
        session.execute(text("CREATE SCHEMA floor"))
        for table in (Account.__tablename__, Position.__tablename__):
            session.execute(text(f"CREATE TABLE floor.{table} (LIKE public.{table} INCLUDING ALL)"))


def copy_accounts(database: Database) -> None:
    """The accounts that a sync of ours has found: the floor finds none by itself."""
    with database.session() as session:
        session.execute(text("INSERT INTO floor.accounts SELECT * FROM public.accounts ON CONFLICT (id) DO NOTHING"))
