"""PostgreSQL: reachable, writable, ours to use, with the tables of this version and limits that hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from brokersync.doctor import clocks, connections, deliveries, logins, stored
from brokersync.doctor.findings import Finding, fault, ok, warning
from brokersync.doctor.postgresql_refusals import CHECK, refusal
from models.migrate import Schema, schema
from models.session import Database
from models.tables import Base
from settings import Settings

TABLES = "Tables"
WITHIN = timedelta(seconds=3)
INSUFFICIENT_PRIVILEGE = "42501"
APPEND_ONLY = frozenset({"events"})
WRITES_AGAIN = (
    "SET default_transaction_read_only = off",  # else the next one would be refused too
    "ALTER ROLE CURRENT_USER SET default_transaction_read_only = off",
)
INIT_DB = "brokersync init-db"

_ABSENT = text(
    "SELECT name FROM unnest(CAST(:names AS text[])) AS tables(name) WHERE to_regclass(name) IS NULL ORDER BY 1"
)
_MISSING_RIGHTS = text(
    "SELECT DISTINCT tables.name FROM unnest(CAST(:names AS text[])) AS tables(name),"
    " unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS rights(name)"
    " WHERE NOT (tables.name = ANY(CAST(:append_only AS text[])) AND rights.name IN ('UPDATE', 'DELETE'))"
    " AND NOT coalesce(has_table_privilege(to_regclass(tables.name), rights.name), false) ORDER BY 1"
)
_TRANSACTION_TIMEOUT = text("SELECT setting::int FROM pg_settings WHERE name = 'transaction_timeout'")
SHORTEST_TRANSACTION = timedelta(seconds=30)
"""A refresh holds its transaction open across a call to the broker of up to 20 s."""


Looked = list[Finding | clocks.Reading | connections.Room]
"""Findings, the server's clock, and its room for connections (not to be seen through a pooler)."""


def examine(settings: Settings) -> Looked:
    """The server at DATABASE_URL, and what is stored there."""
    database_url = settings.database_url
    if database_url is None:
        return [fault("DATABASE_URL", "It is not set.", "Set it to the address of your PostgreSQL.")]
    try:
        url = make_url(database_url)
        database = Database(database_url, pool_size=1)
    except (ArgumentError, ValueError):
        return [fault("DATABASE_URL", "It cannot be read.", "Write postgresql://user:password@host:5432/name")]
    try:
        with database.session(WITHIN) as session:
            return _look(session, settings, is_elsewhere=clocks.is_elsewhere(url.host))
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) is None:
            return [refusal(str(error.orig), url)]
        return [_error(error)]
    except SQLAlchemyError as error:
        return [_error(error)]
    finally:
        database.close()


def tables(found: Schema) -> Finding:
    """Whether the tables are those of this version; what is not can be made by one command, or needs a newer version."""
    if found.is_current:
        return ok(TABLES, f"They are those of this version (revision {found.wanted}).")
    if found.present is None:
        return fault(TABLES, "The database has none of ours.", INIT_DB)
    if not found.is_known:
        said = f"They are of revision {found.present}, which is newer than this version ({found.wanted})."
        return fault(TABLES, said, "Upgrade brokersync here; never take the tables back.")
    return fault(TABLES, f"They are of revision {found.present}, and this version needs {found.wanted}.", INIT_DB)


def _look(session: Session, settings: Settings, *, is_elsewhere: bool) -> Looked:
    asked = datetime.now(UTC)
    there: datetime = session.scalars(select(func.clock_timestamp())).one()
    reading = clocks.read(CHECK, asked, there, elsewhere=is_elsewhere)
    through = connections.is_pooled(session)
    found: Looked = [
        ok(CHECK, "It answers through a pooler (PgBouncer), and our limits hold." if through else "It answers."),
        reading,
        *_writable(session),
        *_limits(session),
    ]
    if not through:
        found.append(connections.room(session))
    try:
        of_tables = tables(schema(session.connection()))
    except DBAPIError as error:
        return [*found, _error(error)]
    found.append(of_tables)
    if of_tables.remedy is not None:
        return found
    absent = list(session.scalars(_ABSENT, {"names": _names()}))
    if absent:
        return [*found, _not_there(absent)]
    without = list(session.scalars(_MISSING_RIGHTS, {"names": _names(), "append_only": sorted(APPEND_ONLY)}))
    if without:
        return [*found, _no_rights(without)]
    return [*found, *stored.examine(session), *logins.examine(session, settings), *deliveries.examine(session)]


def _writable(session: Session) -> list[Finding]:
    if session.scalars(select(func.pg_is_in_recovery())).one():
        return [fault(CHECK, "It is a standby, where nothing can be written.", "Set DATABASE_URL to the primary.")]
    if session.scalars(text("SHOW transaction_read_only")).one() == "on":
        remedy = " ".join(['psql "$DATABASE_URL"', *(f"-c '{statement}'" for statement in WRITES_AGAIN)])
        return [fault(CHECK, "It takes no writes (default_transaction_read_only is on).", remedy)]
    return []


def _limits(session: Session) -> list[Finding]:
    """Ours are set in each transaction; whether they arrive, and whether the server has one that is shorter."""
    milliseconds = session.scalars(text("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'")).one()
    if timedelta(milliseconds=milliseconds) != WITHIN:
        said = "The limit on statements that we set does not arrive: something between us drops it."
        return [fault(CHECK, said, "Set pool_mode = transaction in pgbouncer.ini, or connect without a pooler.")]
    whole = session.scalars(_TRANSACTION_TIMEOUT).first()  # PostgreSQL 17 and newer
    if whole and timedelta(milliseconds=whole) < SHORTEST_TRANSACTION:
        said = f"transaction_timeout is {whole / 1000:g} s; refreshing a login may take longer, and be cut."
        remedy = "psql \"$DATABASE_URL\" -c 'ALTER ROLE CURRENT_USER SET transaction_timeout = 0'"
        return [warning(CHECK, said, remedy)]
    return []


def _names() -> list[str]:
    return sorted(Base.metadata.tables)


def _not_there(names: list[str]) -> Finding:
    said = f"The database lacks {_counted(names)}, though it is of this version: somebody dropped what it lacks."
    return fault(TABLES, said, "Restore a backup; or name an empty database in DATABASE_URL, and brokersync init-db")


def _counted(names: list[str]) -> str:
    """`1 table (accounts)`, `3 tables (accounts …)`."""
    return f"1 table ({names[0]})" if len(names) == 1 else f"{len(names)} tables ({names[0]} …)"


def _no_rights(names: list[str]) -> Finding:
    said = f"This user may not read and write {_counted(names)}."
    return fault(
        TABLES, said, "Set DATABASE_URL to the user that ran `brokersync init-db`, or GRANT this one the rights."
    )


def _error(error: SQLAlchemyError) -> Finding:
    code = getattr(getattr(error, "orig", None), "pgcode", None)
    if code == INSUFFICIENT_PRIVILEGE:
        return _no_rights(["alembic_version"])
    said = f"It answers with an error ({type(error).__name__}{f', SQLSTATE {code}' if code else ''})."
    return fault(CHECK, said, "The server's log says more.")
