"""Finishing a link whose account list failed in the browser: the tokens are kept, so the worker asks for the list."""

from __future__ import annotations

from models import linking
from models.linking import ListedRow
from worker.claims import Claim
from worker.fetching import ask_with_login
from worker.limits import Deadline
from worker.outcomes import CannotSync, Outcome, SyncResult
from worker.parts import Parts


def finish_link(parts: Parts, claim: Claim, deadline: Deadline) -> SyncResult:
    """List the accounts and activate the login; its first sync is then due at once.

    Raises what the broker raises, and `CannotSync` for a login that cannot be linked here; that one is forgotten.
    """
    broker = parts.broker(claim.broker)
    listing = ask_with_login(
        parts, claim, deadline, lambda login: broker.list_accounts(login, deadline=deadline.for_http())
    )
    rows = [ListedRow(row.number, row.masked, row.broker_account_id, row.nickname) for row in listing.accounts]
    try:
        with parts.database.session(deadline.left()) as session:
            done = linking.activate(session, claim.connection_id, listing.login_id, rows, "worker")
            connection_id = done.connection.id
    except (linking.LoginBelongsToAnother, linking.WrongLogin) as refusal:
        with parts.database.session(deadline.left()) as session:
            linking.refuse(session, claim.connection_id, listing.login_id, rows, "worker")
        raise CannotSync(f"The new login was not linked: {refusal}") from None
    return SyncResult(connection_id, Outcome.OK, claim.run_id)
