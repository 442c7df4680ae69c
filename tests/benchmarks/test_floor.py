"""The floor is only worth comparing with if it does the work: the same rows, the same documents."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import redis
from sqlalchemy import text

from benchmarks.answers import Shape
from benchmarks.floor import DOCUMENTS
from benchmarks.stage import Stage
from benchmarks.turns import Turns, linked
from models.account import Account, Position
from models.snapshot import BALANCES, POSITION_VALUES

pytestmark = pytest.mark.processes

OF_ONE_RUN = {"fetched_at"}


@pytest.fixture(scope="module")
def turns(on_stage: Stage) -> Turns:
    """A login of a margin and a cash account, synced by both from the same answer, with a position before that is gone."""
    turns = linked(on_stage, Shape(2, 20))
    with on_stage.parts.database.session() as session:
        for schema in ("public", "floor"):
            session.execute(
                text(
                    f"INSERT INTO {schema}.positions"
                    " (account_id, instrument_key, symbol, asset_type, broker_asset_type, quantity, currency)"
                    " SELECT id, 'GONE', 'GONE', 'EQ', 'EQUITY', 1, 'USD' FROM public.accounts WHERE connection_id = :id"
                ),
                {"id": turns.login.connection_id},
            )
    for work in (turns.changed, turns.floor):
        prepared = work.prepare()
        on_stage.stand_in.answer(tick=3)
        work.check(work.run(prepared))
    return turns


def rows(turns: Turns, schema: str, table: str, key: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    query = text(
        f"SELECT {key}, {', '.join(columns)} FROM {schema}.{table} WHERE {key.partition(',')[0]} IN"
        f" (SELECT id FROM public.accounts WHERE connection_id = :id) ORDER BY {key}"
    )
    with turns.stage.parts.database.session() as session:
        return [tuple(row) for row in session.execute(query, {"id": turns.login.connection_id})]


def documents(client: redis.Redis, prefix: str, kind: str, account_id: str) -> dict[str, Any]:
    found = json.loads(str(client.get(f"{prefix}:latest:{kind}:{account_id}")), parse_float=Decimal, parse_int=Decimal)
    return {key: value for key, value in found.items() if key not in OF_ONE_RUN}


@pytest.mark.parametrize(
    ("table", "key", "columns"),
    [
        (Account.__tablename__, "id", ("type", "currency", *BALANCES, "as_of", "version")),
        (Position.__tablename__, "account_id, instrument_key", POSITION_VALUES),
    ],
)
def test_the_floor_leaves_the_same_rows_as_a_sync(turns: Turns, table: str, key: str, columns: tuple[str, ...]) -> None:
    ours, floor = (rows(turns, schema, table, key, columns) for schema in ("public", "floor"))
    assert floor == ours
    assert len(ours) == (2 if table == Account.__tablename__ else 2 * 20)


@pytest.mark.parametrize("kind", ["balances", "positions"])
def test_the_floor_leaves_the_same_documents_on_redis_as_a_sync(turns: Turns, kind: str) -> None:
    with redis.Redis.from_url(turns.stage.environ["REDIS_URL"], decode_responses=True) as client:
        for account_id, _ in rows(turns, "public", "accounts", "id", ("type",)):
            ours, floor = (documents(client, prefix, kind, account_id) for prefix in ("live_data", DOCUMENTS))
            assert floor == ours
