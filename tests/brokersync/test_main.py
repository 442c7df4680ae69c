from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from cryptography.fernet import Fernet

from brokersync import datafolder
from brokersync.commands import all_listed
from brokersync.main import cli
from tests.brokersync.command_line import commands, examples, run, takes_json


@contextmanager
def running_demo(folder: Path, **environ: str) -> Iterator[None]:
    """What a demo that runs in that folder holds there."""
    with datafolder.owned(folder) as data:
        data.write_environment(environ)
        yield


def test_help_lists_every_command() -> None:
    listed = run("--help").out
    assert [command.name for command in all_listed() if f"\n  {command.name} " not in listed] == []


def test_the_list_says_what_the_help_of_each_command_begins_with() -> None:
    own = {name: cli.get_command(click.Context(cli), name) for name in cli.list_commands(click.Context(cli))}
    told = {command.name: command.help for command in all_listed()}
    assert {name: (command.help or "").splitlines()[0] for name, command in own.items() if command} == told


ANSWERS_ANYWHERE = {
    "brokersync demo": "it starts servers of its own",
    "brokersync doctor": "its findings are the document",
    "brokersync new-key": "it needs nothing",
    "brokersync brokers": "it needs nothing",
    "brokersync sandbox start": "it serves until it is ended",
}
"""Commands that print a document where nothing is configured, and why."""


@pytest.mark.parametrize(
    "name", sorted({name for name, command in commands() if takes_json(command)} - ANSWERS_ANYWHERE.keys())
)
def test_an_error_leaves_standard_output_to_documents(name: str, bare: Path) -> None:
    line = next(line for line in examples(dict(commands())[name]) if line.startswith(name))
    ran = run(*shlex.split(line)[1:], "--json")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("Error: ")


def test_help_waits_for_no_library_that_it_does_not_need() -> None:
    script = (
        "import sys\nfrom brokersync.main import cli\ncli(['--help'], standalone_mode=False)\n"
        "print(*{'sqlalchemy', 'celery', 'redis', 'flask', 'rich'} & sys.modules.keys(), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == ""


def test_an_error_that_nobody_foresaw_is_one_line_without_its_text(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _break_new_key(monkeypatch)
    ran = run("new-key")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == ["Error: RuntimeError. `brokersync --debug …` shows where it comes from."]


@pytest.mark.parametrize("line", [("--debug", "new-key"), ("new-key", "--debug")])
def test_debug_shows_the_traceback_and_then_the_sentence(
    bare: Path, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...]
) -> None:
    _break_new_key(monkeypatch)
    ran = run(*line)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Traceback (most recent call last):\n")
    assert "RuntimeError: this text may hold anything\nError: RuntimeError." in ran.err


def test_debug_keeps_the_exit_code(bare: Path) -> None:
    ran = run("accounts", "--debug")
    assert (ran.code, "Traceback" in ran.err) == (3, True)


def test_every_command_takes_debug_after_its_name() -> None:
    assert [name for name, command in commands() if "--debug" not in {o for p in command.params for o in p.opts}] == []


def test_ctrl_c_ends_a_command_quietly(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(Fernet, "generate_key", interrupted)
    ran = run("new-key")
    assert (ran.code, ran.out, ran.err) == (130, "", "\n")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (("conections",), "'connections'"),
        (("sandbox", "clok"), "'clock'"),
        (("sandbox", "faults", "rate_limit"), "'rate_limited'"),
    ],
)
def test_a_name_that_was_mistyped_is_answered_with_the_near_one(line: tuple[str, ...], meant: str, bare: Path) -> None:
    ran = run(*line)
    assert (ran.code, ran.out) == (2, "")
    assert f"Did you mean {meant}" in ran.err


def _break_new_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> bytes:
        raise RuntimeError("this text may hold anything")

    monkeypatch.setattr(Fernet, "generate_key", broken)


def test_what_is_not_configured_ends_with_3_and_says_what_to_set(bare: Path) -> None:
    ran = run("accounts")
    assert (ran.code, ran.out) == (3, "")
    assert "DATABASE_URL" in ran.err


def test_where_a_filled_env_file_was_not_loaded_it_says_how(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hint = "The .env of this folder was not loaded into this shell: `set -a; . ./.env; set +a`\n"
    (bare / ".env").write_text("DATABASE_URL=\nSOMETHING=else\n")
    assert hint not in run("accounts").err
    (bare / ".env").write_text("DATABASE_URL=postgresql://127.0.0.1/x\n")
    ran = run("accounts")
    assert (ran.code, ran.err.endswith(hint)) == (3, True)
    assert run("sandbox", "state").err.endswith(hint)
    monkeypatch.setenv("DATABASE_URL", "mysql://127.0.0.1/x")
    assert hint not in run("accounts").err


def test_a_command_used_wrongly_ends_with_2(bare: Path) -> None:
    assert [run(*line).code for line in (("nonsense",), ("link",), ("positions", "--nonsense"))] == [2, 2, 2]


def test_a_running_demo_is_found_from_a_folder_below_it(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare / "below").mkdir()
    monkeypatch.chdir(bare / "below")
    monkeypatch.setenv("SCHWAB_CLIENT_ID", "of the shell")
    found = {"DATABASE_URL": "postgresql://u@127.0.0.1:1/x", "SCHWAB_CLIENT_ID": "of the demo"}
    with running_demo(bare, **found), monkeypatch.context() as restored:
        restored.setattr(os, "environ", os.environ.copy())
        assert run("new-key").code == 0
        assert {name: os.environ[name] for name in found} == found


def test_of_the_shells_variables_none_stays_next_to_the_demos(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://of-the-shell")
    with running_demo(bare, DATABASE_URL="postgresql:///x", REDIS_URL="redis://r"), monkeypatch.context() as restored:
        restored.setattr(os, "environ", os.environ.copy())
        assert run("new-key").code == 0
        assert "CELERY_BROKER_URL" not in os.environ


def test_a_database_of_ones_own_keeps_a_demo_out(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://mine@127.0.0.1:1/x")
    with running_demo(bare, DATABASE_URL="postgresql://u@127.0.0.1:1/x"):
        assert run("new-key").code == 0
    assert os.environ["DATABASE_URL"] == "postgresql://mine@127.0.0.1:1/x"


def test_a_second_demo_does_not_use_the_servers_of_the_first(bare: Path) -> None:
    with running_demo(bare, DATABASE_URL="postgresql://u@127.0.0.1:1/x"):
        assert run("demo", "--help").code == 0
    assert "DATABASE_URL" not in os.environ


def test_a_reader_that_goes_away_is_no_failure(bare: Path) -> None:
    program = [sys.executable, "-c", "from brokersync.main import main; main()"]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    for arguments in (["brokers"], ["brokers", "--json"], ["--help"], ["brokers", "--help"], ["--version"]):
        process = subprocess.Popen(
            [*program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=bare, env=buffered
        )
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()
        process.stderr.close()
        assert (process.wait(), said) == (0, b"")


@pytest.mark.parametrize(
    ("redirected", "code", "said"),
    [
        (">/dev/full", 1, "Error: Writing failed: No space left on device. Make room, or write to another place.\n"),
        (">&-", 1, "Error: Standard output is closed, so nothing could be shown: use >/dev/null instead.\n"),
        ("2>&- >/dev/null", 0, ""),
    ],
)
def test_output_that_goes_nowhere_is_a_sentence(redirected: str, code: int, said: str, bare: Path) -> None:
    for arguments in ("brokers", "--help", "brokers --help", "--version"):
        line = f'"{sys.executable}" -c "from brokersync.main import main; main()" {arguments} {redirected}'
        ran = subprocess.run(["/bin/sh", "-c", line], cwd=bare, stderr=subprocess.PIPE, text=True, check=False)
        assert (ran.returncode, ran.stderr) == (code, said)


@pytest.mark.parametrize("command", ["accounts", "doctor", "demo --once", "sandbox state"])
def test_in_a_folder_that_was_deleted_a_sentence_says_so(command: str, bare: Path) -> None:
    (bare / "gone").mkdir()
    line = f'cd gone && rmdir ../gone && "{sys.executable}" -m brokersync {command}'
    ran = subprocess.run(["/bin/sh", "-c", line], cwd=bare, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "Error: This folder is gone: cd to one that exists.\n"


def test_a_complaint_without_standard_error_still_has_its_exit_code(bare: Path) -> None:
    line = f'"{sys.executable}" -c "from brokersync.main import main; main()" nonsense 2>&-'
    assert subprocess.run(["/bin/sh", "-c", line], cwd=bare, check=False).returncode == 2
