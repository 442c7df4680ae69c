"""`python -m sandbox` as a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
import requests

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
APP = ["--client-id", "key", "--client-secret", "very-secret", "--redirect-uri", "https://127.0.0.1:8182/cb"]


@contextmanager
def process(*arguments: str, environment: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("SCHWAB_", "SANDBOX_"))}
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        env=plain | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def said(by: subprocess.Popen[str]) -> IO[str]:
    assert by.stdout is not None
    return by.stdout


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_cleanly_within_a_second(stop: signal.Signals) -> None:
    with process("--port", "0", "--seed", "7", *APP) as started:
        words = said(started).readline().split()
        assert words[0] == "sandbox:"
        assert requests.get(words[1] + "/_sandbox/state", timeout=5).json()["seed"] == 7
        began = time.monotonic()
        started.send_signal(stop)
        assert started.wait(5) == 0
        assert time.monotonic() - began < 1
        assert said(started).read() == ""


def test_it_takes_everything_from_the_environment() -> None:
    environment = {
        "SANDBOX_PORT": "0",
        "SANDBOX_SEED": "11",
        "SCHWAB_CLIENT_ID": "key",
        "SCHWAB_CLIENT_SECRET": "very-secret",
        "SCHWAB_REDIRECT_URI": "https://one.example/cb, https://two.example/cb",
    }
    with process("--now", "2026-03-02", "--tick-every", "0", environment=environment) as started:
        address = said(started).readline().split()[1]
        shown = requests.get(address + "/_sandbox/state", timeout=5).json()
        assert (shown["seed"], shown["clock"]["now"]) == (11, "2026-03-02T00:00:00Z")
        asked = {"client_id": "key", "redirect_uri": "https://two.example/cb"}
        assert requests.get(address + "/v1/oauth/authorize", params=asked, timeout=5).status_code == 200


def test_more_people_live_there_when_asked_for_each_with_an_account_of_their_own() -> None:
    with process("--port", "0", "--more-people", "100", *APP) as started:
        address = said(started).readline().split()[1]
        users = requests.get(address + "/_sandbox/state", timeout=5).json()["users"]
        assert [each["user"] for each in users][3:6] == ["carol", "person-1", "person-2"]
        assert len(users) == 104
        numbers = [account["number"] for each in users for account in each["accounts"]]
        assert len(set(numbers)) == len(numbers) == 108


def test_without_an_app_it_says_what_to_set() -> None:
    with process() as started:
        assert started.wait(10) == 2
        words = said(started).read()
        assert "--client-id" in words
        assert "SCHWAB_CLIENT_ID" in words
