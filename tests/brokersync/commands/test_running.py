"""The sandbox as a process: the command that starts it, and what it says."""

from __future__ import annotations

import json
import signal

import pytest
import requests

from tests.brokersync.command_line import run
from tests.brokersync.programs import ended, line, running


@pytest.mark.processes
@pytest.mark.parametrize("arguments", [("sandbox", "--port", "0"), ("sandbox", "start", "--port", "0")])
def test_a_sandbox_needs_nothing_set_and_says_what_to_set(bare: object, arguments: tuple[str, ...]) -> None:
    with running(*arguments) as process:
        told = [line(process) for _ in range(7)]
        assert told[1:6] == [
            "  export SCHWAB_CLIENT_ID=sandbox-app\n",
            "  export SCHWAB_CLIENT_SECRET=sandbox-secret\n",
            "  export SCHWAB_REDIRECT_URI=http://127.0.0.1:8182/oauth/callback\n",
            "  export PUBLIC_URL=http://127.0.0.1:8182\n",
            f"  export SCHWAB_BASE_URL={told[6].removeprefix('sandbox: ')}",
        ]
        address = told[6].removeprefix("sandbox: ").strip()
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
def test_a_sandbox_takes_the_app_that_is_set(installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://127.0.0.1:8182")
    with running("sandbox", "--port", "0") as process:
        assert line(process) == "Set this for the web app, the worker and this command line:\n"
        told = line(process).removeprefix("  export SCHWAB_BASE_URL=")
        assert line(process) == f"sandbox: {told}"


@pytest.mark.processes
def test_a_sandbox_shows_no_login_of_the_callback_that_is_set(installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHWAB_REDIRECT_URI", "http://me:ersecret@127.0.0.1/oauth/callback")
    with running("sandbox", "start", "--port", "0", "--json") as process:
        assert "ersecret" not in line(process)


@pytest.mark.parametrize("port", ["80000", "-5"])
def test_a_port_that_is_none_is_refused(port: str, bare: object) -> None:
    ran = run("sandbox", "start", "--port", port)
    assert (ran.code, ran.out) == (2, "")
    assert "is not in the range 0<=x<=65535" in ran.err


def test_the_help_of_start_shows_defaults_and_requires_nothing(bare: object) -> None:
    shown = " ".join(run("sandbox", "start", "--help").out.split())
    assert "required" not in shown
    assert "default: (sandbox-app)" in shown
    assert "default: (PUBLIC_URL/oauth/callback)" in shown
