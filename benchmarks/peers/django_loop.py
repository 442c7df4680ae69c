"""Django's ORM as it is mostly used: `update_or_create` for each row, then what is gone is deleted, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import django
from django.conf import settings
from django.db import connection, transaction
from sqlalchemy import make_url, table

from benchmarks.floor_rows import Read
from models.snapshot import POSITION_VALUES


class DjangoLoop:
    """One connection, kept open. One such object a process: Django's settings are the process's."""

    table = table("django_positions")

    def __init__(self, database_url: str) -> None:
        url = make_url(database_url)
        database = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.database,
            "USER": url.username,
            "PASSWORD": url.password,
            "HOST": url.query.get("host") or url.host,
            "PORT": url.port or "",
            "CONN_MAX_AGE": None,
        }
        settings.configure(DATABASES={"default": database}, USE_TZ=True)
        django.setup()
        # Only now: models are read with the settings.
        self._tables: Any = import_module("benchmarks.peers.django_tables")
        with connection.schema_editor() as editor:
            editor.create_model(self._tables.Accounts)
            editor.create_model(self._tables.Positions)

    def write(self, found: Sequence[Read]) -> None:
        accounts, positions = self._tables.Accounts.objects, self._tables.Positions.objects
        with transaction.atomic():
            for account, rows in found:
                values = {name: value for name, value in account.items() if name != "id"}
                accounts.update_or_create(id=account["id"], defaults=values)
                for row in rows:
                    positions.update_or_create(
                        account_id=row["account_id"],
                        instrument_key=row["instrument_key"],
                        defaults={name: row[name] for name in POSITION_VALUES},
                    )
                held = [row["instrument_key"] for row in rows]
                positions.filter(account_id=account["id"]).exclude(instrument_key__in=held).delete()

    def close(self) -> None:
        connection.close()
