"""What the link left in the database."""

from __future__ import annotations

import uuid

from sqlalchemy import select, text

from models.account import Account
from models.connection import Connection, Credential
from models.event import Event
from models.link import Link
from models.session import Database


def connections(database: Database) -> list[Connection]:
    with database.session() as session:
        return list(session.scalars(select(Connection).order_by(Connection.created_at)))


def tokens(database: Database, connection: Connection) -> dict[str, str]:
    with database.session() as session:
        return session.get_one(Credential, connection.id).document


def account_ids(database: Database) -> dict[str, uuid.UUID]:
    """Account ids by full number."""
    with database.session() as session:
        return {account.number: account.id for account in session.scalars(select(Account))}


def events(database: Database) -> list[tuple[str, uuid.UUID, str]]:
    with database.session() as session:
        return [(event.kind, event.connection_id, event.actor) for event in session.scalars(select(Event))]


def the_link(database: Database) -> Link:
    with database.session() as session:
        return session.scalars(select(Link)).one()


def nothing(database: Database) -> bool:
    """Whether no login is there, not even half of one."""
    with database.session() as session:
        return not any(session.scalars(select(table.id)).first() for table in (Connection, Account, Event))


def pass_time(database: Database, span: str) -> None:
    """Let every link be older by that much, as in `10 minutes`."""
    columns = ("created_at", "expires_at", "started_at", "callback_at", "used_at")
    moved = ", ".join(f"{column} = {column} - interval '{span}'" for column in columns)
    with database.session() as session:
        session.execute(text(f"UPDATE links SET {moved}"))
