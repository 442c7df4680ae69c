"""`brokersync doctor`."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from brokersync import options
from brokersync.doctor.examination import examine, is_well
from brokersync.doctor.findings import Finding, Level
from brokersync.documents import printed
from brokersync.explanations import FAILED
from brokersync.screen import show

MARKS = {
    Level.OK: ("✓", "green"),
    Level.NOTE: ("·", "dim"),
    Level.WARNING: ("!", "yellow"),
    Level.FAULT: ("✗", "bold red"),
}


@click.command("doctor")
@options.as_json
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Check the set-up, and say how to mend what is wrong.

    Keys, callback URL, database, tables, Redis, worker and clocks. Nothing is changed. The exit code is 1 when something
    is at fault; warnings and notes are not.

    \b
    Example:
      brokersync doctor
    """
    findings = examine(os.environ)
    well = is_well(findings)
    if as_json:
        click.echo(printed({"well": well, "findings": [finding.as_json() for finding in findings]}))
    else:
        show(_report(findings))
        click.echo(f"\n{_verdict(findings)}")
    if not well:
        ctx.exit(FAILED)


def _report(findings: Sequence[Finding]) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column()
    for finding in findings:
        said = Text(finding.said)
        if finding.remedy is not None:
            said.append(f"\n{finding.remedy}", style="cyan")
        grid.add_row(Text(*MARKS[finding.level]), finding.check, said)
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
