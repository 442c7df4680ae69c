"""The commands that run until they are ended, as processes: sandbox and watch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
import requests

from models.session import Database
from tests.brokersync.rows import a_login

PROGRAM = [sys.executable, "-c", "from brokersync.main import main; main()"]


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process, which a test ends; it never outlives the test."""
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    """Exit code, and what else it printed."""
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    return process.returncode, out, err


@pytest.mark.processes
@pytest.mark.parametrize("arguments", [("sandbox", "--port", "0"), ("sandbox", "start", "--port", "0")])
def test_a_sandbox_needs_nothing_set_and_says_what_to_set(bare: object, arguments: tuple[str, ...]) -> None:
    with running(*arguments) as process:
        told = [line(process) for _ in range(6)]
        assert told[1:5] == [
            "  export SCHWAB_CLIENT_ID=sandbox-app\n",
            "  export SCHWAB_CLIENT_SECRET=sandbox-secret\n",
            "  export SCHWAB_REDIRECT_URI=http://127.0.0.1:8182/oauth/callback\n",
            f"  export SCHWAB_BASE_URL={told[5].removeprefix('sandbox: ')}",
        ]
        address = told[5].removeprefix("sandbox: ").strip()
        assert requests.get(f"{address}/_sandbox/state", timeout=5).status_code == 200
        assert ended(process, signal.SIGINT) == (0, "", "")


@pytest.mark.processes
def test_a_sandbox_takes_the_app_that_is_set(installed: None) -> None:
    with running("sandbox", "--port", "0") as process:
        assert line(process) == "Set this for the web app, the worker and this command line:\n"
        told = line(process).removeprefix("  export SCHWAB_BASE_URL=")
        assert line(process) == f"sandbox: {told}"


def document(account_id: object, version: int, net_liq: float) -> str:
    return _published(account_id, version, kind="balances", net_liq=net_liq, cash=700)


def holding(account_id: object, version: int, value: float) -> str:
    option = {"underlying": None, "expiry": None, "strike": None, "put_call": None}
    row = {"instrument_key": "F", "symbol": "F", "qty": 700, "mark_price": 12, "market_value": value, **option}
    return _published(account_id, version, kind="positions", positions=[row])


def _published(account_id: object, version: int, **more: object) -> str:
    at = "2026-03-02T15:00:01Z"
    envelope = {"schema": 1, "account_id": str(account_id), "user_id": "42", "version": version, "fetched_at": at}
    return json.dumps({**envelope, "currency": "USD", **more})


@pytest.mark.servers
def test_watch_shows_what_is_there_and_each_change_until_ctrl_c(stored: Database, redis_client: redis.Redis) -> None:
    _, account_id = a_login(stored)
    redis_client.set(f"live_data:latest:balances:{account_id}", document(account_id, 2, 19046.56))
    redis_client.set(f"live_data:latest:positions:{account_id}", holding(account_id, 2, 8302))
    with running("watch", "--user", "42") as process:
        assert "…452  v2   $19,046.56  1 position" in line(process)
        redis_client.publish(f"live_data:balances:{account_id}", document(account_id, 3, 19058.86))
        redis_client.publish(f"live_data:positions:{account_id}", holding(account_id, 3, 8314.3))
        assert "…452  v3   $19,058.86  +$12.30  F 12.00 +$12.30" in line(process)
        code, out, err = ended(process, signal.SIGINT)
    assert (code, out) == (0, "")
    assert err.strip() == "Watching 1 account. Ctrl-C ends it."


@pytest.mark.servers
def test_watch_gives_programs_one_document_a_line_with_amounts_as_strings(
    stored: Database, redis_client: redis.Redis
) -> None:
    _, account_id = a_login(stored)
    redis_client.set(f"live_data:latest:balances:{account_id}", document(account_id, 2, 19046.56))
    with running("watch", "--account", str(account_id)[:8], "--json") as process:
        seen = json.loads(line(process))
        assert (seen["version"], seen["net_liq"], seen["cash"]) == (2, "19046.56", "700")
        assert ended(process, signal.SIGINT) == (0, "", "\n")


@pytest.mark.servers
def test_watch_ends_quietly_when_its_reader_goes_away(stored: Database, redis_client: redis.Redis) -> None:
    _, account_id = a_login(stored)
    redis_client.set(f"live_data:latest:balances:{account_id}", document(account_id, 2, 1))
    with running("watch", "--json") as process:
        line(process)
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        redis_client.publish(f"live_data:balances:{account_id}", document(account_id, 3, 2))
        assert process.stderr.read() == ""
        assert process.wait(10) == 0
        process.stderr.close()
        process.stdout = process.stderr = None
