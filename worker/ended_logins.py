"""A login that the broker called ended: whether that is believed. The only way to `reauth_required`."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session

from models.connection import Connection, Credential, Status
from models.event import iso, record_event
from models.links import is_linking
from worker.logins import LoginRefused
from worker.refresh_marks import CutShort

log = logging.getLogger(__name__)

REASONS = {
    None: "ended by the broker",
    CutShort.CRASH.value: "lost in a crash",
    CutShort.NO_ANSWER.value: "lost on the way",
}
"""By what cut the last attempt short: tokens that it may have been issued are lost, and took the old ones with them."""


def end_login(session: Session, connection: Connection, refused: LoginRefused) -> bool:
    """Ask for a new login, and tell why, if the broker's word is still about the login of this connection; whether it is.

    The transaction has just begun, and holds the connection's lock. No other process has refreshed the login since it was
    refused, nobody has linked a new one, and no link of this user and broker is in its callback, which would end the
    older login. Otherwise the refusal is passing.
    """
    credential = session.get(Credential, connection.id)
    if credential is None or connection.status == Status.REAUTH_REQUIRED:
        return False
    if not refused.is_about(credential.token_version, connection.login_at):
        return False
    if connection.status != Status.LINKING and is_linking(session, connection.user_id, connection.broker):
        return False
    reason = REASONS[credential.cut_short_by]
    lost = {} if credential.cut_short_at is None else {"since": iso(credential.cut_short_at)}
    log.warning("login ended", extra={"connection": connection.id, "reason": reason})
    connection.status = Status.REAUTH_REQUIRED
    record_event(session, "reauth_required", connection, "worker", reason=reason, **lost)
    return True
