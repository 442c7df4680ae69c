"""A login that nears its end, and one that has ended: who is told, how often, and what it does to the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.end_to_end.chromium import sign_in
from tests.end_to_end.commands import brokersync
from tests.end_to_end.installation import Installation, Linked, until
from tests.end_to_end.sink import Sink

pytestmark = pytest.mark.processes

KEPT = (
    "SELECT id, number_fp, masked FROM accounts WHERE connection_id = :c ORDER BY id",
    "SELECT p.account_id, p.instrument_key, p.quantity FROM positions p JOIN accounts a ON a.id = p.account_id"
    " WHERE a.connection_id = :c ORDER BY 1, 2",
    "SELECT id, outcome FROM sync_runs WHERE connection_id = :c AND started_at <= :until ORDER BY id",
    "SELECT id, kind FROM events WHERE connection_id = :c AND at <= :until ORDER BY id",
)
"""What a repair must leave as it is: ids, and all that there was before it."""


@pytest.mark.browser
def test_the_end_of_a_login_is_told_once_to_everybody_and_its_link_repairs_the_same_connection(
    told: Installation, heard: Sink, page: Page
) -> None:
    login = told.link("demo", "told-demo")
    ((until_now,),) = told.rows("SELECT clock_timestamp()")
    kept = [told.rows(query, c=login.connection_id, until=until_now) for query in KEPT]
    with subscribed(told, login.user_id) as messages:
        brokersync(told, "sandbox", "clock", "+6d")
        until(lambda: "login_ending" in [each["event"] for each in messages()])
        until(lambda: heard.people(login.connection_id))
        until(lambda: heard.webhook("login_ending", connection_id=login.connection_id))

        explained = brokersync(told, "explain", login.connection_id)
        command = f"brokersync link --repair {login.connection_id}"
        assert "the login ends in 23 h" in explained["sentence"]
        assert f"`brokersync link --repair {login.connection_id}`" in explained["sentence"]

        made = brokersync(told, "link", "--repair", login.connection_id[:8])
        page.goto(made["url"])
        page.get_by_role("button").click()
        sign_in(page, "demo")
        page.get_by_role("button", name="Allow").click()
        body = page.locator("body")
        expect(body).to_contain_text("the same connection as before, and its history is kept")
        for ending in login.accounts():
            expect(body).to_contain_text(ending)
        until(lambda: "repaired" in [each["event"] for each in messages()])

    assert all(kept)
    assert [told.rows(query, c=login.connection_id, until=until_now) for query in KEPT] == kept
    ((connection_id, status, is_new),) = told.rows(
        "SELECT id, status, login_expires_at > now() + interval '6 days' FROM connections WHERE user_id = :u",
        u=login.user_id,
    )
    assert (str(connection_id), status, is_new) == (login.connection_id, "active", True)
    assert login.sync()["outcome"] in {"ok", "unchanged"}

    (ending,) = [each for each in messages() if each["event"] == "login_ending"]
    assert (ending["connection_id"], ending["user_id"], ending["action"]) == (
        login.connection_id,
        login.user_id,
        command,
    )
    (posted,) = heard.webhook("login_ending", connection_id=login.connection_id)
    assert posted.is_signed
    assert posted.document == ending
    (notice,) = heard.people(login.connection_id)
    assert command in notice["message"]
    assert "/oauth/start/" not in json.dumps([each.document for each in heard.posts])


def test_a_login_that_ended_is_told_once_asked_for_no_more_and_leaves_all_others_alone(
    told: Installation, heard: Sink
) -> None:
    dead = told.link("alice", "told-alice")
    brokersync(told, "sandbox", "clock", "+6d")
    others = [told.link(person, f"told-{person}") for person in ("demo", "bob", "carol")]
    ((since,),) = told.rows("SELECT clock_timestamp()")
    with subscribed(told, dead.user_id) as messages:
        brokersync(told, "sandbox", "clock", "+2d")
        until(lambda: dead.status() == "reauth_required")
        until(lambda: heard.webhook("reauth_required", connection_id=dead.connection_id))
        until(lambda: heard.people("Login needed", dead.connection_id))
        explained = brokersync(told, "explain", dead.connection_id)
        assert f"`brokersync link --repair {dead.connection_id}`" in explained["sentence"]

        calls = token_calls(told)
        for _ in range(3):
            before = checked(told, others)
            brokersync(told, "sandbox", "clock", "+8h")
            until(
                lambda before=before: all(now > then for now, then in zip(checked(told, others), before, strict=True))
            )
        after = token_calls(told)

    assert after["alice"] == calls["alice"]
    assert all(after[each.sandbox_user] > calls[each.sandbox_user] for each in others)
    assert [each.status() for each in others] == ["active"] * 3
    assert not told.rows(
        "SELECT connection_id, outcome, error_kind, started_at FROM sync_runs WHERE outcome NOT IN ('ok', 'unchanged')"
        " AND connection_id = ANY(CAST(:c AS uuid[])) AND started_at > :since",
        c=[each.connection_id for each in others],
        since=since,
    )

    assert [each["event"] for each in messages()].count("reauth_required") == 1
    (event,) = told.rows(
        "SELECT details ->> 'reason' FROM events WHERE kind = 'reauth_required' AND connection_id = :c",
        c=dead.connection_id,
    )
    assert event == ("ended by the broker",)
    assert len(heard.webhook("reauth_required", connection_id=dead.connection_id)) == 1
    assert len(heard.people("Login needed", dead.connection_id)) == 1


@contextmanager
def subscribed(installation: Installation, user_id: str) -> Iterator[Any]:
    """A subscriber of the connection events of that user; a call gives all messages that it has had."""
    got: list[dict[str, Any]] = []
    with installation.redis.pubsub() as listening:
        listening.subscribe(f"live_data:connections:{user_id}")

        def messages() -> list[dict[str, Any]]:
            while listening.subscribed and (message := listening.get_message(timeout=0.1)):
                if message["type"] == "message":
                    got.append(json.loads(message["data"]))
            return got

        yield messages
        messages()


def token_calls(installation: Installation) -> dict[str, int]:
    """How often the token endpoint was asked for each person's newest login."""
    state = requests.get(f"{installation.sandbox_url}/_sandbox/state", timeout=10).json()
    return {login["user"]: login["token_calls"] for login in state["logins"]}


def checked(installation: Installation, logins: list[Linked]) -> list[Any]:
    """When the broker last confirmed each, by the clock that runs here."""
    query = "SELECT max(started_at) FROM sync_runs WHERE connection_id = :c AND outcome IN ('ok', 'unchanged')"
    return [installation.rows(query, c=each.connection_id)[0][0] for each in logins]
