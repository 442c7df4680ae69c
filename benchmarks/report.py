"""What a figure says: to people as lines of a table, to programs as keys of one JSON object."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ABOUT_AIMS = "≤ and ≥ are aims for a machine that does nothing else, not limits: one that is missed is no failure."


class Spoiled(Exception):
    """Something did not go as it must for a figure to mean what it says. The message is for whoever wanted it."""


@dataclass(frozen=True)
class Line:
    """One line of the table. `aim` is the most (or, with `at_least`, the least) that `value` should be."""

    what: str
    value: float
    unit: str = ""
    aim: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        if self.aim is None:
            return ""
        met = self.value >= self.aim if self.at_least else self.value <= self.aim
        return f"{'≥' if self.at_least else '≤'} {self.aim:g}".ljust(8) + ("met" if met else "missed")


@dataclass(frozen=True)
class Report:
    """`keys` go into the JSON object as they are."""

    keys: Mapping[str, Any]
    lines: Sequence[Line] = ()
    notes: Sequence[str] = field(default=())


def head() -> str:
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    return (
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"load {load} before the start"
    )


def table(reports: Mapping[str, Report]) -> Iterator[str]:
    """The lines of all figures, each under its figure's name."""
    for name, report in reports.items():
        yield f"\n{name}"
        for line in report.lines:
            yield f"  {line.what:<62}{_shown(line.value):>10} {line.unit:<5} {line.verdict}".rstrip()
        for note in report.notes:
            yield f"  {note}"
    if any(line.aim is not None for report in reports.values() for line in report.lines):
        yield f"\n{ABOUT_AIMS}"


def document(reports: Mapping[str, Report]) -> str:
    """One JSON object on one line."""
    return json.dumps({key: value for report in reports.values() for key, value in report.keys.items()})


def _shown(value: float) -> str:
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:,.2f}"
