"""Which sandbox the controls speak to: the one that the shell names, else a running demo's, whatever else is set."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokersync import datafolder
from sandbox.server import RunningSandbox
from tests.brokersync.command_line import run
from tests.sandbox.person import OPTIONS

pytestmark = pytest.mark.sockets


@pytest.fixture
def demo(bare: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    """The sandbox of a demo that runs in this folder. What a command takes from its environment is put back."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    running = RunningSandbox(OPTIONS)
    running.start()
    with datafolder.owned(bare) as folder:
        folder.write_environment({"SCHWAB_BASE_URL": running.address, "SCHWAB_CLIENT_ID": "of the demo"})
        yield running
    running.stop()


def test_a_running_demos_is_found_also_where_a_database_is_set(
    demo: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@127.0.0.1:1/x")
    assert run("sandbox", "market", "--json").document["tick"] == 1
    assert demo.app.world.market.tick_count == 1


def test_its_connections_are_the_demos_and_not_those_of_another_database(
    demo: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@127.0.0.1:1/x")
    assert run("sandbox", "clock", "+1h", "--json").document["connections"] is None
    assert "DATABASE_URL" not in os.environ


def test_the_one_that_the_shell_names_comes_first(demo: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHWAB_BASE_URL", "http://127.0.0.1:1")
    ran = run("sandbox", "market")
    assert (ran.code, "No sandbox answers at http://127.0.0.1:1" in ran.err) == (1, True)
    assert demo.app.world.market.tick_count == 0


def test_one_that_is_started_beside_a_demo_is_its_own(demo: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr("sandbox.__main__.serve", lambda options, *_: started.append(options.client_id))
    assert run("sandbox", "start").code == 0
    assert started == ["sandbox-app"]
