"""Schwab behind the broker seam: which request answers which question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar
from urllib.parse import urlencode

import msgspec
from requests.adapters import BaseAdapter

from brokers.answers import Answer
from brokers.deadline import Deadline
from brokers.decoding import Line, Unreadable, decode
from brokers.endpoints import Endpoint
from brokers.errors import BrokerError
from brokers.http import HttpClient, Unsafe
from brokers.interface import Declaration, NotConfigured, never
from brokers.records import AccountFault, AccountSnapshot, Grant, ListedAccount, Listing, SameAnswer, Snapshot
from brokers.schwab import accounts, refusals, tokens
from brokers.schwab.declaration import (
    ACCOUNT,
    ACCOUNT_NUMBERS,
    ACCOUNTS,
    DECLARATION,
    ENDPOINTS,
    TOKEN,
    USER_PREFERENCE,
)
from brokers.schwab.wire import UserPreference

_WITH_POSITIONS = {"fields": "positions"}
_NICKNAMES_WITHIN = 5.0
"""Nicknames are worth a short wait only: a listing is complete without them."""

_PREFERENCE = msgspec.json.Decoder(UserPreference | list[UserPreference])
_NICKNAME: msgspec.json.Decoder[str] = msgspec.json.Decoder(Line)


class Schwab:
    """One app's access to Schwab. Safe to share between threads.

    `values` holds what `declaration.variables` names. Raises `NotConfigured` where an address cannot be used.
    """

    declaration: ClassVar[Declaration] = DECLARATION
    endpoints: ClassVar[frozenset[Endpoint]] = ENDPOINTS

    def __init__(self, values: Mapping[str, str], transport: BaseAdapter | None = None) -> None:
        self._client_id = values["SCHWAB_CLIENT_ID"]
        self._redirect_uri = values["SCHWAB_REDIRECT_URI"]
        self._base_url = values["SCHWAB_BASE_URL"].rstrip("/")
        self._basic = tokens.basic_authorization(self._client_id, values["SCHWAB_CLIENT_SECRET"])
        try:
            self._http = HttpClient(self._base_url, ENDPOINTS, transport)
        except Unsafe as error:
            raise NotConfigured(("SCHWAB_BASE_URL",), f"SCHWAB_BASE_URL cannot be used: {error}.") from None

    def __repr__(self) -> str:
        return "Schwab()"

    def app_id(self) -> str:
        return f"{self._base_url} {self._basic}"

    def check_app(self, *, deadline: float) -> None:
        """By a refresh that cannot work. Seen live: a wrong app, or one that is not Ready For Use, is a 401 with
        `invalid_client`, a refresh token that is not good a 400 with other words. Any third answer proves nothing.
        """
        form = {"grant_type": "refresh_token", "refresh_token": tokens.NEVER_ISSUED}
        tokens.taken_app(self._ask_for_tokens(form, deadline))

    def redirect_uri(self) -> str:
        return self._redirect_uri

    def authorize_url(self, state: str, code_challenge: str | None) -> str:
        """`state` comes back unchanged. Schwab is not known to take PKCE, so `code_challenge` is left out."""
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "state": state,
        }
        return f"{self._base_url}/v1/oauth/authorize?{urlencode(query)}"

    def exchange(self, code: str, code_verifier: str | None, *, deadline: float) -> Grant:
        """A refused code is `LoginEnded`: the person starts again. It lives 30 s and works once."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect_uri}
        return tokens.new_grant(self._ask_for_tokens(form, deadline))

    def refresh(self, credentials: Mapping[str, str], *, deadline: float) -> Grant:
        form = {"grant_type": "refresh_token", "refresh_token": credentials["refresh_token"]}
        return tokens.renewed_grant(credentials, self._ask_for_tokens(form, deadline))

    def list_accounts(self, credentials: Mapping[str, str], *, deadline: float) -> Listing:
        """Nicknames and the login's id are extras: whatever keeps them from us, the accounts are listed."""
        limit = Deadline(deadline)
        hashes = self._account_hashes(credentials, limit)
        nicknames, login_id = self._preference(credentials, limit.at_most(_NICKNAMES_WITHIN))
        return Listing(
            tuple(ListedAccount(number, hashed, nicknames.get(number)) for number, hashed in hashes.items()), login_id
        )

    def fetch(
        self,
        credentials: Mapping[str, str],
        state: Mapping[str, object] | None,
        *,
        knows: Callable[[str], bool],
        seen: Callable[[bytes], bool] = never,
        deadline: float,
    ) -> Snapshot | SameAnswer:
        """One request, whatever the number of accounts; where it brings one that is not known, a second for the hashes.

        Schwab never asks us to come back, so `state` is not used.
        """
        limit = Deadline(deadline)
        body = self._get(ACCOUNTS, credentials, limit, query=_WITH_POSITIONS)
        if seen(body):
            return SameAnswer()
        found = accounts.found(body)
        if all(knows(number) for number in found):
            return Snapshot(accounts=tuple(found.values()))
        return accounts.checked(found, self._account_hashes(credentials, limit))

    def fetch_account(
        self, credentials: Mapping[str, str], broker_account_id: str, *, is_it: Callable[[str], bool], deadline: float
    ) -> AccountSnapshot | AccountFault:
        """`broker_account_id` is the account's hash. One that Schwab refuses, or takes for another account's, is looked up
        anew and, if it changed, the new one asked for: three requests at most."""
        limit, refusal = Deadline(deadline), None
        try:
            account = self._account(credentials, broker_account_id, limit)
        except BrokerError as error:
            if not refusals.may_be_for_the_path(error):
                raise
            refusal = error
        else:
            if is_it(account.number):
                return account
        hashes = self._account_hashes(credentials, limit)
        hashed = next((each for number, each in hashes.items() if is_it(number)), broker_account_id)
        if hashed != broker_account_id:
            return self._account(credentials, hashed, limit)
        if refusal is not None:
            raise refusal
        return account

    def close(self) -> None:
        self._http.close()

    def _ask_for_tokens(self, form: Mapping[str, str], deadline: float) -> Answer:
        return self._http.call(TOKEN, Deadline(deadline), headers={"Authorization": self._basic}, form=form)

    def _account_hashes(self, credentials: Mapping[str, str], deadline: Deadline) -> dict[str, str]:
        return accounts.account_hashes(self._get(ACCOUNT_NUMBERS, credentials, deadline))

    def _preference(
        self, credentials: Mapping[str, str], deadline: Deadline
    ) -> tuple[dict[str, str | None], str | None]:
        """Nicknames by account number, and the customer's id. One object live, a list in Schwab's description."""
        try:
            answer = decode(_PREFERENCE, self._get(USER_PREFERENCE, credentials, deadline))
        except (BrokerError, Unreadable):
            return {}, None
        preferences = answer if isinstance(answer, list) else [answer]
        nicknames = {
            account.account_number: _nickname(account.nick_name)
            for preference in preferences
            for account in preference.accounts or ()
            if account.account_number
        }
        ids = (one.schwab_client_customer_id for preference in preferences for one in preference.streamer_info or ())
        return nicknames, next((login_id for login_id in ids if login_id), None)

    def _account(
        self, credentials: Mapping[str, str], hashed: str, deadline: Deadline
    ) -> AccountSnapshot | AccountFault:
        answer = self._ask(ACCOUNT, credentials, deadline, path={"account": hashed}, query=_WITH_POSITIONS)
        return accounts.single(hashed, refusals.body(ACCOUNT, answer))

    def _get(
        self,
        endpoint: Endpoint,
        credentials: Mapping[str, str],
        deadline: Deadline,
        query: Mapping[str, str] | None = None,
    ) -> bytes:
        return refusals.body(endpoint, self._ask(endpoint, credentials, deadline, query=query))

    def _ask(
        self,
        endpoint: Endpoint,
        credentials: Mapping[str, str],
        deadline: Deadline,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        headers = {"Authorization": f"Bearer {credentials['access_token']}"}
        return self._http.call(endpoint, deadline, path=path, query=query, headers=headers)


def _nickname(written: msgspec.Raw) -> str | None:
    """None for one that is empty or cannot be stored."""
    try:
        return decode(_NICKNAME, written) or None
    except Unreadable:
        return None
