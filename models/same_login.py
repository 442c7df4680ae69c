"""Which connections hold a login already, as far as the broker's answers tell."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from models.account import Account
from models.connection import Connection, Status


def connections_of(
    session: Session, fresh: Connection, login_fp: str | None, number_fps: list[str]
) -> list[Connection]:
    """Connections that hold the same login: by the broker's id of it, else by an account they share.

    Two people may own one account: where both logins are known and differ, a shared account proves nothing.
    """
    shared = select(Account.connection_id).where(Account.number_fp.in_(number_fps))
    same_login: ColumnElement[bool] = Connection.id.in_(shared)
    if login_fp is not None:
        same_login = or_(Connection.login_fp == login_fp, and_(same_login, Connection.login_fp.is_(None)))
    rows = session.scalars(
        select(Connection)
        .where(
            Connection.broker == fresh.broker,
            Connection.id != fresh.id,
            Connection.status != Status.LINKING,
            same_login,
            or_(Connection.user_id == fresh.user_id, Connection.status != Status.DISCONNECTED),
        )
        .order_by(Connection.user_id != fresh.user_id, Connection.created_at)
        .with_for_update(key_share=True)
    )
    return list(rows)


def has_accounts(session: Session, connection: Connection) -> bool:
    return (
        session.scalars(select(Account.id).where(Account.connection_id == connection.id).limit(1)).first() is not None
    )
