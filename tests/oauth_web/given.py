"""What the tests of the link start from: a broker with a script, a browser, a host application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from brokers.interface import Declaration
from brokers.records import Grant, ListedAccount, Listing
from tests.fakes import FakeBroker

PUBLIC_URL = "https://127.0.0.1:8182"
SERVICE_KEY = "the-service-key"
CODE = "C0.code-of-the-broker@"
ACCESS_TOKEN, REFRESH_TOKEN = "I0.access-of-the-login@", "r0.refresh-of-the-login@"
NUMBERS = ("70001234", "70005678")


class LoginBroker(FakeBroker):
    """The fake broker, which takes PKCE and remembers what it was sent. It gives a good login until told otherwise."""

    declaration: ClassVar[Declaration] = replace(FakeBroker.declaration, pkce=True)

    def __init__(self) -> None:
        super().__init__()
        self.exchanged: list[tuple[str, str | None]] = []
        self.will("exchange", grant())
        self.will("list_accounts", listing())

    def authorize_url(self, state: str, code_challenge: str | None) -> str:
        return f"https://fake.invalid/authorize?state={state}&code_challenge={code_challenge}"

    def exchange(self, code: str, code_verifier: str | None, *, deadline: float) -> Grant:
        self.exchanged.append((code, code_verifier))
        return super().exchange(code, code_verifier, deadline=deadline)


def grant(access_token: str = ACCESS_TOKEN, refresh_token: str = REFRESH_TOKEN) -> Grant:
    return Grant({"access_token": access_token, "refresh_token": refresh_token}, timedelta(minutes=30))


def listing(*numbers: str, login_id: str | None = "login-1") -> Listing:
    accounts = tuple(
        ListedAccount(number, f"hash-of-{number}", f"Nest <egg> {number[-4:]}") for number in numbers or NUMBERS
    )
    return Listing(accounts, login_id)


@dataclass
class Browser:
    """A browser of its own: it keeps cookies, and says of a form where it was sent from."""

    app: Flask
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def open(self, url: str, method: str = "GET", **more: Any) -> TestResponse:
        return self.client.open(url, method=method, base_url=PUBLIC_URL, buffered=True, **more)

    def press(self, url: str, headers: Mapping[str, str] | None = None) -> TestResponse:
        return self.open(url, "POST", headers={"Sec-Fetch-Site": "same-origin"} if headers is None else headers)

    def go_to_broker(self, url: str) -> str:
        """Press the start page's button; the state that the broker is given."""
        answer = self.press(url)
        assert answer.status_code == 303, answer.text
        return sent_to_broker(answer)["state"]

    def come_back(self, state: str, **query: str) -> TestResponse:
        return self.open("/oauth/callback", query_string={"code": CODE, **query, "state": state})

    def link(self, url: str) -> TestResponse:
        return self.come_back(self.go_to_broker(url))


@dataclass
class Host:
    """The host application."""

    app: Flask

    def ask(self, body: Any = None, headers: Mapping[str, str] | None = None, **fields: Any) -> TestResponse:
        sent = {"user_id": "42", "broker": "fake", **fields} if body is None else body
        if headers is None:
            headers = {"Authorization": f"Bearer {SERVICE_KEY}"}
        return self.app.test_client().post("/links", json=sent, base_url=PUBLIC_URL, headers=headers)

    def new_link(self, user_id: str = "42", **fields: Any) -> str:
        """The path of a new link."""
        answer = self.ask(user_id=user_id, **fields)
        assert answer.status_code == 201, answer.text
        return urlsplit(answer.json["url"]).path


def sent_to_broker(answer: TestResponse) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def cookies_of(answer: TestResponse) -> list[str]:
    return answer.headers.getlist("Set-Cookie")
