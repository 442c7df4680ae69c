from __future__ import annotations

import subprocess
from collections.abc import Iterator

import click

from brokersync.main import cli
from tests.guards.tree import ROOT

README = ROOT / "README.md"


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command and subcommand by what one types."""
    yield from below("brokersync", cli)


def below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)  # a group may read its commands only when they are asked for
        for child_name in command.list_commands(context):
            child = command.get_command(context, child_name)
            assert child is not None
            yield from below(f"{name} {child_name}", child)
    else:
        yield name, command


def test_every_command_and_every_option_has_help() -> None:
    silent = []
    for name, command in commands():
        if not command.help:
            silent.append(name)
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.help:
                silent.append(f"{name} {parameter.opts[0]}")
    assert silent == []


def test_every_command_stands_in_the_readme() -> None:
    readme = README.read_text()
    assert [name for name, _ in commands() if name not in readme] == []


def test_make_alone_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = makefile.partition(".PHONY:")[2].partition("\n")[0].split()
    listed = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in listed.splitlines()] == targets
