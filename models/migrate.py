"""Bringing a database to the schema of this version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

_MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = (
    0x62726F6B  # an advisory lock of our own: two processes that start together migrate one after the other
)


@dataclass(frozen=True)
class Schema:
    """The revision a database has (None: empty) and the one this version wants.

    `is_known`: this version can make or upgrade it; a newer version's revision it cannot.
    """

    present: str | None
    wanted: str
    is_known: bool = True

    @property
    def is_current(self) -> bool:
        return self.present == self.wanted


def upgrade(database_url: str) -> None:
    """Create or upgrade the tables. Safe to run again, and from several processes at once."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ONE_AT_A_TIME})
        command.upgrade(_config(connection), "head")


def schema(connection: Connection) -> Schema:
    """Which revision the database has, and which this version wants."""
    scripts = ScriptDirectory(str(_MIGRATIONS))
    present = MigrationContext.configure(connection).get_current_revision()
    known = {None, *(script.revision for script in scripts.walk_revisions())}
    return Schema(present=present, wanted=str(scripts.get_current_head()), is_known=present in known)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
