"""`python -m benchmarks`: all figures as a table, then one JSON object as the last line. `make bench` calls it."""

from __future__ import annotations

import signal
import sys
from importlib import import_module

import click

from benchmarks import stage
from benchmarks.report import Report, Spoiled, document, head, table
from brokersync.lease import KeeperFailed

FIGURES = ("sync_vs_floor", "statements_per_sync", "per_position_us", "unchanged", "worker", "import_ms")
ON_DEMAND = ("pools", "profile")
"""Not part of a whole run: a comparison of some minutes, and a look inside."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("figures", nargs=-1, type=click.Choice(FIGURES + ON_DEMAND), metavar="[FIGURE]...")
@click.option(
    "--rounds", type=click.IntRange(min=1), help="How often each thing is measured; by default as each needs."
)
def main(figures: tuple[str, ...], rounds: int | None) -> None:
    """Take the figures named, or all: sync_vs_floor statements_per_sync per_position_us unchanged worker import_ms.

    Apart from these: `pools` compares pools of the worker, `profile` shows where a sync spends its CPU.
    """
    # So that everything is taken down, however it ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    click.echo(head())
    reports: dict[str, Report] = {}
    try:
        with stage.with_own_servers() as on:
            for name in figures or FIGURES:
                click.echo(f"taking {name} …", err=True)
                reports[name] = import_module(f"benchmarks.figures.{name}").take(on, rounds)
    except KeeperFailed as error:
        raise click.ClickException(f"No figure was taken, something did not start: {error}") from None
    except Spoiled as error:
        raise click.ClickException(f"The figures could not be taken: {error}") from None
    except KeyboardInterrupt:
        click.echo("Stopped; nothing is left running.", err=True)
        sys.exit(130)
    for line in table(reports):
        click.echo(line)
    click.echo("\n" + document(reports))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
