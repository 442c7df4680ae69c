"""The sandbox as a process: the command that starts it, and what it says."""

from __future__ import annotations

import json
import signal

import pytest
import requests

from tests.brokersync.programs import ended, line, running


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
def test_a_sandbox_tells_a_program_its_address_once_it_answers(bare: object) -> None:
    with running("sandbox", "start", "--port", "0", "--json") as process:
        told = json.loads(line(process))
        assert told["set"]["SCHWAB_BASE_URL"] == told["address"]
        assert told["set"]["SCHWAB_CLIENT_SECRET"] == "sandbox-secret"
        assert requests.get(f"{told['address']}/_sandbox/state", timeout=5).status_code == 200
        assert ended(process, signal.SIGINT) == (0, "", "")


@pytest.mark.processes
def test_a_sandbox_takes_the_app_that_is_set(installed: None) -> None:
    with running("sandbox", "--port", "0") as process:
        assert line(process) == "Set this for the web app, the worker and this command line:\n"
        told = line(process).removeprefix("  export SCHWAB_BASE_URL=")
        assert line(process) == f"sandbox: {told}"
