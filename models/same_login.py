"""Which connections hold a login already, as far as the broker's answers tell, and which one a new login belongs to.

The broker's id of the login decides wherever it is known of both. Where it is not, it proves no difference, and accounts
decide: no login is thrown away for it, unless it may be another user's.

- The connection that a person named for repair takes the login if it shares an account with it.
- What accounts would refuse, or make a connection without accounts of, is kept and listed again for `LISTING_LIMIT`, for the
  broker to tell. If it does not, accounts decide after all.
- A login that may be the named connection's, but shares no account with it, is linked as a connection of its own. One
  without accounts goes to the named one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from models.account import Account
from models.connection import Connection, Status


class LoginBelongsToAnother(Exception):
    """This broker login is linked by another user of the installation, whose connection stays theirs."""


class LoginUnknown(Exception):
    """The broker did not tell whose login it is, and its accounts do not tell either. Kept, it may still become known."""


class WrongLogin(Exception):
    """A named connection was to be repaired, but the person logged in as somebody else at the broker."""


def target_of(
    session: Session, fresh: Connection, login_fp: str | None, number_fps: Collection[str], *, may_wait: bool
) -> Connection | None:
    """The connection that the login belongs to, locked; None for a new one. `may_wait`: it can be listed again.

    Raises `LoginBelongsToAnother`, `WrongLogin` and, where it may wait, `LoginUnknown`.
    """
    named = _named(session, fresh)
    known = _connections_of(session, fresh, login_fp, number_fps)
    own = [connection for connection in known if connection.user_id == fresh.user_id]
    waits = may_wait and login_fp is None
    if _holder(fresh, login_fp, known, named) is not None:
        if waits:
            raise LoginUnknown("its accounts are another user's too")
        raise LoginBelongsToAnother("this broker login is linked by another user of this installation")
    if own:
        # A person who logged in as somebody they have linked too has just ended the older login of that connection, so
        # the new one goes there: thrown away, it would be a login lost.
        return named if named in own else own[0]
    if waits and named is None and not number_fps:
        raise LoginUnknown("it has no accounts")
    return None if named is None else _without_overlap(session, named, login_fp, number_fps, waits)


def holder_of(
    session: Session, fresh: Connection, login_fp: str | None, number_fps: Collection[str]
) -> Connection | None:
    """The connection of another user that has the login, so that `target_of` refuses it."""
    known = _connections_of(session, fresh, login_fp, number_fps)
    return _holder(fresh, login_fp, known, _named(session, fresh))


def _without_overlap(
    session: Session, named: Connection, login_fp: str | None, number_fps: Collection[str], waits: bool
) -> Connection | None:
    """As `target_of`, where a connection is named and nothing says that it, or any other, holds the login."""
    shares_any = has_accounts(session, named)
    if named.login_fp is None and not shares_any:
        return named
    if waits:
        raise LoginUnknown("it shares no account with the connection to be repaired")
    if login_fp is not None and named.login_fp is not None:
        raise WrongLogin("it is another login at the broker than the one to be repaired")
    return None if number_fps and shares_any else named


def _holder(
    fresh: Connection, login_fp: str | None, known: Sequence[Connection], named: Connection | None
) -> Connection | None:
    theirs = next((connection for connection in known if connection.user_id != fresh.user_id), None)
    if theirs is None or (login_fp is not None and theirs.login_fp == login_fp):
        return theirs
    # By accounts. What works now comes before what was disconnected, whoever's it is.
    likeliest = named if named in known and named is not None and _works(named) else known[0]
    return None if likeliest.user_id == fresh.user_id and _works(likeliest) else theirs


def _works(connection: Connection) -> bool:
    return connection.status != Status.DISCONNECTED


def _named(session: Session, fresh: Connection) -> Connection | None:
    """The connection to be repaired; None also for one that was erased meanwhile."""
    if fresh.repairs_connection_id is None:
        return None
    return session.get(Connection, fresh.repairs_connection_id, with_for_update={"key_share": True})


def _connections_of(
    session: Session, fresh: Connection, login_fp: str | None, number_fps: Collection[str]
) -> Sequence[Connection]:
    """Connections that may hold the same login, the likeliest first, each locked.

    By the broker's id of the login, where it told one and it is known here. Else by the accounts they share, the most first:
    two people may own one account, so where both logins are known and differ, a shared account proves nothing. Of two that
    share as many, one that is linked comes before one that was disconnected, and one of the same user before another's.

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
