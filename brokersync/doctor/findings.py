"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

APP_REFUSED = "app refused"
"""A matter: the broker does not take the app."""


class Level(StrEnum):
    """From good to bad. A note is neither: something is not there, and may well not have to be."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """`said` is what is the case, `remedy` what to do about it; no secret is in either.

    `matter`: what several checks may come upon; of one `check` and matter only the first finding is told.
    """

    level: Level
    check: str
    said: str
    remedy: str | None = None
    matter: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"level": self.level.value, "check": self.check, "said": self.said, "remedy": self.remedy}


def ok(check: str, said: str) -> Finding:
    return Finding(Level.OK, check, said)


def note(check: str, said: str, remedy: str | None = None) -> Finding:
    return Finding(Level.NOTE, check, said, remedy)


def warning(check: str, said: str, remedy: str) -> Finding:
    return Finding(Level.WARNING, check, said, remedy)


def fault(check: str, said: str, remedy: str, matter: str | None = None) -> Finding:
    return Finding(Level.FAULT, check, said, remedy, matter)


def each_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Without those whose matter was told before."""
    told: set[tuple[str, str]] = set()
    for finding in findings:
        if finding.matter is None or (finding.check, finding.matter) not in told:
            yield finding
        if finding.matter is not None:
            told.add((finding.check, finding.matter))


def sentence(words: str) -> str:
    """Words that begin small as a sentence of their own."""
    return f"{words[0].upper()}{words[1:]}."


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing is at fault; warnings and notes may be."""
    return all(finding.level is not Level.FAULT for finding in findings)
