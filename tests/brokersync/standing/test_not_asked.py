"""What is said of a connection of which nothing is asked, to the letter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from brokersync.standing.case import Who
from brokersync.standing.facts import Facts, Happened
from brokersync.standing.sentence import standing
from models.connection import Status
from tests.brokersync.standing.given import FAR, REPAIR, RESUME, ago, facts


def refused(reason: str | None = None, **more: Any) -> Facts:
    events = {"reauth_required": Happened(ago(minutes=3), "worker", reason)}
    given = {"login_at": ago(days=7, minutes=3), "login_expires_at": ago(minutes=3), "checked_at": ago(minutes=8)}
    return facts(**({"status": Status.REAUTH_REQUIRED, "happened": events} | given | more))


ENDED = (
    f"nothing is asked any more, and the person logs in again with the link that `{REPAIR}` makes;"
    " the data stay as of 18:52 UTC."
)

CASES: list[tuple[Facts, str, Who, str | None]] = [
    (
        refused("ended by the broker"),
        f"Charles Schwab ended this login 3 min ago (it was 7 d old): {ENDED}",
        Who.PERSON,
        REPAIR,
    ),
    (
        refused("lost in a crash"),
        f"This login was lost in a crash 3 min ago (it was 7 d old), in the middle of a refresh: {ENDED}",
        Who.PERSON,
        REPAIR,
    ),
    (
        refused("lost on the way"),
        f"This login was lost on the way 3 min ago (it was 7 d old), as the answer to a refresh never came: {ENDED}",
        Who.PERSON,
        REPAIR,
    ),
    (refused(happened={}), f"This login has ended (it was 7 d old): {ENDED}", Who.PERSON, REPAIR),
    (
        facts(status=Status.PAUSED, happened={"paused": Happened(ago(hours=3), "command line")}),
        f"Somebody paused this connection 3 h ago (command line): nothing is asked until an operator types `{RESUME}`;"
        f" the data stay as of 18:59 UTC; {FAR}.",
        Who.OPERATOR,
        RESUME,
    ),
    (
        facts(
            status=Status.PAUSED,
            happened={
                "paused": Happened(ago(hours=3), "command line"),
                "given_up": Happened(ago(hours=1), "worker", "three attempts in a row did not come to an end"),
            },
        ),
        "The worker paused this connection 1 h ago (three attempts in a row did not come to an end): an operator finds"
        f" the cause in the worker's log, and starts it again with `{RESUME}`; the data stay as of 18:59 UTC; {FAR}.",
        Who.OPERATOR,
        RESUME,
    ),
    (
        facts(status=Status.PAUSED, login_expires_at=ago(hours=1)),
        f"Somebody paused this connection: the person logs in again with the link that `{REPAIR}` makes, as the login has"
        f" ended meanwhile, and after that it stays paused until `{RESUME}`; the data stay as of 18:59 UTC.",
        Who.PERSON,
        REPAIR,
    ),
    (
        facts(status=Status.DISCONNECTED, happened={"disconnected": Happened(ago(days=3), "demand")}),
        "This connection was disconnected 3 d ago: its login is forgotten, and it goes on only with the link that"
        f" `{REPAIR}` makes; the data stay as of 18:59 UTC.",
        Who.NOBODY,
        REPAIR,
    ),
    (
        facts(status=Status.DISCONNECTED, checked_at=None),
        "This connection was disconnected: its login is forgotten, and it goes on only with the link that"
        f" `{REPAIR}` makes; no data were ever fetched.",
        Who.NOBODY,
        REPAIR,
    ),
]


@pytest.mark.parametrize(("given", "sentence", "who", "command"), CASES)
def test_each_case_has_its_sentence(given: Facts, sentence: str, who: Who, command: str | None) -> None:
    told = standing(given)
    assert (told.sentence, told.who, told.command) == (sentence, who, command)


REPLACED = ", soon after another user of this installation logged in with it"


def after_another_login(refused_for: str, **before: float) -> str:
    refusal = refused(refused_for).happened["reauth_required"]
    replaced = Happened(refusal.at - timedelta(**before), "web", "replaced by a newer login")
    return standing(refused(happened={"reauth_required": refusal, "login_ended": replaced})).sentence


def test_a_login_that_another_user_made_anew_may_have_ended_for_that() -> None:
    said = f"Charles Schwab ended this login 3 min ago (it was 7 d old){REPLACED}: "
    assert after_another_login("ended by the broker", minutes=40).startswith(said)


@pytest.mark.parametrize(
    ("reason", "before"),
    [
        ("ended by the broker", {"hours": 1, "seconds": 1}),
        ("ended by the broker", {"days": 5}),
        ("ended by the broker", {"minutes": -1}),
        ("lost in a crash", {"minutes": 1}),
        ("lost on the way", {"minutes": 1}),
    ],
)
def test_an_end_that_another_users_login_does_not_explain_is_told_without_it(
    reason: str, before: dict[str, float]
) -> None:
    assert "another user" not in after_another_login(reason, **before)
