"""A sandbox to test, and a person who uses it as a browser and an app would."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.app import create_app
from sandbox.world import Options

REDIRECT_URI = "https://127.0.0.1:8182/oauth/callback"
APP = ("app-key", "app-secret")
OPTIONS = Options(
    client_id=APP[0],
    client_secret=APP[1],
    redirect_uris=(REDIRECT_URI, "https://sync.example/back?a=b"),
    seed=7,
    now=datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
)
ASKED = {"client_id": APP[0], "redirect_uri": REDIRECT_URI, "response_type": "code", "state": "st/1=ü"}


def sandbox(**changes: Any) -> FlaskClient:
    return create_app(replace(OPTIONS, **changes)).test_client()


def consent_page(client: FlaskClient, user: str = "demo", **asked: str) -> str:
    signed_in = client.post("/v1/oauth/authorize", data=ASKED | asked | {"username": user, "password": "sandbox"})
    assert signed_in.status_code == 200
    return signed_in.text


def answer(client: FlaskClient, page: str, decision: str = "allow", accounts: list[str] | None = None) -> TestResponse:
    (ticket,) = re.findall(r'name="ticket" value="([^"]+)"', page)
    offered = re.findall(r'name="accounts" value="(\d+)" checked', page)
    chosen = offered if accounts is None else accounts
    return client.post("/v1/oauth/consent", data={"ticket": ticket, "accounts": chosen, "decision": decision})


def sent_back(response: TestResponse | requests.Response) -> dict[str, str]:
    """The query of the redirect, decoded once, in its order."""
    assert response.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def new_code(client: FlaskClient, user: str = "demo", accounts: list[str] | None = None) -> str:
    return sent_back(answer(client, consent_page(client, user), accounts=accounts))["code"]


def ask_token(client: FlaskClient, app: tuple[str, str] | None = APP, **form: str) -> TestResponse:
    return client.post("/v1/oauth/token", data=form, auth=app)


def exchange(client: FlaskClient, code: str, redirect_uri: str = REDIRECT_URI) -> TestResponse:
    return ask_token(client, grant_type="authorization_code", code=code, redirect_uri=redirect_uri)


def refresh(client: FlaskClient, refresh_token: str) -> TestResponse:
    return ask_token(client, grant_type="refresh_token", refresh_token=refresh_token)


def link(client: FlaskClient, user: str = "demo", accounts: list[str] | None = None) -> dict[str, Any]:
    """The token answer of a whole login."""
    tokens: dict[str, Any] = exchange(client, new_code(client, user, accounts)).get_json()
    return tokens


def read(client: FlaskClient, tokens: dict[str, Any], path: str) -> TestResponse:
    return client.get(f"/trader/v1{path}", headers={"Authorization": f"Bearer {tokens['access_token']}"})


def control(client: FlaskClient, path: str, **asked: Any) -> TestResponse:
    return client.post(f"/_sandbox/{path}", json=asked)


def state(client: FlaskClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/_sandbox/state").get_json()
    return document


def accounts_of(client: FlaskClient, user: str = "demo") -> list[dict[str, Any]]:
    return next(each["accounts"] for each in state(client)["users"] if each["user"] == user)


def exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def all_accounts(client: FlaskClient, user: str = "demo") -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = exact(read(client, link(client, user), "/accounts?fields=positions").text)
    return [document["securitiesAccount"] for document in documents]


def rows(client: FlaskClient, user: str) -> list[dict[str, Any]]:
    return [row for account in all_accounts(client, user) for row in account.get("positions", [])]
