"""The seam: what a broker declares, and what it can do. A second broker is one more module that fills this in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

from brokers.records import AccountFault, AccountSnapshot, ComeBack, Grant, Listing, SameAnswer, Snapshot


class NotConfigured(Exception):
    """The environment lacks what this broker declares. `names` are the variables; the message says what to do."""

    def __init__(self, names: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.names = names


class LinkMethod(StrEnum):
    """How a person links: by the broker's own login page, or by fields pasted into ours."""

    OAUTH2 = "oauth2"
    FORM = "form"


@dataclass(frozen=True)
class Variable:
    """A name in the environment that this broker needs. `default` None: it must be set."""

    name: str
    meaning: str
    default: str | None = None
    secret: bool = False


@dataclass(frozen=True)
class Declaration:
    """What is true of a broker whoever uses it.

    `login_lifetime` runs from the login, whatever is refreshed; None: it does not end. `idle_login_lifetime`: a login
    that is not used for so long dies; None: idle logins live. `requests_per_minute` is for one app key.
    `proof_terms` are the balances whose sum is the net liquidation value; `never_given` what it can not tell.
    `revocable`: the broker has a call that withdraws a login, and is `Revoking`; `unlink_advice` says how a person does it.
    `app_advice` says what an operator does about an app that the broker refuses, and where.
    """

    name: str
    title: str
    link_method: LinkMethod
    variables: tuple[Variable, ...]
    credential_fields: tuple[str, ...]
    login_lifetime: timedelta | None
    idle_login_lifetime: timedelta | None
    requests_per_minute: int
    fastest_cadence: timedelta
    proof_terms: tuple[str, ...]
    never_given: tuple[str, ...]
    pkce: bool
    revocable: bool
    unlink_advice: str
    app_advice: str


def never(_: bytes) -> bool:
    """For who wants every answer read."""
    return False


class Broker(Protocol):
    """A configured broker. Safe to share between threads. Every call may raise the errors of `brokers.errors`.

    `deadline` is the total time in seconds that the call may take, all its requests together.
    """

    declaration: ClassVar[Declaration]

    def app_id(self) -> str:
        """All that the broker knows the app by: key, secret, address. What differs in any of them is another app.

        It holds secrets: to be fingerprinted under a key, never logged or stored.
        """

    def check_app(self, *, deadline: float) -> None:
        """Whether the broker takes this app, asked without anybody's login. Returns when it does.

        Raises `AppMisconfigured` when it does not; any other error of `brokers.errors` proves neither.
        """

    def redirect_uri(self) -> str:
        """Where the broker sends the browser back to, exactly as it is registered there."""

    def authorize_url(self, state: str, code_challenge: str | None) -> str:
        """The broker's login page for one link. `code_challenge` (S256) is used where the broker takes PKCE."""

    def exchange(self, code: str, code_verifier: str | None, *, deadline: float) -> Grant:
        """Turn an authorization code (decoded once) into a grant. An answer without a refresh token is a `BadAnswer`."""

    def refresh(self, credentials: Mapping[str, str], *, deadline: float) -> Grant:
        """Renew the access part. The refresh token of the answer replaces the old one; without one the old one stays."""

    def list_accounts(self, credentials: Mapping[str, str], *, deadline: float) -> Listing:
        """Which accounts this login may read, with their nicknames."""

    def fetch(
        self,
        credentials: Mapping[str, str],
        state: Mapping[str, object] | None,
        *,
        knows: Callable[[str], bool],
        seen: Callable[[bytes], bool] = never,
        deadline: float,
    ) -> Snapshot | SameAnswer | ComeBack:
        """Balances and positions of all accounts. `state` is what an earlier `ComeBack` handed out.

        `knows(number)` says whether the caller has that account and its id already: then the id need not be asked for
        again. A known account that is not in the snapshot is the caller's to miss.

        `seen(body)` is asked once, about all that was answered of known accounts: if the caller has read just that before,
        it need not be read again, and the call returns `SameAnswer`.
        """

    def fetch_account(
        self, credentials: Mapping[str, str], broker_account_id: str, *, is_it: Callable[[str], bool], deadline: float
    ) -> AccountSnapshot | AccountFault:
        """Balances and positions of one account.

        `is_it(number)` tells the account by its number: a broker whose ids change finds its new one by it, and the
        snapshot carries that.
        """

    def close(self) -> None:
        """Give the pooled connections back."""


@runtime_checkable
class Revoking(Protocol):
    """What a broker can do beside the rest that declares its logins `revocable`."""

    def revoke(self, credentials: Mapping[str, str], *, deadline: float) -> None:
        """Withdraw the permission behind these credentials, for good: every token of that login ends, wherever it is.

        A login that has ended already is no error. Raises as the calls of a `Broker` do.
        """
