"""Keeping logins alive that nobody uses, at brokers where an idle login dies.

The login is refreshed and no data are asked for. Paused connections too: a person who pauses one has not given its login up.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, Text, cast, extract, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from brokers.errors import AppMisconfigured, BrokerError, RateLimited
from brokers.interface import Broker, NotConfigured
from brokers.registry import declarations
from models.connection import Connection, Credential, Status
from worker import circuits, claims, limits, tokens
from worker.attempts import clock
from worker.ended_logins import end_login
from worker.failures import KEY_FAULTS, describe
from worker.limits import Deadline
from worker.logins import LoginBusy, LoginRefused, NoCredentials
from worker.outages import waiting
from worker.parts import Parts
from worker.refreshing import Why
from worker.tokens import TokensLost

log = logging.getLogger(__name__)

KEPT_ALIVE = (Status.ACTIVE, Status.PAUSED)

FIRST_AFTER = 0.5
LAST_AFTER = 0.75
"""The parts of a broker's idle time after which tokens are refreshed, by the connection's id somewhere between the two: so
those that were linked together do not come together, and a quarter of the time is left for tries that fail."""

BATCH = 100
"""Logins of one broker in one run."""

LONGEST_RUN = timedelta(seconds=30)
"""After which a run begins no further refresh. What is left is the next one's."""


def refresh_idle_logins(parts: Parts) -> int:
    """Refresh the logins that were not for a good part of what their broker lets them be idle; how many that were.

    Several workers may do so at once: each login is refreshed by one of them. One that cannot be refreshed now is tried
    again by the next run, and its end is believed and told by the same rules as a sync's.
    """
    deadline = Deadline(LONGEST_RUN)
    return sum(
        _refresh_at(parts, each.name, each.idle_login_lifetime, deadline)
        for each in declarations()
        if each.idle_login_lifetime is not None
    )


def _refresh_at(parts: Parts, name: str, lifetime: timedelta, deadline: Deadline) -> int:
    with parts.database.session() as session:
        # A broker that refuses the app, or answers nobody, is not asked for this either.
        idle = [] if name in waiting(parts, session).brokers else session.execute(_idle(name, lifetime)).all()
    done = 0
    try:
        for connection_id, version in idle:
            if not deadline.left():
                break
            done += _keep_alive(parts, parts.broker(name), connection_id, version)
    except (RateLimited, AppMisconfigured, NotConfigured) as error:
        # What all its logins share: the others would hear the same.
        log.warning("idle logins left to the next run", extra={"broker": name, "kind": describe(error).kind})
        refused = circuits.refusal(parts, name, error)
        if refused is not None:
            with parts.database.session() as session:
                circuits.open_for(session, refused, clock(session))
    return done


def _keep_alive(parts: Parts, broker: Broker, connection_id: uuid.UUID, version: int) -> bool:
    try:
        return _refresh(parts, broker, connection_id, version)
    except (LoginBusy, NoCredentials):
        return False
    except (RateLimited, AppMisconfigured):
        raise
    except (BrokerError, TokensLost, SQLAlchemyError, *KEY_FAULTS) as error:
        # One login's fault is not the others'. A sync of this one will say the same, and write it down.
        log.warning("idle login not kept alive", extra={"connection": connection_id, "kind": describe(error).kind})
        return False
    except Exception:
        # Whatever it is: raised, it would keep the others from their turn at each run.
        log.exception("internal fault", extra={"connection": connection_id})
        return False


def _refresh(parts: Parts, broker: Broker, connection_id: uuid.UUID, version: int) -> bool:
    try:
        tokens.refresh(parts.database, broker, connection_id, version, Deadline(limits.SYNC_DEADLINE), Why.IDLE)
    except LoginRefused as refused:
        _end(parts, connection_id, refused)
        return False
    return True


def _end(parts: Parts, connection_id: uuid.UUID, refused: LoginRefused) -> None:
    """A run at work loses its claim, so that it cannot make the connection active again."""
    with parts.database.session() as session:
        connection = session.get(Connection, connection_id, with_for_update={"key_share": True})
        if connection is None or not end_login(session, connection, refused):
            return
        failed = describe(refused)
        connection.last_error_kind, connection.last_error_text = failed.kind, failed.text
        claims.release(connection, None)


def _idle(name: str, lifetime: timedelta) -> Select[uuid.UUID, int]:
    """In no order, so that some that fail again and again do not keep the others from their turn."""
    return (
        select(Connection.id, Credential.token_version)
        .join(Credential, Credential.connection_id == Connection.id)
        .where(
            Connection.broker == name,
            Connection.status.in_(KEPT_ALIVE),
            extract("epoch", func.now() - Credential.refreshed_at) >= lifetime.total_seconds() * _part(),
            # A broker that said when to come back is not asked sooner.
            or_(
                Connection.last_error_kind.is_distinct_from(RateLimited.kind),
                Connection.next_sync_at.is_(None),
                Connection.next_sync_at <= func.now(),
            ),
        )
        .order_by(func.random())
        .limit(BATCH)
    )


def _part() -> ColumnElement[float | Decimal]:
    """Of the idle time, always the same for one connection."""
    spread = func.hashtext(cast(Connection.id, Text)).op("&")(0xFFFF) / 65536.0
    return FIRST_AFTER + (LAST_AFTER - FIRST_AFTER) * spread
