"""When the sandbox's clock is turned, the same time has passed for the connections that are linked to it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Interval, literal, update
from sqlalchemy.orm import Session

from brokers.schwab import Schwab
from brokersync import database
from brokersync.sandbox_control import Answer, SandboxControl
from models.account import Account, AccountCheck
from models.circuit import Circuit
from models.connection import Connection, Credential
from models.event import DeliveryState, Event, EventDelivery
from models.link import Link


def turn(sandbox: SandboxControl, span: str, length: timedelta) -> Answer:
    """Turn the clock by `span`, which is `length` long, and age the connections; their number is `connections`."""
    # The connections first: where the sandbox refuses, nothing of this is committed.
    with database.opened() as opened, opened.session() as session:
        moved = let_pass(session, length)
        return {**sandbox.advance(span), "connections": moved}


def let_pass(session: Session, span: timedelta) -> int:
    """Move the times of logins, links and answers, and all that is due, back by `span`; how many connections that were.

    Events keep theirs: they are append only.

    The connections of Schwab are those of the sandbox: one installation speaks to one of the two. Code in production has
    no clock that could be turned, so its times are moved instead.
    """
    earlier = literal(span, Interval())
    moved = session.scalars(
        update(Connection)
        .where(Connection.broker == Schwab.declaration.name)
        .values(
            login_at=Connection.login_at - earlier,
            login_expires_at=Connection.login_expires_at - earlier,
            next_sync_at=Connection.next_sync_at - earlier,
            checked_at=Connection.checked_at - earlier,
            last_success_at=Connection.last_success_at - earlier,
        )
        .returning(Connection.id)
        .execution_options(synchronize_session=False)
    ).all()
    session.execute(
        update(Credential)
        .where(Credential.connection_id.in_(moved))
        .values(
            access_expires_at=Credential.access_expires_at - earlier,
            refreshed_at=Credential.refreshed_at - earlier,
            refresh_started_at=Credential.refresh_started_at - earlier,
            cut_short_at=Credential.cut_short_at - earlier,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(AccountCheck)
        .where(AccountCheck.account_id == Account.id, Account.connection_id.in_(moved))
        .values(checked_at=AccountCheck.checked_at - earlier)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Account)
        .where(Account.connection_id.in_(moved), Account.missing_since.is_not(None))
        .values(missing_since=Account.missing_since - earlier)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Link)
        .where(Link.broker == Schwab.declaration.name)
        .values(
            expires_at=Link.expires_at - earlier,
            started_at=Link.started_at - earlier,
            callback_at=Link.callback_at - earlier,
            used_at=Link.used_at - earlier,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Circuit)
        .where(Circuit.broker == Schwab.declaration.name)
        .values(
            opened_at=Circuit.opened_at - earlier,
            probe_at=Circuit.probe_at - earlier,
            probed_at=Circuit.probed_at - earlier,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(EventDelivery)
        .where(EventDelivery.event_id == Event.id, Event.broker == Schwab.declaration.name)
        .where(EventDelivery.state == DeliveryState.PENDING)
        .values(next_try_at=EventDelivery.next_try_at - earlier)
        .execution_options(synchronize_session=False)
    )
    return len(moved)
