"""Finishing a link whose account list failed in the browser: the tokens are kept, so the worker asks for the list."""

from __future__ import annotations

import logging
from datetime import timedelta

from models import linking
from models.refusing import refuse
from models.same_login import LoginBelongsToAnother, LoginUnknown, WrongLogin
from models.sharing import ListedRow
from worker import claims
from worker.attempts import Attempt, record_listed
from worker.fetching import ask_with_login
from worker.limits import Deadline
from worker.outcomes import CannotSync, Outcome, SyncResult
from worker.parts import Parts
from worker.storing import defer

log = logging.getLogger(__name__)

LIST_AGAIN_AFTER = timedelta(minutes=1)
"""A login of which the broker did not tell whose it is. It may wait for `LISTING_LIMIT`."""


def finish_link(parts: Parts, attempt: Attempt, deadline: Deadline) -> SyncResult:
    """List the accounts and activate the login; its first sync is then due at once.

    Nothing is done when the browser was faster after all and the claim is lost; a login that the person has linked anew
    since, or disconnected, is dropped; one of which nothing tells yet whose it is waits. Raises what the broker raises, and
    `CannotSync` for a login that cannot be linked here; that one is forgotten.
    """
    claim = attempt.claim
    broker = parts.broker(claim.broker)
    listing = ask_with_login(
        parts,
        claim,
        deadline,
        lambda login: attempt.stopwatch.time(lambda: broker.list_accounts(login, deadline=deadline.for_http())),
    )
    rows = [ListedRow(row.number, row.masked, row.broker_account_id, row.nickname) for row in listing.accounts]
    try:
        with parts.database.session(deadline.left()) as session:
            if claims.held(session, claim) is None:
                return SyncResult(claim.connection_id, Outcome.SUPERSEDED, claim.run_id)
            done = linking.activate(session, claim.connection_id, listing.login_id, rows, "worker")
            outcome = Outcome.OK if done.dropped is None else Outcome.SUPERSEDED
            record_listed(session, attempt, outcome, done.connection.id)
    except LoginUnknown as unknown:
        log.info("whose login it is is not known yet: %s", unknown, extra={"connection": claim.connection_id})
        defer(parts, attempt, LIST_AGAIN_AFTER)
        return SyncResult(claim.connection_id, Outcome.DEFERRED, claim.run_id)
    except (LoginBelongsToAnother, WrongLogin) as refusal:
        with parts.database.session(deadline.left()) as session:
            if claims.held(session, claim) is not None:
                refuse(session, claim.connection_id, listing.login_id, rows, "worker")
        raise CannotSync(f"The new login was not linked: {refusal}") from None
    return SyncResult(done.connection.id, outcome, claim.run_id)
