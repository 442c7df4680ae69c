"""Whatever comes together, the sentence is one, whole, and says no two things that cannot both be true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, time
from functools import cache
from itertools import product
from typing import Any

import pytest

from brokersync.standing.case import Who
from brokersync.standing.facts import Facts, Happened, Notice, OpenCircuit
from brokersync.standing.sentence import Standing, standing
from models.circuit import Opened
from models.connection import SCHEDULED, Status
from models.event import DeliveryState
from tests.brokersync.standing.given import REPAIR, RESUME, ago, ahead, facts
from worker.schedule import Hours

KINDS = (
    None,
    "unreachable",
    "broker_down",
    "rate_limited",
    "bad_answer",
    "login_ended",
    "app_misconfigured",
    "credentials_unreadable",
    "internal",
)
LOGIN_ENDS = (None, ahead(days=6), ahead(hours=23), ago(minutes=5))
CIRCUITS = (
    None,
    OpenCircuit(Opened.REFUSED, ago(minutes=5), ahead(minutes=4)),
    OpenCircuit(Opened.SILENT, ago(minutes=5), ahead(minutes=4)),
    OpenCircuit(Opened.REFUSED, ago(hours=1), ago(minutes=30)),
    OpenCircuit(Opened.REFUSED, ago(minutes=5), ahead(minutes=4), is_set_up=False),
)
CLAIMS: tuple[dict[str, Any], ...] = (
    {},
    {"claim_until": ahead(minutes=1)},
    {"claim_until": ahead(minutes=1), "claim_started_at": ago(seconds=3), "unfinished_attempts": 1},
    {"claim_until": ago(minutes=1), "claim_started_at": ago(minutes=3), "unfinished_attempts": 2},
)
HOURS = (None, Hours(time(8), time(9), UTC))
DUE = (ahead(hours=13, minutes=30), ago(seconds=1), ago(minutes=10))
DELIVERIES = (None, DeliveryState.PENDING, DeliveryState.GIVEN_UP)
CHECKED = (None, ago(minutes=12))


def notice(status: Status, state: DeliveryState | None) -> Notice | None:
    kinds = {Status.PAUSED: "given_up", Status.ACTIVE: "login_ending", Status.LINKING: "login_ending"}
    return None if state is None else Notice(kinds.get(status, status.value), ago(hours=1), state, 2, ahead(minutes=5))


def combinations(status: Status) -> Iterator[Facts]:
    together = product(KINDS, LOGIN_ENDS, CIRCUITS, CLAIMS, HOURS, DUE, DELIVERIES)
    for place, (kind, ends, circuit, claim, hours, due, delivery) in enumerate(together):
        yield facts(
            status=status,
            error_kind=kind,
            error_text=None if kind is None else "GET /accounts: status 503",
            failures=0 if kind is None else 3,
            login_expires_at=ends,
            circuit=circuit,
            hours=hours,
            next_sync_at=due,
            notice=notice(status, delivery),
            checked_at=CHECKED[place % 2],
            happened={status.value: Happened(ago(minutes=3), "worker", "ended by the broker")},
            **claim,
        )


@cache
def every(status: Status) -> list[tuple[Facts, Standing]]:
    return [(given, standing(given)) for given in combinations(status)]


def wrong_with(given: Facts, told: Standing) -> str | None:
    """What no sentence may be."""
    sentence = told.sentence
    rules = {
        "one sentence": sentence.endswith(".") and ". " not in sentence and ".." not in sentence,
        "begins with a capital": sentence[0].isupper(),
        "holds nothing that is no word": not {"None", ";;", "  ", " ;", ": ;"} & set(sentence.split(" ")),
        "names its command once": told.command is None or sentence.count(f"`{told.command}`") == 1,
        "whole commands": sentence.count("`") % 2 == 0,
        "who acts is named": told.who is Who.NOBODY or told.who.value in sentence,
        "somebody acts": told.who is not Who.NOBODY or "an operator" not in sentence,
        "names the kind of error": given.error_kind is None
        or given.status not in SCHEDULED
        or given.is_held_back
        or given.error_kind in sentence,
        "no next time is past": told.next.at is None or not given.is_overdue,
        "tells what comes next": given.status not in SCHEDULED or told.next.said in sentence,
        "asks nothing of who is not asked": given.status in SCHEDULED or told.next.at is None,
        "well only where nothing is wrong": told.state != "all is well"
        or not (given.error_kind or given.is_overdue or given.is_held_back or given.is_over),
        "being asked now": ("being asked right now" in sentence) == (given.status in SCHEDULED and given.is_at_work),
        "login renewed in time": told.command == REPAIR
        or given.status not in SCHEDULED
        or not (given.is_near_its_end or given.is_over)
        or REPAIR in sentence,
        "a login without anything left has no end": given.status not in {Status.REAUTH_REQUIRED, Status.DISCONNECTED}
        or "the login ends" not in sentence,
    }
    broken = [rule for rule, is_kept in rules.items() if not is_kept]
    return f"{broken}: {sentence}\n{given}" if broken else None


@pytest.mark.parametrize("status", list(Status))
def test_every_combination_has_a_sentence_that_holds_together(status: Status) -> None:
    wrong = (wrong_with(given, told) for given, told in every(status))
    assert next((each for each in wrong if each is not None), None) is None


@pytest.mark.parametrize(
    ("status", "who", "command"),
    [
        (Status.REAUTH_REQUIRED, {Who.PERSON}, {REPAIR}),
        (Status.PAUSED, {Who.PERSON, Who.OPERATOR}, {REPAIR, RESUME}),
        (Status.DISCONNECTED, {Who.NOBODY}, {REPAIR}),
        (Status.LINKING, set(Who), {REPAIR, "brokersync doctor", None}),
        (Status.ACTIVE, set(Who), {REPAIR, "brokersync doctor", None}),
        (Status.CREDENTIALS_UNREADABLE, set(Who), {REPAIR, "brokersync doctor", None}),
    ],
)
def test_each_status_has_its_actors_and_commands(status: Status, who: set[Who], command: set[str | None]) -> None:
    assert {told.who for _, told in every(status)} == who
    assert {told.command for _, told in every(status)} == command
