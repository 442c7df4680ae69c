"""Ids as a person types them: whole, or their first characters as a table shows them."""

from __future__ import annotations

import uuid

from sqlalchemy import Text, cast, select

from models.account import Account
from models.connection import Connection
from models.session import Database

FEWEST = 4
"""Characters of a beginning: fewer are more likely a slip than an id."""
LONGEST = 36
ID_CHARACTERS = frozenset("0123456789abcdef-")


class NoSuchId(Exception):
    """Nothing, or more than one thing, has that id. The message says which and what to type."""


def connection_id(database: Database, typed: str) -> uuid.UUID:
    """The id of the connection that begins so. Raises `NoSuchId`."""
    return _found(database, Connection, typed, "connection")


def account_id(database: Database, typed: str) -> uuid.UUID:
    """The id of the account that begins so. Raises `NoSuchId`."""
    return _found(database, Account, typed, "account")


def _found(database: Database, table: type[Connection | Account], typed: str, what: str) -> uuid.UUID:
    start = typed.strip().lower()
    if len(start) < FEWEST:
        raise NoSuchId(f"{typed!r} is too short for an id: type at least its first {FEWEST} characters.")
    if len(start) > LONGEST or not set(start) <= ID_CHARACTERS:
        raise NoSuchId(f"No {what}'s id begins with {typed!r}: `brokersync {what}s` lists them.")
    with database.session() as session:
        found = session.scalars(select(table.id).where(cast(table.id, Text).startswith(start)).limit(2)).all()
    if not found:
        raise NoSuchId(f"There is no {what} {typed}: `brokersync {what}s` lists them.")
    if len(found) > 1:
        raise NoSuchId(f"More than one {what} begins with {typed}: type more of the id.")
    return found[0]
