"""What happens between a code and an active connection; the pages know nothing of it, and it nothing of pages.

No database session is open while the broker is asked. The tokens are committed before they are used.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError

from brokers.interface import Broker
from brokers.records import Grant, Listing
from models import linking
from models.connection import Connection
from models.link import Link
from models.linking import Activated
from models.refusing import refuse
from models.same_login import LoginBelongsToAnother, WrongLogin
from models.session import Database
from models.sharing import ListedRow
from oauth_web.parts import Parts, assert_encryption

EXCHANGE_WITHIN = 15.0
"""Seconds. A code lives 30 s at Schwab, and some have passed when it gets here."""
LIST_WITHIN = 10.0
"""Seconds. A person is waiting; what takes longer is left to the worker."""

COMMIT_AGAIN_AFTER = (0.2, 1.0, 3.0)
"""Seconds: a restarted PostgreSQL is back in this time. A person is waiting here too."""

_ACTOR = "browser link"


@dataclass(frozen=True)
class Kept:
    """A login whose tokens are committed, in status `linking`. From here on the worker can finish it."""

    connection: Connection
    credentials: dict[str, str]

    def __repr__(self) -> str:
        return f"Kept({self.connection.id})"


def keep_login(ours: Parts, broker: Broker, link: Link, code: str, verifier: str) -> Kept:
    """Turn the code into tokens and commit them. Raises what `Broker.exchange` raises, and `LoginForgotten` for a link
    that was withdrawn meanwhile; then nothing is stored."""
    with ours.database.session() as session:
        # A new login may end the older one at the broker, so it is asked for only if it can be stored.
        assert_encryption(session)
    pkce = broker.declaration.pkce
    grant = broker.exchange(code, verifier if pkce else None, deadline=EXCHANGE_WITHIN)
    return Kept(_commit(ours, broker, link, grant), grant.credentials)


def _commit(ours: Parts, broker: Broker, link: Link, grant: Grant) -> Connection:
    """Commit the tokens. Lost, they would take the older login with them: a database that stumbles is asked again."""
    for wait in COMMIT_AGAIN_AFTER:
        try:
            return _try_to_commit(ours, broker, link, grant)
        except OperationalError:
            time.sleep(wait)
    return _try_to_commit(ours, broker, link, grant)


def _try_to_commit(ours: Parts, broker: Broker, link: Link, grant: Grant) -> Connection:
    with ours.database.session() as session:
        return linking.keep_grant(
            session,
            link,
            grant.credentials,
            grant.access_expires_in,
            broker.declaration.login_lifetime,
            ours.settings.sync_interval,
        )


def finish(database: Database, broker: Broker, kept: Kept) -> Activated:
    """List the accounts and activate the login.

    Raises what `Broker.list_accounts` raises and `LoginUnknown`, with the tokens kept; `LoginBelongsToAnother`, `WrongLogin`
    and `LoginForgotten` with the login forgotten.
    """
    listing = broker.list_accounts(kept.credentials, deadline=LIST_WITHIN)
    rows = _rows(listing)
    try:
        with database.session() as session:
            return linking.activate(session, kept.connection.id, listing.login_id, rows, _ACTOR)
    except (LoginBelongsToAnother, WrongLogin):
        with database.session() as session:
            refuse(session, kept.connection.id, listing.login_id, rows, _ACTOR)
        raise


def _rows(listing: Listing) -> list[ListedRow]:
    return [ListedRow(row.number, row.masked, row.broker_account_id, row.nickname) for row in listing.accounts]
