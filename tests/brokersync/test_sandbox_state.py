from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console, RenderableType

from brokersync import sandbox_state
from sandbox.app import create_app
from sandbox.state import world_state
from tests.sandbox.person import OPTIONS

LOGIN = {
    "user": "demo",
    "began_at": "2026-03-01T14:00:00Z",
    "ends_at": "2026-03-08T14:00:00Z",
    "accounts": ["1", "2", "3"],
    "token_calls": 51,
    "refreshes": 48,
    "reuses": 0,
    "lives": True,
    "ended_by": None,
}


def seen(view: RenderableType, width: int = 80) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(view)
    lines = [line.rstrip() for line in file.getvalue().splitlines()]
    assert max(map(len, lines)) <= width
    return lines


@pytest.fixture
def state() -> dict[str, Any]:
    """Of a new sandbox, whose clock stands at 15:00 on 2 March 2026, as its route gives it."""
    return {
        **world_state(create_app(OPTIONS).world),
        "clock": {"now": "2026-03-02T15:00:00Z", "advanced_seconds": 0},
        "logins": [LOGIN, {**LOGIN, "lives": False, "ended_by": "a newer login"}],
    }


def test_a_login_is_as_old_as_the_sandboxs_clock_says(state: dict[str, Any]) -> None:
    lines = seen(sandbox_state.state_view(state), 100)
    assert "demo   1 d ago  in 5 d 23 h         3           51         48  lives" in lines
    assert "demo   1 d ago  in 5 d 23 h         3           51         48  ended (a newer login)" in lines


def test_a_login_that_nobody_ended_ended_by_its_age(state: dict[str, Any]) -> None:
    state["logins"] = [{**LOGIN, "lives": False, "ended_by": None}]
    assert "ended (its time was over)" in "\n".join(seen(sandbox_state.state_view(state), 100))


@pytest.mark.parametrize("width", [36, 48, 60, 80, 120])
def test_every_amount_is_whole_at_any_width(width: int, state: dict[str, Any]) -> None:
    shown = "\n".join(seen(sandbox_state.state_view(state), width))
    for account in (account for user in state["users"] for account in user["accounts"]):
        assert account["number"] in shown
        assert f"${float(account['cash']):,.2f}" in shown
    assert ("Too narrow for: " in shown) == (width < 72)
    assert "in 5 d 23 h" in shown


def test_the_columns_that_say_least_go_first(state: dict[str, Any]) -> None:
    lines = seen(sandbox_state.state_view(state), 60)
    assert [line for line in lines if "Too narrow" in line] == [
        "Too narrow for: Positions, Type.",
        "Too narrow for: Refreshes, Token calls.",
    ]
