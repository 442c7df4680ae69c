"""The faults that can be asked for: which exist, where each makes sense, and which are waiting for a request."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum

API = ("accountNumbers", "accounts", "account", "userPreference")
ENDPOINTS = ("token", *API)
ANYWHERE = "any"
DEFAULT_RETRY_AFTER = 5
DEFAULT_SLOWEST = 15
"""Seconds: longer than a lock that runs out by itself is mostly made, and shorter than clients wait."""


class Effect(Enum):
    """REPLACE: the request is not looked at. ALTER: a good answer is spoiled. END_LOGIN: a refresh finds its login dead.
    NEW_HASH: a request for one account finds that its hash has changed."""

    REPLACE = "replace"
    ALTER = "alter"
    END_LOGIN = "end_login"
    NEW_HASH = "new_hash"


@dataclass(frozen=True)
class Kind:
    """`where` are the endpoints at which the fault makes sense, the default first."""

    effect: Effect
    where: tuple[str, ...]


_ACCOUNTS_FIRST = ("accounts", "account", "accountNumbers", "userPreference", "token")
_API_ACCOUNTS_FIRST = _ACCOUNTS_FIRST[:-1]
_DOCUMENTS = ("accounts", "account")
_TOKEN = ("token",)

KINDS: dict[str, Kind] = {
    "unauthorized": Kind(Effect.REPLACE, _API_ACCOUNTS_FIRST),
    "rate_limited": Kind(Effect.REPLACE, _ACCOUNTS_FIRST),
    "rate_limited_silent": Kind(Effect.REPLACE, _ACCOUNTS_FIRST),
    "server_error": Kind(Effect.REPLACE, _ACCOUNTS_FIRST),
    "html_error": Kind(Effect.REPLACE, _ACCOUNTS_FIRST),
    "html_ok": Kind(Effect.REPLACE, _ACCOUNTS_FIRST),
    "text_404": Kind(Effect.REPLACE, _ACCOUNTS_FIRST),
    "drip": Kind(Effect.ALTER, _ACCOUNTS_FIRST),
    "slow": Kind(Effect.ALTER, _ACCOUNTS_FIRST),
    "stall": Kind(Effect.REPLACE, _ACCOUNTS_FIRST),
    "reset": Kind(Effect.REPLACE, _ACCOUNTS_FIRST),
    "truncated": Kind(Effect.ALTER, _ACCOUNTS_FIRST),
    "not_json": Kind(Effect.REPLACE, _ACCOUNTS_FIRST),
    "empty_object": Kind(Effect.REPLACE, _ACCOUNTS_FIRST),
    "empty_list": Kind(Effect.REPLACE, _ACCOUNTS_FIRST),
    "missing_positions": Kind(Effect.ALTER, _DOCUMENTS),
    "missing_account": Kind(Effect.ALTER, ("accounts",)),
    "nan": Kind(Effect.ALTER, _DOCUMENTS),
    "new_hash": Kind(Effect.NEW_HASH, ("account",)),
    "login_ended": Kind(Effect.END_LOGIN, _TOKEN),
    "login_ended_2026": Kind(Effect.END_LOGIN, _TOKEN),
    "wrong_app": Kind(Effect.REPLACE, _TOKEN),
    "token_html": Kind(Effect.REPLACE, _TOKEN),
    "no_refresh_token": Kind(Effect.ALTER, _TOKEN),
}


WITH_RETRY_AFTER = frozenset({"rate_limited"})
"""The faults whose answer says when to come back."""
WITH_SLOWEST = frozenset({"slow"})
"""The faults that last a while, of which the longest can be said."""


def places(name: str) -> tuple[str, ...]:
    """Where that fault may be asked for, its default first."""
    return (*KINDS[name].where, ANYWHERE)


class UnknownFault(ValueError):
    """What was asked for does not exist. The message says what does."""


@dataclass(frozen=True)
class Asked:
    """A request as faults see it. `user` is whose token or code it carries; None where it carries none that was issued."""

    endpoint: str
    grant_type: str | None = None
    user: str | None = None


@dataclass
class Fault:
    """One that waits: it takes the next `left` requests that match it, of `user` only if there is one."""

    name: str
    where: str
    left: int
    retry_after: int
    slowest: int
    user: str | None

    @property
    def effect(self) -> Effect:
        return KINDS[self.name].effect

    def matches(self, asked: Asked) -> bool:
        kind = KINDS[self.name]
        if kind.effect is Effect.END_LOGIN and asked.grant_type != "refresh_token":
            return False
        here = asked.endpoint in kind.where and self.where in {ANYWHERE, asked.endpoint}
        return here and self.user in {None, asked.user}


@dataclass(frozen=True)
class Hit:
    """A fault that took a request. `count` is how often this kind has struck before."""

    fault: Fault
    count: int

    @property
    def name(self) -> str:
        return self.fault.name


class Faults:
    """The waiting faults, oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self._struck: Counter[str] = Counter()

    def add(
        self,
        name: str,
        times: int = 1,
        where: str | None = None,
        retry_after: int = DEFAULT_RETRY_AFTER,
        slowest: int = DEFAULT_SLOWEST,
        user: str | None = None,
    ) -> Fault:
        """Raises `UnknownFault`."""
        if name not in KINDS:
            raise UnknownFault(f"fault must be one of: {', '.join(KINDS)}")
        allowed = places(name)
        if where is not None and where not in allowed:
            raise UnknownFault(f"where must be one of: {', '.join(allowed)} (for {name})")
        fault = Fault(name, where or allowed[0], times, retry_after, slowest, user)
        self.waiting.append(fault)
        return fault

    def clear(self) -> None:
        self.waiting.clear()

    def take(self, asked: Asked) -> Hit | None:
        """The fault that strikes this request, if any; it is used up by one."""
        fault = next((each for each in self.waiting if each.matches(asked)), None)
        if fault is None:
            return None
        fault.left -= 1
        if fault.left == 0:
            self.waiting.remove(fault)
        hit = Hit(fault, self._struck[fault.name])
        self._struck[fault.name] += 1
        return hit

    def give_back(self, hit: Hit) -> None:
        """The answer was an error already and could not be spoiled: the fault waits for the next one."""
        hit.fault.left += 1
        self._struck[hit.name] -= 1
        if hit.fault not in self.waiting:
            self.waiting.insert(0, hit.fault)
