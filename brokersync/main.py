"""`brokersync`: the group of all commands, and what every one of them can count on.

Exit codes: 0 done · 1 it failed, and the message says why · 2 used wrongly · 3 not configured.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from brokersync.commands import CATALOGUE, all_listed
from brokersync.explanations import CANNOT_WRITE, FAILED, explained

# A demo brings servers of its own: those of another one, which still runs here, are not to be touched by it.
OWN_ENVIRONMENT = frozenset({"demo"})
STREAMS = ("stdin", "stdout", "stderr")


class CommandLine(click.Group):
    """Reads a command's file only when the command is used, and turns errors into sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [listed.name for listed in all_listed()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = next((listed.module for listed in all_listed() if listed.name == cmd_name), None)
        if module is None:
            return None
        command: click.Command = import_module(f"brokersync.commands.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, commands in CATALOGUE.items():
            with formatter.section(section):
                formatter.write_dl([(listed.name.ljust(11), listed.help) for listed in commands])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        # Before the command's file is read: Celery's settings are taken from the environment when they are imported.
        if args[0] not in OWN_ENVIRONMENT:
            load_demo_environment(Path.cwd())
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BrokenPipeError:
            # Whoever read our output has seen enough (`| head`).
            _let_output_go()
            return None
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            # The last line of defence of a program for people: whatever it is, it becomes a sentence and an exit code.
            if ctx.params["debug"]:
                raise
            if isinstance(error, OSError) and error.errno in CANNOT_WRITE:
                _let_output_go()
            raise explained(error) from None


def _let_output_go() -> None:
    """What is left of our output goes nowhere, the flush at exit included."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="brokersync", message="%(version)s")
def cli(*, debug: bool) -> None:
    """Keeps brokerage accounts in your own PostgreSQL and on Redis.

    Start with `brokersync demo`. Each command explains itself, with an example: brokersync COMMAND --help.
    """


def load_demo_environment(folder: Path) -> None:
    """Where nothing says which database, a demo that runs here does; its variables are taken all together."""
    if os.environ.get("DATABASE_URL"):
        return
    # Only here: `--help` shall not read what every broker declares.
    running_demo = import_module("brokersync.running_demo")
    found = running_demo.environment(folder)
    if found is not None:
        # What the shell set of them would point half of a command to another installation.
        for name in running_demo.names():
            os.environ.pop(name, None)
        os.environ.update(found)


def main() -> None:
    """The entry point of the program `brokersync`."""
    if _fill_closed_streams():
        click.echo("Error: Standard output is closed, so nothing could be shown: use >/dev/null instead.", err=True)
        sys.exit(FAILED)
    cli(prog_name="brokersync")


def _fill_closed_streams() -> bool:
    """Open what the shell closed (`2>&-`), lest a file of ours takes its number. Says whether it is standard output."""
    closed = [name for name in STREAMS if getattr(sys, name) is None]
    for name in closed:
        number = STREAMS.index(name)
        os.dup2(os.open(os.devnull, os.O_RDWR), number)
        os.set_inheritable(number, True)
        setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w"))
    return "stdout" in closed
