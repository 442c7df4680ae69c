"""Which connections hold a login already, as far as the broker's answers tell."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from models.account import Account
from models.connection import Connection, Status


def connections_of(
    session: Session, fresh: Connection, login_fp: str | None, number_fps: list[str]
) -> list[Connection]:
    """Connections that hold the same login, the likeliest first, each locked.

    By the broker's id of the login, where it told one and it is known here. Else by the accounts they share, the most first:
    two people may own one account, so where both logins are known and differ, a shared account proves nothing, and where
    they are not known, the one that shares more of them is the same login. Of two that share as many, one that is linked
    comes before one that was disconnected, and one of the same user before another's.

    Disconnected ones of other users are left out: they hold no login any more.
    """
    shared = (
        select(func.count())
        .where(Account.connection_id == Connection.id, Account.number_fp.in_(number_fps))
        .correlate(Connection)
        .scalar_subquery()
    )
    same_login: ColumnElement[bool] = shared > 0
    if login_fp is not None:
        same_login = or_(Connection.login_fp == login_fp, and_(same_login, Connection.login_fp.is_(None)))
    rows = session.execute(
        select(Connection, shared)
        .where(
            Connection.broker == fresh.broker,
            Connection.id != fresh.id,
            Connection.status != Status.LINKING,
            same_login,
            or_(Connection.user_id == fresh.user_id, Connection.status != Status.DISCONNECTED),
        )
        .order_by(
            shared.desc(),
            Connection.status == Status.DISCONNECTED,
            Connection.user_id != fresh.user_id,
            Connection.created_at,
        )
        .with_for_update(key_share=True, of=Connection)
    )
    found = [connection for connection, _ in rows]
    return [each for each in found if login_fp is not None and each.login_fp == login_fp] or found


def is_held_elsewhere(session: Session, connection: Connection) -> bool:
    """Whether another connection, of any user, may hold the same login. One that was disconnected holds none.

    A connection of which neither the broker's id of the login nor any account is known may hold any.
    """
    others = select(Connection.id).where(
        Connection.broker == connection.broker,
        Connection.id != connection.id,
        Connection.status != Status.DISCONNECTED,
    )
    if connection.login_fp is not None or has_accounts(session, connection):
        listed = select(Account.id).where(Account.connection_id == Connection.id)
        of_it = select(Account.number_fp).where(Account.connection_id == connection.id)
        overlaps = listed.where(Account.number_fp.in_(of_it)).exists()
        is_unknown = and_(Connection.login_fp.is_(None), not_(listed.exists()))
        if connection.login_fp is None:
            others = others.where(or_(is_unknown, overlaps))
        else:
            same_login = or_(Connection.login_fp == connection.login_fp, and_(Connection.login_fp.is_(None), overlaps))
            others = others.where(or_(is_unknown, same_login))
    return bool(session.scalars(select(others.exists())).one())


def has_accounts(session: Session, connection: Connection) -> bool:
    return (
        session.scalars(select(Account.id).where(Account.connection_id == connection.id).limit(1)).first() is not None
    )
