"""Completing as shells do it: a real bash, and for zsh and fish what their scripts ask and read."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokersync import completing, completion
from brokersync.main import cli
from models.session import Database
from tests.brokersync.command_line import run
from tests.brokersync.rows import a_login

START_OF_BASH = 'eval "$(brokersync completion bash)"; COMPREPLY=(); _brokersync_completion brokersync'


@pytest.fixture
def program(bare: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`brokersync` on the PATH of a shell; the folder."""
    file = bare / "bin" / "brokersync"
    file.parent.mkdir()
    file.write_text(f"#!{sys.executable}\nfrom brokersync.main import main\nmain()\n")
    file.chmod(0o700)
    monkeypatch.setenv("PATH", f"{file.parent}:{os.environ['PATH']}")
    return bare


def in_bash(line: str) -> list[str]:
    """What bash offers for a line; a blank at its end begins the next word. Nothing may be written beside it."""
    words = [*shlex.split(line), *([""] if line.endswith(" ") else [])]
    script = f"COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; {START_OF_BASH}"
    ran = subprocess.run(
        ["bash", "-c", f'{script}; printf "%s\\n" "${{COMPREPLY[@]}}"'], capture_output=True, text=True, check=True
    )
    assert ran.stderr == ""
    return [each for each in ran.stdout.splitlines() if each]


def offered(*words: str) -> list[str]:
    """What click's side of the protocol offers for the last of these words."""
    asked = completion.SHELLS["bash"](cli, {}, completion.PROGRAM, completion.VARIABLE)
    return [item.value for item in asked.get_completions(list(words[:-1]), words[-1])]


def asked_by(shell: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """What the script of a shell gets for its question."""
    asking = {**os.environ, completion.VARIABLE: f"{shell}_complete", **environ}
    return subprocess.run(["brokersync"], env=asking, capture_output=True, text=True, check=True)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("brokersync conn", ["connections"]),
        ("brokersync sandbox cl", ["clock"]),
        ("brokersync sandbox faults rate", ["rate_limited", "rate_limited_silent"]),
        ("brokersync sandbox faults wrong_app --where to", ["token"]),
        ("brokersync link --broker ", ["schwab"]),
        ("brokersync connections set --time-zone Europe/Be", ["Europe/Belfast", "Europe/Belgrade", "Europe/Berlin"]),
        ("brokersync completion ", ["bash", "zsh", "fish"]),
        ("brokersync new-key --j", ["--json"]),
    ],
)
def test_bash_completes_commands_options_and_values(line: str, found: list[str], program: Path) -> None:
    assert in_bash(line) == found


@pytest.mark.processes
def test_zsh_and_fish_get_words_that_tell_the_commands_apart(program: Path) -> None:
    zsh = asked_by("zsh", COMP_WORDS="brokersync conn", COMP_CWORD="1")
    assert zsh.stdout == "plain\nconnections\nWho is linked where, and when each login ends.\n"
    fish = asked_by("fish", COMP_WORDS="brokersync conn", COMP_CWORD="conn")
    assert fish.stdout == "plain,connections\tWho is linked where, and when each login ends.\n"


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_each_shell_has_a_script_that_asks_this_program(shell: str, bare: Path) -> None:
    script = run("completion", shell).out
    assert f"{completion.VARIABLE}={shell}_complete" in script
    assert completion.PROGRAM in script


@pytest.mark.processes
def test_bash_reads_the_script_without_a_complaint(program: Path) -> None:
    checked = subprocess.run(
        ["bash", "-n"], input=run("completion", "bash").out, text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.servers
def test_ids_and_users_come_from_the_database(stored: Database) -> None:
    mine, my_account = a_login(stored, "77310452", user_id="me")
    yours, _ = a_login(stored, "55120937", user_id="you")
    assert sorted(offered("accounts", "--connection", "")) == sorted([str(mine)[:8], str(yours)[:8]])
    assert offered("accounts", "--user", "me", "--connection", "") == [str(mine)[:8]]
    assert offered("positions", "--account", str(my_account)[:3]) == [str(my_account)[:8]]
    assert offered("positions", "--account", str(my_account)[:9]) == [str(my_account)]
    assert offered("link", "--user", "") == ["me", "you"]
    assert offered("resume", str(yours)[:2]) == [str(yours)[:8]]


@pytest.mark.servers
def test_a_user_that_a_shell_would_take_apart_is_not_offered(stored: Database) -> None:
    a_login(stored, "77310452", user_id="a b; rm x")
    a_login(stored, "55120937", user_id="ann@example.org")
    assert offered("accounts", "--user", "a") == ["ann@example.org"]


@pytest.fixture
def hanging(bare: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("DATABASE_URL", f"postgresql://u:p@127.0.0.1:{server.getsockname()[1]}/x")
        yield


@pytest.mark.sockets
def test_nobody_waits_long_for_a_database_that_hangs(hanging: None) -> None:
    began = time.monotonic()
    assert offered("accounts", "--connection", "") == []
    # The first time the database's library is read too.
    assert time.monotonic() - began < completing.PATIENCE + 2


@pytest.mark.processes
@pytest.mark.parametrize(
    ("line", "variable", "value"),
    [
        ("brokersync accounts --connection ", "DATABASE_URL", "postgresql://u:p@127.0.0.1:1/x"),
        ("brokersync accounts --connection ", "DATABASE_URL", "junk"),
        ("brokersync sync --", "REDIS_URL", "junk"),
    ],
)
def test_whatever_is_wrong_nothing_is_written_into_the_line(
    line: str, variable: str, value: str, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    assert in_bash(line) == []


def test_the_options_of_a_server_are_completed_whatever_is_set(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "junk")
    assert "--tick-every" in offered("sandbox", "start", "--")


@pytest.mark.parametrize(
    "words", [("sandbox", "faults", "rate"), ("link", "--broker", ""), ("completion", ""), ("brokers", "--"), ("conn",)]
)
def test_completing_anything_but_an_id_waits_for_no_database_library(words: tuple[str, ...], bare: Path) -> None:
    script = (
        "import sys\nfrom brokersync import completion\nfrom brokersync.main import cli\n"
        "asked = completion.SHELLS['bash'](cli, {}, completion.PROGRAM, completion.VARIABLE)\n"
        "assert asked.get_completions(sys.argv[1:-1], sys.argv[-1])\n"
        "print(*{'sqlalchemy', 'celery', 'redis'} & sys.modules.keys())"
    )
    ran = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
