"""Logins that have ended, and those that will end with nobody being told."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Interval, func, select, type_coerce
from sqlalchemy.orm import Session

from brokersync.cells import spelled
from brokersync.doctor.findings import Finding, warning
from models.connection import SCHEDULED, Connection, Status
from settings import Settings

CHECK = "Logins"


def examine(session: Session, settings: Settings) -> list[Finding]:
    return [*ended(session), *untold(session, settings)]


def ended(session: Session) -> list[Finding]:
    """Logins that have ended: only the person whose login it is can begin a new one."""
    query = select(Connection).where(Connection.status == Status.REAUTH_REQUIRED).order_by(Connection.created_at)
    logins = session.scalars(query).all()
    if not logins:
        return []
    count = "1 login has" if len(logins) == 1 else f"{len(logins)} logins have"
    # Whole, as programs get it too.
    remedy = f"brokersync link --repair {logins[0].id}"
    if len(logins) > 1:
        remedy += " (and so on: `brokersync connections` has a command for each)"
    return [warning(CHECK, f"{count} ended, and the accounts are not asked until the person logs in again.", remedy)]


def untold(session: Session, settings: Settings) -> list[Finding]:
    """Logins whose end is near, where neither a person nor a webhook is set up to hear of it."""
    if settings.notify_urls or settings.webhook_url is not None:
        return []
    first = max(settings.login_notices)
    left = type_coerce(Connection.login_expires_at - func.clock_timestamp(), Interval())
    query = select(func.count(), func.min(left)).where(
        Connection.status.in_((*SCHEDULED, Status.PAUSED)),
        left > timedelta(0),
        left < first,
        # One that lives no longer is always near its end.
        Connection.login_expires_at - Connection.login_at > first,
    )
    count, soonest = session.execute(query).one()
    if not count:
        return []
    whose = "1 login ends" if count == 1 else f"{count} logins end"
    said = f"{whose} within {spelled(first, 2)} (the first in {spelled(soonest, 2)}), and nobody is told of it."
    return [
        warning(
            CHECK, said, "Set NOTIFY_URLS (e-mail, ntfy, Slack …) or WEBHOOK_URL; `brokersync notify --test` tries it."
        )
    ]
