"""The same rows for programs: JSON whose amounts are strings, times ISO 8601 in UTC, spans whole seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Not when it runs: what prints a document of something else shall not wait for a database library.
    from brokersync.queries import Row

Document = dict[str, Any]


def connection_document(row: Row) -> Document:
    return _document(row, "connection_id")


def account_document(row: Row) -> Document:
    """`proof` is the word alone; the terms behind it are in `v_accounts`."""
    return _document(row, "account_id")


def position_document(row: Row) -> Document:
    return _document(row, None)


def printed(document: Mapping[str, Any]) -> str:
    """One line for one document."""
    return json.dumps(document, default=plain, ensure_ascii=False)


def plain(value: Any) -> str | int:
    """A value as JSON can hold it. No amount becomes a number, which a reader might take for a float."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _document(row: Row, id_column: str | None) -> Document:
    document: Document = {}
    for name, value in row.items():
        if name == id_column:
            document["id"] = plain(value)
        elif name == "proof":
            document[name] = value and value["status"]
        elif name == "age" or name.endswith("_in"):
            # A reader's own clock tells how long ago or ahead a time is; a span would be old when it is read.
            continue
        else:
            document[name] = value if isinstance(value, str | int | None) else plain(value)
    return document
