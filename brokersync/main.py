"""`brokersync`: the group of all commands, and what every one of them can count on.

Exit codes: 0 done · 1 it failed, and the message says why · 2 used wrongly · 3 not configured.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from brokersync import completion, debugging, running_demo
from brokersync.commands import CATALOGUE, all_listed
from brokersync.explanations import FAILED, INTERRUPTED, explained, for_a_terminal
from brokersync.near import did_you_mean
from brokersync.system_errors import CANNOT_WRITE

OWN_ENVIRONMENT = frozenset({"demo", "sandbox"})
"""A demo brings servers of its own: those of another one, which still runs here, are not to be touched by it. The
sandbox's commands look for a demo in a way of their own.
"""
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
        debugging.add_to(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, commands in CATALOGUE.items():
            with formatter.section(section):
                formatter.write_dl([(listed.name.ljust(11), listed.help) for listed in commands])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args[0] not in names and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"There is no command {args[0]!r}.{did_you_mean(args[0], names)}", ctx)
        # Before the command's file is read: Celery's settings are taken from the environment when they are imported.
        if args[0] not in OWN_ENVIRONMENT and not ctx.resilient_parsing:
            running_demo.load(Path.cwd(), unless="DATABASE_URL")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """From the list, so that no command's file is read."""
        listed = [
            CompletionItem(each.name, help=each.help) for each in all_listed() if each.name.startswith(incomplete)
        ]
        return listed + click.Command.shell_complete(self, ctx, incomplete)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Here `--help` and `--version` print."""
        with _in_sentences(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with _in_sentences(ctx):
            try:
                return super().invoke(ctx)
            except click.UsageError as error:
                raise click.UsageError(for_a_terminal(error.format_message()), error.ctx) from error


@contextmanager
def _in_sentences(ctx: click.Context) -> Iterator[None]:
    """Whatever goes wrong becomes a sentence and an exit code; what was printed has then arrived, or is let go."""
    ended: click.exceptions.Exit | None = None
    try:
        try:
            yield
        except click.exceptions.Exit as error:
            ended = error
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`).
        _let_output_go()
        ended = ended or click.exceptions.Exit(0)
    except KeyboardInterrupt as error:
        debugging.show_traceback(ctx, error)
        click.echo(err=True)  # below the terminal's ^C
        raise click.exceptions.Exit(INTERRUPTED) from None
    except (click.Abort, click.ClickException):
        raise
    except Exception as error:
        # The last line of defence of a program for people: nobody foresaw it.
        debugging.show_traceback(ctx, error)
        if isinstance(error, OSError) and error.errno in CANNOT_WRITE:
            _let_output_go()
        raise explained(error) from error
    if ended is not None:
        raise ended


def _let_output_go() -> None:
    """What is left of our output goes nowhere, the flush at exit included."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=CommandLine, params=[debugging.option()], context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="brokersync", message="%(version)s")
def cli() -> None:
    """Keeps brokerage accounts in your own PostgreSQL and on Redis.

    Start with `brokersync demo`. Each command explains itself, with an example: brokersync COMMAND --help.
    """


def main() -> None:
    """The entry point of the program `brokersync`."""
    if _fill_closed_streams():
        click.echo("Error: Standard output is closed, so nothing could be shown: use >/dev/null instead.", err=True)
        sys.exit(FAILED)
    if completion.is_asked(os.environ):
        completion.answer(cli)
    cli(prog_name=completion.PROGRAM)


def _fill_closed_streams() -> bool:
    """Open what the shell closed (`2>&-`), lest a file of ours takes its number. Says whether it is standard output."""
    closed = [name for name in STREAMS if getattr(sys, name) is None]
    for name in closed:
        number = STREAMS.index(name)
        os.dup2(os.open(os.devnull, os.O_RDWR), number)
        os.set_inheritable(number, True)
        setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w"))
    return "stdout" in closed
