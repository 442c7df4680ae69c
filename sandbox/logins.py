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
    """One person's grant to the app. It ends seven days after it began, whatever is refreshed.

    `token_calls` counts every token request for it, refused ones too; `reuses` those with a refresh token that had been
    replaced.
    """

    user: str
    accounts: frozenset[str]
    began_at: datetime
    refresh_token: str = field(default="", repr=False)
    token_calls: int = 0
    refreshes: int = 0
    reuses: int = 0
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
    """`rotate`: each refresh hands out a new refresh token. The old one coming back then ends the whole login: whoever sends
    it, it was stolen or used twice (RFC 9700, 4.14.2)."""

    def __init__(self, clock: Clock, *, rotate: bool) -> None:
        self._clock = clock
        self._rotate = rotate
        self._codes: dict[str, Code] = {}
        self._refresh_tokens: dict[str, Login] = {}
        self._access_tokens: dict[str, tuple[Login, datetime]] = {}
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
        login = Login(user=known.user, accounts=known.accounts, began_at=now, token_calls=1)
        self._give_refresh_token(login)
        self.all.append(login)
        return login

    def refresh(self, refresh_token: str) -> Login:
        """The login of a refresh token. Raises `LoginRefused` when it has ended or never was."""
        now = self._clock.now()
        login = self._refresh_tokens.get(refresh_token)
        if login is not None and login.lives(now) and refresh_token != login.refresh_token:
            login.reuses += 1
            login.ended_by = "an old refresh token"
        if login is None or not login.lives(now):
            raise LoginRefused(newer_wording=refresh_token in self._newer_wording)
        login.refreshes += 1
        if self._rotate:
            self._give_refresh_token(login)
        return login

    def end(self, refresh_token: str, *, newer_wording: bool) -> None:
        """End a login before its time, as Schwab does now and then."""
        login = self._refresh_tokens.get(refresh_token)
        if login:
            login.ended_by = "a fault"
        if newer_wording:
            self._newer_wording.add(refresh_token)

    def new_access_token(self, login: Login) -> str:
        token = f"I0.{_DATA_CENTRE}.{secrets.token_urlsafe(32)}@"
        self._access_tokens[token] = login, self._clock.now() + ACCESS_LIFETIME
        return token

    def of_access_token(self, token: str) -> Login | None:
        """The living login of an access token that has not run out."""
        login, ends_at = self._access_tokens.get(token, (None, None))
        now = self._clock.now()
        return login if login and ends_at and now < ends_at and login.lives(now) else None

    def of_refresh_token(self, token: str) -> Login | None:
        """The login that it was issued to, whether that lives or not, and whether the token was replaced or not."""
        return self._refresh_tokens.get(token)

    def user_of_access_token(self, token: str) -> str | None:
        """Whom it was issued to, whether it still works or not."""
        login, _ = self._access_tokens.get(token, (None, None))
        return login.user if login else None

    def user_of_code(self, code: str) -> str | None:
        known = self._codes.get(code)
        return known.user if known else None

    def _give_refresh_token(self, login: Login) -> None:
        login.refresh_token = f"{secrets.token_urlsafe(64)}@"
        self._refresh_tokens[login.refresh_token] = login
