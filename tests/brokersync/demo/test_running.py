"""The whole demo, with all its processes: what it shows, how it heals, and that nothing of it is left."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from sandbox.state import world_state
from sandbox.world import Options, World
from tests.brokersync.demo.running import PATIENCE, demo, modes, watched_folders
from tests.brokersync.owners import until

pytestmark = pytest.mark.processes

SEED = 11
MOST_TICKS = 100


def test_once_with_json_prints_the_document_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    folders = watched_folders(tmp_path)
    before = modes(folders)
    with demo(tmp_path, "--once", "--json", "--seed", str(SEED)) as running:
        assert running.wait() == 0
        running.assert_nothing_is_left()
        document = json.loads(running.output)
    assert modes(folders) == before
    assert document["connection"]["broker"] == "schwab"
    assert document["connection"]["status"] == "active"
    assert len(document["accounts"]) == 3
    heard = {message["channel"] for message in document["messages"]}
    for account in document["accounts"]:
        assert account["version"] >= 1
        assert account["proof"] is None
        assert heard >= {f"live_data:{kind}:{account['id']}" for kind in ("balances", "positions")}
    assert document["runs"][0]["trigger"] == "schedule"
    assert document["runs"][0]["outcome"] == "ok"
    assert _amounts(document) in _every_state_of_the_sandbox()


def test_it_runs_on_through_what_happens_to_it_and_ends_with_its_terminator(tmp_path: Path) -> None:
    with demo(tmp_path) as running:
        running.wait_for("Live")
        assert stat.S_IMODE(running.environment_file.stat().st_mode) == 0o600
        loaded = subprocess.run(
            ["sh", "-c", f"set -a; . '{running.environment_file}'; set +a; printenv REDIS_URL PUBLIC_URL"],
            capture_output=True,
            check=True,
            text=True,
        )
        assert loaded.stdout.split() == [running.environ["REDIS_URL"], running.environ["PUBLIC_URL"]]
        flower = f"http://127.0.0.1:{running.environ['FLOWER_PORT']}/tasks"
        name, _, word = running.environ["FLOWER_BASIC_AUTH"].partition(":")
        assert f"user {name}, password {word}" in running.output
        assert requests.get(flower, timeout=10).status_code == 401
        assert requests.get(flower, auth=(name, word), timeout=10).status_code == 200
        running.wait_for("  v2  ", times=2)
        with redis.Redis.from_url(running.environ["REDIS_URL"], decode_responses=True) as client:
            client.flushall()
            assert until(lambda: len(client.keys("live_data:latest:positions:*")) == 3, 15)
        running.wait_for("sent again, as it was", times=3)
        running.child("worker").kill()
        running.wait_for("worker had ended and runs again")
        told = running.output.count(" v")
        assert until(lambda: running.output.count(" v") > told, PATIENCE)
        assert "\x1b" not in running.output
        assert "\r" not in running.output
        running.process.send_signal(signal.SIGTERM)
        assert running.wait() == 128 + signal.SIGTERM
        running.assert_nothing_is_left()


def test_ctrl_c_ends_it_well_and_a_second_one_disturbs_nothing(tmp_path: Path) -> None:
    with demo(tmp_path, in_terminal=True) as running:
        running.wait_for("Live")
        for _ in range(2):
            assert running.process.stdin
            running.process.stdin.write(b"\x03")
            running.process.stdin.flush()
            running.wait_for("Stopping")
        assert running.wait() == 0
        assert "All stopped" in running.output
        running.assert_nothing_is_left()


def test_the_end_of_the_folders_keeper_ends_it_and_the_folder_goes_too(tmp_path: Path) -> None:
    with demo(tmp_path, in_terminal=True) as running:
        running.wait_for("Live")
        running.child("brokersync.demo.keeper").kill()
        assert running.wait() == 1
        assert "The keeper of the data folder has ended, so the demo ends too." in running.output
        running.assert_nothing_is_left()


def test_a_closed_terminal_ends_it(tmp_path: Path) -> None:
    with demo(tmp_path, in_terminal=True) as running:
        running.wait_for("Celery")
        running.process.kill()
        running.assert_nothing_is_left()


def test_killed_it_leaves_nothing_either(tmp_path: Path) -> None:
    with demo(tmp_path) as running:
        running.wait_for("Flower")
        running.process.kill()
        running.assert_nothing_is_left()


def _amounts(document: dict[str, Any]) -> dict[str, Any]:
    """Cash, total and values to the cent, by the end of the account's number and by symbol."""
    number = {account["id"]: account["masked"][-3:] for account in document["accounts"]}
    return {
        **{(number[each["id"]], "cash"): Decimal(each["cash"]) for each in document["accounts"]},
        **{(number[each["id"]], "total"): Decimal(each["net_liq"]) for each in document["accounts"]},
        **{
            (number[each["account_id"]], each["symbol"]): Decimal(each["market_value"])
            for each in document["positions"]
        },
    }


def _every_state_of_the_sandbox() -> list[dict[tuple[str, str], Decimal]]:
    """What the sandbox of that seed shows after each of its first moves; the demo met it at one of them."""
    world = World(Options(client_id="app", client_secret="word", redirect_uris=(), seed=SEED))
    states = []
    for _ in range(MOST_TICKS):
        (demo_user,) = [user for user in world_state(world)["users"] if user["user"] == "demo"]
        amounts = {}
        for account in demo_user["accounts"]:
            number = account["number"][-3:]
            amounts[number, "cash"] = Decimal(account["cash"])
            amounts[number, "total"] = Decimal(account["liquidation_value"])
            amounts |= {(number, row["symbol"]): Decimal(row["market_value"]) for row in account["positions"]}
        states.append(amounts)
        world.market.tick(1, world.clock.now())
    return states
