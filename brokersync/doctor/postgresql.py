"""PostgreSQL: reachable, with the tables of this version, readable keys, and a clock that agrees with ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from brokersync.doctor import clocks
from brokersync.doctor.findings import Finding, fault, ok
from brokersync.server_errors import sentence
from models.installation import THE_INSTALLATION, Installation
from models.migrate import Schema, schema
from models.sealing import CredentialsUnreadable
from models.session import Database
from settings import NotConfigured

CHECK = "PostgreSQL"
TABLES = "Tables"
WITHIN = timedelta(seconds=5)


def examine(database_url: str | None) -> list[Finding]:
    """`database_url` as `settings` has it; None: not set."""
    if database_url is None:
        return [fault("DATABASE_URL", "It is not set.", "Set it to the address of your PostgreSQL.")]
    try:
        database = Database(database_url, pool_size=1)
        try:
            with database.session(WITHIN) as session:
                return _look(session)
        finally:
            database.close()
    except SQLAlchemyError as error:
        said = sentence(error) or f"It answers with an error ({type(error).__name__})."
        return [fault(CHECK, said, "The server's log says more.")]


def tables(found: Schema) -> Finding:
    if found.is_current:
        return ok(TABLES, f"They are those of this version (revision {found.wanted}).")
    if found.present is None:
        return fault(TABLES, "The database has none of ours.", "`brokersync init-db` makes them.")
    said = f"They are of revision {found.present}, and this version needs {found.wanted}."
    return fault(TABLES, said, "`brokersync init-db` upgrades them; for a newer revision, upgrade brokersync.")


def _look(session: Session) -> list[Finding]:
    before = datetime.now(UTC)
    there: datetime = session.scalars(select(func.clock_timestamp())).one()
    half = (datetime.now(UTC) - before) / 2
    of_tables = tables(schema(session.connection()))
    findings = [ok(CHECK, "It answers."), of_tables, clocks.offset(before + half, there, "PostgreSQL", half)]
    return findings + (_sealed(session) if of_tables.remedy is None else [])


def _sealed(session: Session) -> list[Finding]:
    """Whether our key opens what is sealed already. A key that is missing or malformed is told by its own check."""
    installation = session.get(Installation, THE_INSTALLATION)
    if installation is None:
        return []
    try:
        _ = installation.fingerprint_key
    except CredentialsUnreadable:
        said = "It does not open what is sealed in this database."
        return [fault("ENCRYPTION_KEY", said, "Add the key that was used before, after a comma.")]
    except NotConfigured:
        return []
    return [ok("ENCRYPTION_KEY", "It opens what is sealed in this database.")]
