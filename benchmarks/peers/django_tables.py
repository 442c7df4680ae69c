"""Django models of the columns that a sync keeps. To be imported once Django knows its settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import models

from models.account import Position
from models.snapshot import BALANCES, POSITION_VALUES

KEY = ("account_id", "instrument_key")


def _text() -> Any:
    return models.TextField(null=True)


def _number() -> Any:
    # PostgreSQL's numeric has no bounds, Django's wants some: wide enough for every number of the answers.
    return models.DecimalField(max_digits=40, decimal_places=20, null=True)


def _date() -> Any:
    return models.DateField(null=True)


_FIELDS: dict[str, Callable[[], Any]] = {"NUMERIC": _number, "DATE": _date}


def _field(name: str) -> Any:
    return _FIELDS.get(str(Position.__table__.columns[name].type), _text)()


def _model(name: str, fields: dict[str, Any], constraints: Sequence[Any] = ()) -> Any:
    meta = type("Meta", (), {"app_label": "peers", "db_table": f"django_{name}", "constraints": list(constraints)})
    return type(name, (models.Model,), {"__module__": __name__, "Meta": meta, **fields})


Accounts = _model(
    "accounts",
    {
        "id": models.UUIDField(primary_key=True),
        "type": _text(),
        "currency": _text(),
        **{name: _number() for name in BALANCES},
        "as_of": models.DateTimeField(null=True),
    },
)

Positions = _model(
    "positions",
    {
        "account_id": models.UUIDField(),
        "instrument_key": models.TextField(),
        **{name: _field(name) for name in POSITION_VALUES},
    },
    [models.UniqueConstraint(fields=KEY, name="one_row_per_instrument")],
)
