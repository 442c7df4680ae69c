"""The views that dashboards read: nothing sealed, nothing of the worker's bookkeeping, and how old each row is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Column, inspect, text

from models.account import Position
from models.session import Database
from models.snapshot import BALANCES
from tests.models.snapshots import write
from tests.records import NUMBER, a_connection, a_position, a_snapshot, an_account

pytestmark = pytest.mark.servers

VIEWS = ("v_connections", "v_accounts", "v_positions")


def view(database: Database, name: str) -> list[dict[str, Any]]:
    with database.session() as session:
        return [dict(row) for row in session.execute(text(f"TABLE {name}")).mappings()]


def columns(database: Database, name: str) -> set[str]:
    return {column["name"] for column in inspect(database.engine).get_columns(name)}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_shows_nothing_that_is_sealed_or_stands_for_it(database: Database, name: str) -> None:
    hidden = {
        "claim_id",
        "claim_until",
        "fetch_state_sealed",
        "number_sealed",
        "number_fp",
        "login_fp",
        "document_sealed",
    }
    assert columns(database, name) & hidden == set()
    assert [column for column in columns(database, name) if "sealed" in column or column.endswith("_fp")] == []


def test_accounts_show_every_balance_and_positions_every_value(database: Database) -> None:
    assert set(BALANCES) <= columns(database, "v_accounts")
    assert {column.name for column in Position.__table__.columns if isinstance(column, Column)} <= columns(
        database, "v_positions"
    )


def test_rows_say_whose_they_are_and_how_old_they_are(database: Database) -> None:
    connection_id = a_connection(database, checked_at=datetime.now(UTC) - timedelta(hours=1))
    account_id = an_account(database, connection_id)
    an_account(database, connection_id, "99887766")
    write(database, (account_id, a_snapshot(NUMBER, a_position())), at=datetime.now(UTC) - timedelta(minutes=5))

    (connection,) = view(database, "v_connections")
    assert (connection["connection_id"], connection["user_id"], connection["status"]) == (connection_id, "42", "active")
    assert timedelta(minutes=60) <= connection["age"] < timedelta(minutes=61)
    fetched, listed = sorted(view(database, "v_accounts"), key=lambda row: row["version"], reverse=True)
    assert (fetched["account_id"], fetched["masked"], fetched["cash"]) == (account_id, "…452", Decimal("4488.10"))
    assert timedelta(minutes=5) <= fetched["age"] < timedelta(minutes=6)
    assert (listed["version"], listed["age"], listed["cash"]) == (0, None, None)
    (position,) = view(database, "v_positions")
    assert (position["account_id"], position["quantity"], position["version"]) == (account_id, 700, 1)
    assert position["user_id"] == "42"
    assert timedelta(minutes=5) <= position["age"] < timedelta(minutes=6)
