"""Asking the broker: with a login that is fresh, once more when the access token was refused, and never in a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from brokers.errors import AccessRefused, LoginEnded
from brokers.records import AccountFault, AccountSnapshot, ComeBack, SameAnswer, Snapshot
from models.connection import Connection
from worker import tokens
from worker.attempts import Attempt
from worker.claims import Claim, KnownAccount
from worker.limits import Deadline
from worker.logins import Login, LoginRefused, SeenLogin
from worker.parts import Parts

Answer = TypeVar("Answer")
Ask = Callable[[Mapping[str, str]], Answer]


def ask_with_login(parts: Parts, claim: Claim, deadline: Deadline, ask: Ask[Answer]) -> Answer:
    """Call `ask` with credentials that are good.

    A refused access token is refreshed and tried once more: brokers end access tokens early. Refused again, it is not the
    token: the app lacks a product, or no account is shared with it, and `AccessRefused` goes up as it is. A login that the
    broker calls ended is asked with once more where another one has taken its place, else `LoginRefused` goes up.
    """
    broker = parts.broker(claim.broker)

    def asked(login: Login) -> Answer:
        try:
            return ask(login.credentials)
        except LoginEnded as error:
            raise LoginRefused(error, login) from None

    seen = SeenLogin(claim.credential, claim.login_at, claim.login_expires_at, claim.taken_at)
    login = tokens.usable_login(parts.database, broker, seen, deadline)
    try:
        return asked(login)
    except AccessRefused:
        login = tokens.refresh(parts.database, broker, claim.connection_id, login.version, deadline)
    except LoginRefused as refused:
        login = tokens.newer_login(parts.database, claim.connection_id, refused, deadline)
    return asked(login)


def fetch_all(
    parts: Parts, attempt: Attempt, deadline: Deadline, seen: Callable[[bytes], bool]
) -> Snapshot | SameAnswer | ComeBack:
    """All accounts of the login. Known to the broker's question are those that the person shares: one that was left out at
    the last login and comes all the same is for the broker to check, as a new one is."""
    claim, prints = attempt.claim, parts.fingerprints
    broker, state = parts.broker(claim.broker), _fetch_state(parts, claim)
    shared = {number_fp for number_fp, account in claim.accounts.items() if account.missing_since is None}

    def knows(number: str) -> bool:
        return prints.of(claim.broker, number) in shared

    def ask(login: Mapping[str, str]) -> Snapshot | SameAnswer | ComeBack:
        return broker.fetch(login, state, knows=knows, seen=seen, deadline=deadline.for_http())

    return ask_with_login(parts, claim, deadline, lambda login: attempt.stopwatch.time(lambda: ask(login)))


def fetch_one(
    parts: Parts, attempt: Attempt, deadline: Deadline, number_fp: str, account: KnownAccount
) -> AccountSnapshot | AccountFault:
    """One account, by the broker's id for it; where that has changed, the broker finds it by the number's fingerprint."""
    claim, prints = attempt.claim, parts.fingerprints
    broker = parts.broker(claim.broker)

    def is_it(number: str) -> bool:
        return prints.of(claim.broker, number) == number_fp

    def ask(login: Mapping[str, str]) -> AccountSnapshot | AccountFault:
        return broker.fetch_account(login, account.broker_account_id, is_it=is_it, deadline=deadline.for_http())

    return ask_with_login(parts, claim, deadline, lambda login: attempt.stopwatch.time(lambda: ask(login)))


def _fetch_state(parts: Parts, claim: Claim) -> Mapping[str, object] | None:
    """What the broker asked to be handed back, where it prepares a report first."""
    if not claim.has_fetch_state:
        return None
    with parts.database.session() as session:
        return session.get_one(Connection, claim.connection_id).fetch_state
