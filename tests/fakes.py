"""Fakes at the seams: a broker that answers what a test wrote down for it, and a Redis that is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

import msgspec

from brokers.interface import Declaration, LinkMethod, never
from brokers.records import AccountFault, AccountSnapshot, ComeBack, Grant, Listing, SameAnswer, Snapshot


class FakeBroker:
    """A `brokers.interface.Broker`. `will("fetch", answer, …)` writes down what a call answers, one call after the other.

    The last answer stays. An exception is raised; something that can be called is called at the time of the answer.
    It takes its app, whose id is `app`, unless a test says otherwise. `calls` holds the name of each call with the
    credentials it came with, `deadlines` the seconds it was given, `asked_for` the broker's ids of single accounts,
    `recognises` what the last call was given to tell accounts by.
    """

    declaration: ClassVar[Declaration] = Declaration(
        name="fake",
        title="Fake Broker",
        link_method=LinkMethod.OAUTH2,
        variables=(),
        credential_fields=("access_token", "refresh_token"),
        login_lifetime=timedelta(days=7),
        idle_login_lifetime=None,
        requests_per_minute=120,
        fastest_cadence=timedelta(seconds=15),
        proof_terms=("cash", "long_market_value"),
        never_given=(),
        pkce=False,
        revocable=False,
        unlink_advice="Close the browser.",
        app_advice="Ask the fake broker.",
    )

    def __init__(self) -> None:
        self._answers: dict[str, list[Any]] = {"check_app": [None]}
        self.app = "the-app-key"
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.deadlines: list[float] = []
        self.states: list[Mapping[str, object] | None] = []
        self.asked_for: list[str] = []
        self.recognises: Callable[[str], bool] | None = None
        self.closed = False

    def will(self, call: str, *answers: Any) -> None:
        self._answers[call] = list(answers)

    def called(self, call: str) -> int:
        return [name for name, _ in self.calls].count(call)

    def app_id(self) -> str:
        return self.app

    def check_app(self, *, deadline: float) -> None:
        self._answer("check_app", {}, deadline)

    def redirect_uri(self) -> str:
        return "https://127.0.0.1:8182/oauth/callback"

    def authorize_url(self, state: str, code_challenge: str | None) -> str:
        return f"https://fake.invalid/authorize?state={state}"

    def exchange(self, code: str, code_verifier: str | None, *, deadline: float) -> Grant:
        return self._answer("exchange", {}, deadline)

    def refresh(self, credentials: Mapping[str, str], *, deadline: float) -> Grant:
        return self._answer("refresh", credentials, deadline)

    def list_accounts(self, credentials: Mapping[str, str], *, deadline: float) -> Listing:
        return self._answer("list_accounts", credentials, deadline)

    def fetch(
        self,
        credentials: Mapping[str, str],
        state: Mapping[str, object] | None,
        *,
        knows: Callable[[str], bool],
        seen: Callable[[bytes], bool] = never,
        deadline: float,
    ) -> Snapshot | SameAnswer | ComeBack:
        self.states.append(state)
        self.recognises = knows
        answer = self._answer("fetch", credentials, deadline)
        # Equal snapshots come from equal bodies.
        return SameAnswer() if isinstance(answer, Snapshot) and seen(msgspec.json.encode(answer)) else answer

    def fetch_account(
        self, credentials: Mapping[str, str], broker_account_id: str, *, is_it: Callable[[str], bool], deadline: float
    ) -> AccountSnapshot | AccountFault:
        self.asked_for.append(broker_account_id)
        self.recognises = is_it
        return self._answer("fetch_account", credentials, deadline)

    def close(self) -> None:
        self.closed = True

    def _answer(self, call: str, credentials: Mapping[str, str], deadline: float) -> Any:
        self.calls.append((call, dict(credentials)))
        self.deadlines.append(deadline)
        script = self._answers[call]
        answer = script.pop(0) if len(script) > 1 else script[0]
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return answer
