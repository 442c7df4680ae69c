"""dlt, a loader that many pipelines use: two resources with the write disposition `merge`, into PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dlt
from sqlalchemy import make_url, table

from benchmarks.floor_rows import Read

_DATASET = "dlt_merge"


class DltMerge:
    """One pipeline, whose working files are in `folder`."""

    table = table("positions", schema=_DATASET)

    def __init__(self, database_url: str, folder: Path) -> None:
        # Nobody is told that a benchmark ran, and nothing is printed between its lines.
        os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}
        url = make_url(database_url)
        credentials = {
            "drivername": "postgresql",
            "database": url.database,
            "username": url.username,
            "password": url.password,
            # A socket's folder, as libpq wants it inside of an address.
            "host": quote(str(url.query.get("host") or url.host), safe=""),
            "port": url.port or 5432,
        }
        self._pipeline: Any = dlt.pipeline(
            "peers",
            pipelines_dir=str(folder),
            destination=dlt.destinations.postgres(credentials=credentials),
            dataset_name=_DATASET,
        )

    def write(self, found: Sequence[Read]) -> None:
        accounts = [account for account, _ in found]
        positions = [row for _, rows in found for row in rows]
        self._pipeline.run(
            [
                dlt.resource(accounts, name="accounts", primary_key="id", write_disposition="merge"),
                dlt.resource(
                    positions,
                    name="positions",
                    primary_key=("account_id", "instrument_key"),
                    write_disposition="merge",
                ),
            ]
        )

    def close(self) -> None:
        self._pipeline.drop()
