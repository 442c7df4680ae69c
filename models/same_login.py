"""Which connections hold a login already, as far as the broker's answers tell, and which one a new login belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from models.account import Account
from models.connection import Connection, Status


class LoginBelongsToAnother(Exception):
    """This broker login is linked by another user of the installation, whose connection stays theirs."""


class WrongLogin(Exception):
    """A named connection was to be repaired, but the person logged in as somebody else at the broker."""


def connections_of(
    session: Session, fresh: Connection, login_fp: str | None, number_fps: list[str]
) -> list[Connection]:
    """Connections that hold the same login, the likeliest first, each locked.

    By the broker's id of the login, where it told one and it is known here. Else by the accounts they share, the most first:
    two people may own one account, so where both logins are known and differ, a shared account proves nothing, and where
    they are not known, the one that shares more of them is the same login. Of two that share as many, one that is linked
    comes before one that was disconnected, and one of the same user before another's.

    Disconnected ones hold no login any more. Left out are those of other users, and those whose login another connection
    holds by now.
    """
    listed = Account.number_fp.in_(number_fps)
    # Counted for those few alone that share any.
    shared = select(func.count()).where(Account.connection_id == Connection.id, listed).scalar_subquery()
    same_login: ColumnElement[bool] = Connection.id.in_(select(Account.connection_id).where(listed))
    if login_fp is not None:
        same_login = or_(Connection.login_fp == login_fp, and_(same_login, Connection.login_fp.is_(None)))
    now_with = aliased(Connection)
    is_elsewhere = (
        select(now_with.id)
        .where(
            now_with.login_fp == Connection.login_fp,
            now_with.broker == fresh.broker,
            now_with.status.not_in([Status.LINKING, Status.DISCONNECTED]),
        )
        .exists()
    )
    rows = session.scalars(
        select(Connection)
        .where(
            Connection.broker == fresh.broker,
            Connection.id != fresh.id,
            Connection.status != Status.LINKING,
            same_login,
            or_(
                Connection.status != Status.DISCONNECTED,
                and_(Connection.user_id == fresh.user_id, not_(is_elsewhere)),
            ),
        )
        .order_by(
            shared.desc(),
            Connection.status == Status.DISCONNECTED,
            Connection.user_id != fresh.user_id,
            Connection.created_at,
        )
        .with_for_update(key_share=True)
    )
    found = list(rows)
    return [each for each in found if login_fp is not None and each.login_fp == login_fp] or found


def target_of(session: Session, fresh: Connection, known: Sequence[Connection]) -> Connection | None:
    """The connection that the login belongs to; None for a new one. Raises `LoginBelongsToAnother` and `WrongLogin`."""
    if known and known[0].user_id != fresh.user_id:
        raise LoginBelongsToAnother("this broker login is linked by another user of this installation")
    own = [connection for connection in known if connection.user_id == fresh.user_id]
    target = next(iter(own), None)
    if fresh.repairs_connection_id is None:
        return target
    named = session.get(Connection, fresh.repairs_connection_id, with_for_update={"key_share": True})
    if named is not None and not own and has_accounts(session, named):
        raise WrongLogin("it is another login at the broker than the one to be repaired")
    # A person who logged in as somebody they have linked too has just ended the older login of that connection, so the
    # new one goes there: thrown away, it would be a login lost.
    return named if named in own or not own else target


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
