"""`brokersync doctor`."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from brokersync import options
from brokersync.doctor import packages
from brokersync.doctor.findings import Finding, Level, is_well
from brokersync.explanations import FAILED, NOT_CONFIGURED
from brokersync.screen import show

MARKS = {
    Level.OK: ("✓", "green"),
    Level.NOTE: ("·", "dim"),
    Level.WARNING: ("!", "yellow"),
    Level.FAULT: ("✗", "bold red"),
}


@click.command("doctor")
@options.as_json
@click.option("--all", "everything", is_flag=True, help="Also show each check that found nothing wrong, in full.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool, everything: bool) -> None:
    """Check the set-up, and say how to mend what is wrong.

    Packages, variables, keys, callback URL, the app at the broker, database, tables, logins, notices, Redis, workers, beat,
    web app and clocks. Nothing is changed, and nobody is told anything. The exit code is 0 when nothing is at fault
    (warnings may be), 1 when something is, 3 when nothing is set up at all.

    \b
    Examples:
      brokersync doctor
      brokersync doctor --all
    """
    findings, is_configured = _examined()
    well = is_well(findings)
    if as_json:
        document = {"well": well, "findings": [finding.as_json() for finding in findings]}
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        show(_report(findings, everything=everything))
        click.echo(f"\n{_verdict(findings)}")
    if not well:
        ctx.exit(FAILED if is_configured else NOT_CONFIGURED)


def _examined() -> tuple[list[Finding], bool]:
    """All findings, and whether anything is set up."""
    of_packages = packages.examine()
    if not is_well(of_packages):
        return of_packages, True
    # Only now: with another distribution's `models` in the way, the examination could not be imported.
    examination = import_module("brokersync.doctor.examination")
    return [*of_packages, *examination.examine(os.environ, Path.cwd())], examination.is_configured(os.environ)


def _report(findings: Sequence[Finding], *, everything: bool) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    told = {finding.check for finding in findings if finding.level is not Level.OK}
    fine = list(dict.fromkeys(finding.check for finding in findings if finding.check not in told))
    for finding in findings:
        if finding.level is Level.OK and not everything:
            continue
        said = Text(finding.said)
        if finding.remedy is not None:
            said.append(f"\n{finding.remedy}", style="cyan")
        grid.add_row(Text(*MARKS[finding.level]), finding.check, said)
    if fine and not everything:
        grid.add_row(Text(*MARKS[Level.OK]), "Fine", Text(", ".join(fine)))
    return grid


def _verdict(findings: Sequence[Finding]) -> str:
    faults = sum(finding.level is Level.FAULT for finding in findings)
    warnings = sum(finding.level is Level.WARNING for finding in findings)
    if not faults and not warnings:
        return "Nothing is wrong."
    counted = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in ((faults, "fault"), (warnings, "warning"))
        if number
    ]
    return f"{' and '.join(counted)}: the line under each says what helps."
