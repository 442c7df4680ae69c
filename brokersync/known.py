"""Ids and users in the database, for completing: those that begin so, each with words that tell it from the others."""

from __future__ import annotations

import shlex

from sqlalchemy import text

from brokersync import database
from brokersync.cells import SHORT_ID, plain

MOST = 100

Known = list[tuple[str, str]]
"""What can be typed, and what it is."""

_CONNECTIONS = """
    SELECT connection_id::text, concat_ws(' ', broker, 'of', user_id || ',', status) FROM v_connections
    WHERE starts_with(connection_id::text, :start) AND (CAST(:user_id AS text) IS NULL OR user_id = :user_id)
    ORDER BY user_id, created_at LIMIT :most
"""
_ACCOUNTS = """
    SELECT account_id::text, concat_ws(' ', masked, nickname, 'of', user_id) FROM v_accounts
    WHERE starts_with(account_id::text, :start) AND (CAST(:user_id AS text) IS NULL OR user_id = :user_id)
    ORDER BY user_id, masked LIMIT :most
"""
_USERS = """
    SELECT user_id, string_agg(DISTINCT broker, ', ') FROM v_connections
    WHERE starts_with(user_id, :start) GROUP BY user_id ORDER BY user_id LIMIT :most
"""


def connections(start: str, user_id: str | None) -> Known:
    return _shortened(_read(_CONNECTIONS, start, user_id), start)


def accounts(start: str, user_id: str | None) -> Known:
    return _shortened(_read(_ACCOUNTS, start, user_id), start)


def users(start: str, _user_id: str | None) -> Known:
    """Without those whose names a shell would take apart."""
    return [(user, told) for user, told in _read(_USERS, start, None) if shlex.quote(user) == user]


def _read(query: str, start: str, user_id: str | None) -> Known:
    with database.opened() as opened, opened.session() as session:
        rows = session.execute(text(query), {"start": start, "user_id": user_id, "most": MOST})
        return [(value, plain(told).plain) for value, told in rows]


def _shortened(known: Known, start: str) -> Known:
    """Ids as tables show them, until somebody types on."""
    return known if len(start) > SHORT_ID else [(value[:SHORT_ID], told) for value, told in known]
