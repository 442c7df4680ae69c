from __future__ import annotations

import shlex
import uuid
from pathlib import Path

import click
import pytest

from brokersync.demo.commands import load_line, next_commands, program, repair_command
from brokersync.main import cli

ID = uuid.UUID("0b6e2f41-0000-4000-8000-000000000001")


def test_the_program_of_this_folders_environment_goes_by_its_path() -> None:
    assert program(Path("/opt/me/sync/.venv/bin/python3"), Path("/opt/me/sync")) == ".venv/bin/brokersync"


def test_a_program_elsewhere_goes_by_its_name_where_the_shell_finds_that_very_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed = tmp_path / "my tools" / "brokersync"
    installed.parent.mkdir()
    installed.touch(mode=0o755)
    python = installed.with_name("python")
    monkeypatch.setenv("PATH", str(installed.parent))
    assert program(python, Path("/opt/me")) == "brokersync"
    monkeypatch.setenv("PATH", "/nowhere")
    assert program(python, Path("/opt/me")) == f"'{installed}'"


@pytest.mark.parametrize("command", [*(command for command, _ in next_commands(ID)), repair_command(ID)])
def test_every_command_it_shows_can_be_typed(command: str) -> None:
    _, *words = shlex.split(command)
    current: click.Command = cli
    context = click.Context(cli)
    while isinstance(current, click.Group):
        _, found, words = current.resolve_command(context, words)
        assert found is not None
        current = found
    current.make_context("it", words)


def test_the_line_for_a_shell_quotes_the_path() -> None:
    assert load_line(Path("/a b/demo.env")) == "set -a; . '/a b/demo.env'; set +a"
