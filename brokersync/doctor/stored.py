"""What the database's rows say about the set-up: whether our keys open them, and what the worker came upon."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from brokersync.doctor import apps
from brokersync.doctor.findings import Finding, fault, ok, warning
from brokersync.doctor.keys import ENCRYPTION_KEY
from brokersync.standing.facts import OVERDUE
from models.circuit import Circuit
from models.connection import SCHEDULED, Connection, Credential
from models.installation import THE_INSTALLATION, Installation
from models.sealing import CredentialsUnreadable
from settings import NotConfigured

SAMPLE = 50
"""Logins that are tried with the key: enough to come upon a key that was taken away, little enough for a moment."""

_OLD_KEY = "Add the key that was used before to ENCRYPTION_KEY, after a comma."


def examine(session: Session) -> list[Finding]:
    """Needs the tables of this version."""
    return [*sealed(session), *apps.examine(session), *overdue(session)]


def sealed(session: Session) -> list[Finding]:
    """Whether our keys open what is sealed already. Keys that are missing or malformed are told by their own check."""
    installation = session.get(Installation, THE_INSTALLATION)
    if installation is None:
        return []
    try:
        _ = installation.fingerprint_key
    except CredentialsUnreadable:
        return [fault(ENCRYPTION_KEY, "It is well formed, but not the key that sealed this database.", _OLD_KEY)]
    except NotConfigured:
        return []
    logins = session.scalars(select(Credential).order_by(Credential.connection_id).limit(SAMPLE)).all()
    shut = sum(not _opens(login) for login in logins)
    if shut:
        said = f"It opens this database, but not {shut} of the {len(logins)} logins that were tried."
        return [fault(ENCRYPTION_KEY, said, _OLD_KEY)]
    return [ok(ENCRYPTION_KEY, "It opens what is sealed in this database.")]


def overdue(session: Session) -> list[Finding]:
    """Connections that are due, and that nobody takes. Those of a broker with an open circuit are not to be taken."""
    query = select(func.count()).where(
        Connection.broker.not_in(select(Circuit.broker)),
        Connection.status.in_(SCHEDULED),
        Connection.next_sync_at < func.clock_timestamp() - OVERDUE,
        func.coalesce(Connection.claim_until, func.clock_timestamp()) <= func.clock_timestamp(),
    )
    count = session.scalars(query).one()
    if not count:
        return []
    due = "1 connection is" if count == 1 else f"{count} connections are"
    said = f"{due} due for more than 2 min: beat does not run, or no worker takes its messages."
    return [warning("Schedule", said, "honcho start (runs beat and worker with the rest)")]


def _opens(login: Credential) -> bool:
    try:
        _ = login.document
    except CredentialsUnreadable:
        return False
    return True
