"""What is the case with a connection, and who has to do something about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from brokersync.repairing import repair_command
from brokersync.standing.facts import Facts


class Who(StrEnum):
    """Who must act. The person is the one whose login it is."""

    NOBODY = "nobody"
    PERSON = "the person"
    OPERATOR = "an operator"


@dataclass(frozen=True)
class Case:
    """`state` in a few words, `said` and `acts` as clauses of a sentence. `command` stands in `acts`, for `who` to type."""

    state: str
    said: str
    acts: str
    who: Who = Who.NOBODY
    command: str | None = None


def repair(facts: Facts) -> str:
    """What makes the link with which the person logs in again."""
    return repair_command(facts.connection_id)
