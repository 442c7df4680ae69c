"""The command line as a shell would call it, but in this process."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
from click.testing import CliRunner

from brokersync.main import cli


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str
    error: BaseException | None

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def run(*arguments: str, typed: str | None = None) -> Ran:
    """`typed` is what the person answers to questions."""
    result = CliRunner().invoke(cli, arguments, input=typed, prog_name="brokersync")
    return Ran(result.exit_code, result.stdout, result.stderr, result.exception)


def commands(command: click.Command = cli, name: str = "brokersync") -> Iterator[tuple[str, click.Command]]:
    """Every command by what one types, groups left out."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for child_name in command.list_commands(context):
        child = command.get_command(context, child_name)
        assert child is not None
        yield from commands(child, f"{name} {child_name}")


def examples(command: click.Command) -> list[str]:
    """The command lines of its help, each up to where a shell goes on with something else."""
    _, _, shown = inspect.cleandoc(command.help or "").partition("\b\nExample")
    return re.findall(r"^  (?:.*\$\()?(brokersync [^|>)\n]*)", shown, re.MULTILINE)


def takes_json(command: click.Command) -> bool:
    return any("--json" in parameter.opts for parameter in command.params)
