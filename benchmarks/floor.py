"""The floor: the same work as one sync, as somebody would write it by hand who cares for nothing but speed.

One GET, one exact parse, one statement for each table, what is gone deleted, a commit, one Redis pipeline. No claim, no
login check, no deadline, no comparison, no run record. It leaves the same rows and documents as a sync: a test holds it to
that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from types import TracebackType
from typing import Any

import msgspec
import psycopg2
import redis
import requests

from benchmarks.floor_rows import Read, read
from benchmarks.floor_tables import DELETE_GONE, WRITE_ACCOUNTS, WRITE_POSITIONS
from environment import PSYCOPG2

DOCUMENTS = "floor:live_data"
"""The floor's keys and channels are named as ours are, with this in place of `live_data`."""

RUNS = "floor:runs"
"""A list of when each sync began and ended, seconds since 1970 with a space between."""

_QUERY = {"fields": "positions"}
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Floor:
    """One thread's session, database connection and Redis client."""

    def __init__(self, broker_url: str, database_url: str, redis_url: str) -> None:
        self._url = f"{broker_url}/trader/v1/accounts"
        self._session = requests.Session()
        self._session.trust_env = False
        self._database = psycopg2.connect(database_url.replace(PSYCOPG2, "postgresql"))
        self._redis = redis.Redis.from_url(redis_url)

    def sync(self, token: str, connection_id: str, user_id: str, account_ids: Mapping[str, str]) -> None:
        """`account_ids` by account number. Raises whatever goes wrong."""
        now = datetime.now(UTC)
        answer = self._session.get(self._url, params=_QUERY, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        answer.raise_for_status()
        found = read(answer.content, account_ids)
        versions = self._write(found, now)
        self._publish(found, versions, connection_id, user_id, now)

    def _write(self, found: Sequence[Read], now: datetime) -> dict[str, int]:
        positions = [row for each in found for row in each.positions]
        with self._database, self._database.cursor() as cursor:
            cursor.execute(WRITE_ACCOUNTS, (now, _encode([each.account for each in found]).decode()))
            versions = dict(cursor.fetchall())
            cursor.execute(
                DELETE_GONE,
                (
                    [each.account["id"] for each in found],
                    [row["account_id"] for row in positions],
                    [row["instrument_key"] for row in positions],
                ),
            )
            cursor.execute(WRITE_POSITIONS, (_encode(positions).decode(),))
        return versions

    def _publish(
        self, found: Sequence[Read], versions: Mapping[str, int], connection_id: str, user_id: str, now: datetime
    ) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            for account, positions in found:
                account_id = account["id"]
                envelope = {
                    "schema": 1,
                    "account_id": account_id,
                    "connection_id": connection_id,
                    "user_id": user_id,
                    "broker": "schwab",
                    "version": versions[account_id],
                    "fetched_at": now,
                    "proof": None,
                }
                balances = _encode({**envelope, "kind": "balances", **_without(account, "id", "type")})
                held = _encode(
                    {
                        **envelope,
                        "kind": "positions",
                        "as_of": None,
                        "currency": account["currency"],
                        "positions": [_document(row) for row in sorted(positions, key=itemgetter("symbol"))],
                    }
                )
                pipeline.set(f"{DOCUMENTS}:latest:balances:{account_id}", balances)
                pipeline.set(f"{DOCUMENTS}:latest:positions:{account_id}", held)
                pipeline.set(f"{DOCUMENTS}:checked:{account_id}", _encode(now))
                entry: dict[Any, Any] = {"account_id": account_id, "version": versions[account_id], "kind": "snapshot"}
                pipeline.xadd(f"{DOCUMENTS}:stream", entry, maxlen=10_000)
                pipeline.publish(f"{DOCUMENTS}:balances:{account_id}", balances)
                pipeline.publish(f"{DOCUMENTS}:positions:{account_id}", held)
            pipeline.rpush(RUNS, f"{now.timestamp()} {datetime.now(UTC).timestamp()}")
            pipeline.execute()

    def __enter__(self) -> Floor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._session.close()
        self._database.close()
        self._redis.close()


def _without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _document(row: dict[str, Any]) -> dict[str, Any]:
    document = _without(row, "account_id", "broker_asset_type", "quantity")
    document["qty"] = row["quantity"]
    return document
