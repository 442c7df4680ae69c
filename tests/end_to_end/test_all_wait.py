"""What the broker says of the app or of nobody in particular: all connections wait, and no login is given up for it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.end_to_end.commands import brokersync
from tests.end_to_end.installation import Installation, Linked, until
from tests.end_to_end.sink import Sink

pytestmark = pytest.mark.processes

PEOPLE = ("demo", "alice", "bob", "carol")


@pytest.fixture(scope="module")
def logins(_told: Installation) -> list[Linked]:
    """Everybody of the sandbox, with a login that lasts for longer than these tests let pass."""
    return [_told.link(person, f"told-{person}") for person in PEOPLE]


def test_pages_instead_of_tokens_change_no_logins_state(told: Installation, logins: list[Linked]) -> None:
    since = now(told)
    brokersync(told, "sandbox", "faults", "token_html", "--times", "50")
    brokersync(told, "sandbox", "clock", "+61m")
    until(lambda: len(runs(told, since, "failed")) >= 3)
    assert {kind for _, kind in runs(told, since, "failed")} == {"broker_down"}
    assert [login.status() for login in logins] == ["active"] * 4
    assert brokersync(told, "sandbox", "faults")["faults"][0]["left"] > 0

    brokersync(told, "sandbox", "faults", "--clear")
    brokersync(told, "sandbox", "clock", "+16m")
    until(lambda: asked_well(told, since) == {login.connection_id for login in logins})
    assert [login.status() for login in logins] == ["active"] * 4
    assert events(told, since) == []
    assert all(login["ended_by"] is None for login in newest_logins(told))


def test_a_refused_app_makes_all_wait_names_the_operators_action_once_and_all_go_on_by_themselves(
    told: Installation, heard: Sink, logins: list[Linked]
) -> None:
    since = now(told)
    heard.posts.clear()
    brokersync(told, "sandbox", "faults", "wrong_app", "--times", "1000")
    brokersync(told, "sandbox", "clock", "+61m")
    until(lambda: heard.webhook("app_refused") and heard.people("App refused"))
    explained = brokersync(told, "explain", logins[-1].connection_id)
    assert (explained["state"], explained["status"]) == ("app refused", "active")
    assert "operator" in explained["who_acts"]

    # However long it lasts: only the app is asked for, and nobody hears of it again.
    asked, tried = [login["token_calls"] for login in newest_logins(told)], len(runs(told, since))
    before = probes(told)
    brokersync(told, "sandbox", "clock", "+16m")
    until(lambda: probes(told) > before)
    assert [login["token_calls"] for login in newest_logins(told)] == asked
    assert len(runs(told, since)) == tried

    brokersync(told, "sandbox", "faults", "--clear")
    brokersync(told, "sandbox", "clock", "+16m")
    until(lambda: asked_well(told, since) == {login.connection_id for login in logins})
    assert [login.status() for login in logins] == ["active"] * 4
    assert [kind for kind, _ in events(told, since)] == ["app_refused", "app_accepted"]
    (posted,) = heard.webhook("app_refused")
    assert posted.is_signed
    assert "developer.schwab.com" in posted.document["action"]
    (notice,) = heard.people("App refused")
    assert posted.document["action"].rstrip(".") in notice["message"]
    until(lambda: heard.people("App accepted again"))


def now(installation: Installation) -> Any:
    return installation.rows("SELECT clock_timestamp()")[0][0]


def runs(installation: Installation, since: Any, outcome: str = "%") -> list[tuple[Any, ...]]:
    """Which connection, and the kind of its error: of every run since then with that outcome."""
    query = "SELECT connection_id, error_kind FROM sync_runs WHERE started_at > :since AND outcome LIKE :outcome"
    return installation.rows(query, since=since, outcome=outcome)


def asked_well(installation: Installation, since: Any) -> set[str]:
    """The connections that were synced since then."""
    return {str(each) for outcome in ("ok", "unchanged") for each, _ in runs(installation, since, outcome)}


def events(installation: Installation, since: Any) -> list[tuple[Any, ...]]:
    return installation.rows("SELECT kind, connection_id FROM events WHERE at > :since ORDER BY at", since=since)


def probes(installation: Installation) -> int:
    """How often the app was asked for while it is refused."""
    return int(installation.rows("SELECT coalesce(max(probes), 0) FROM circuits")[0][0])


def newest_logins(installation: Installation) -> list[dict[str, Any]]:
    """The newest login of each person at the sandbox."""
    state = requests.get(f"{installation.sandbox_url}/_sandbox/state", timeout=10).json()
    return list({login["user"]: login for login in state["logins"]}.values())
