"""Codes, logins and tokens: what was issued, and until when it works."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.clock import Clock

CODE_LIFETIME = timedelta(seconds=30)
ACCESS_LIFETIME = timedelta(minutes=30)
LOGIN_LIFETIME = timedelta(days=7)

_DATA_CENTRE = base64.urlsafe_b64encode(b"oauth2.bdc.schwab.com").decode().rstrip("=")


@dataclass(frozen=True)
class Code:
    """An authorization code: for whom, for which accounts, and where it was sent."""

    user: str
    accounts: frozenset[str]
    redirect_uri: str
    ends_at: datetime


@dataclass(kw_only=True)
class Login:
    """One person's grant to the app. It ends seven days after it began, whatever is refreshed."""

    user: str
    accounts: frozenset[str]
    began_at: datetime
    refresh_token: str = field(repr=False)
    access_tokens: dict[str, datetime] = field(default_factory=dict, repr=False)
    refreshes: int = 0
    ended_by: str | None = None

    @property
    def ends_at(self) -> datetime:
        return self.began_at + LOGIN_LIFETIME

    def lives(self, now: datetime) -> bool:
        return self.ended_by is None and now < self.ends_at


class LoginRefused(Exception):
    """The refresh token does not work. `newer_wording`: say so in the words seen since 2026."""

    def __init__(self, *, newer_wording: bool) -> None:
        super().__init__("the refresh token is not good")
        self.newer_wording = newer_wording


class CodeRefused(Exception):
    """The authorization code is unknown, used or too old, or was sent to another address."""


class Logins:
    """`rotate`: each refresh hands out a new refresh token, and the old one stops working."""

    def __init__(self, clock: Clock, *, rotate: bool) -> None:
        self._clock = clock
        self._rotate = rotate
        self._codes: dict[str, Code] = {}
        self._newer_wording: set[str] = set()
        self.all: list[Login] = []

    def issue_code(self, user: str, accounts: frozenset[str], redirect_uri: str) -> str:
        code = f"C0.{_DATA_CENTRE}.{secrets.token_urlsafe(32)}@"
        self._codes[code] = Code(user, accounts, redirect_uri, self._clock.now() + CODE_LIFETIME)
        return code

    def exchange(self, code: str, redirect_uri: str) -> Login:
        """Begin the login that the code stands for; the person's older one ends. Raises `CodeRefused`."""
        known = self._codes.pop(code, None)
        now = self._clock.now()
        if known is None or now >= known.ends_at or redirect_uri != known.redirect_uri:
            raise CodeRefused
        for older in self.all:
            if older.user == known.user and older.ended_by is None:
                older.ended_by = "a newer login"
        login = Login(user=known.user, accounts=known.accounts, began_at=now, refresh_token=_refresh_token())
        self.all.append(login)
        return login

    def refresh(self, refresh_token: str) -> Login:
        """The login of a refresh token. Raises `LoginRefused` when it has ended or never was."""
        now = self._clock.now()
        login = self._holder(refresh_token)
        if login is None or not login.lives(now):
            raise LoginRefused(newer_wording=refresh_token in self._newer_wording)
        login.refreshes += 1
        if self._rotate:
            login.refresh_token = _refresh_token()
        return login

    def end(self, refresh_token: str, *, newer_wording: bool) -> None:
        """End a login before its time, as Schwab does now and then."""
        login = self._holder(refresh_token)
        if login:
            login.ended_by = "a fault"
        if newer_wording:
            self._newer_wording.add(refresh_token)

    def new_access_token(self, login: Login) -> str:
        token = f"I0.{_DATA_CENTRE}.{secrets.token_urlsafe(32)}@"
        now = self._clock.now()
        login.access_tokens = {each: ends_at for each, ends_at in login.access_tokens.items() if now < ends_at}
        login.access_tokens[token] = now + ACCESS_LIFETIME
        return token

    def of_access_token(self, token: str) -> Login | None:
        """The living login of an access token that has not run out."""
        now = self._clock.now()
        for login in self.all:
            ends_at = login.access_tokens.get(token)
            if ends_at and now < ends_at and login.lives(now):
                return login
        return None

    def _holder(self, refresh_token: str) -> Login | None:
        return next((login for login in self.all if login.refresh_token == refresh_token), None)


def _refresh_token() -> str:
    return f"{secrets.token_urlsafe(64)}@"
