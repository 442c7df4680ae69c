"""What is said in each case, to the letter."""

from __future__ import annotations

from datetime import UTC, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from brokersync.standing.case import Who
from brokersync.standing.facts import OVERDUE, Facts, Happened, Notice, OpenCircuit
from brokersync.standing.sentence import standing
from models.circuit import Opened
from models.connection import Status
from models.event import DeliveryState
from tests.brokersync.standing.given import NOW, REPAIR, RESUME, ago, ahead, facts
from worker.schedule import Hours

RENEW = f"and the person renews it with the link that `{REPAIR}` makes"
FAR = "the login ends in 6 d (Wed 2 Dec 19:00 UTC)"
AGAIN = "it is asked again in 4 min"
NEW_YORK = Hours(time(9, 30), time(16), ZoneInfo("America/New_York"))


def refused(reason: str | None = None, **more: Any) -> Facts:
    events = {"reauth_required": Happened(ago(minutes=3), "worker", reason)}
    given = {"login_at": ago(days=7, minutes=3), "login_expires_at": ago(minutes=3), "checked_at": ago(minutes=8)}
    return facts(**({"status": Status.REAUTH_REQUIRED, "happened": events} | given | more))


ENDED = (
    f"nothing is asked any more, and the person logs in again with the link that `{REPAIR}` makes;"
    " the data stay as of 18:52 UTC."
)

CASES: list[tuple[Facts, str, Who, str | None]] = [
    (facts(), f"All is well: confirmed 20 s ago; {AGAIN}; {FAR}.", Who.NOBODY, None),
    (
        facts(login_expires_at=ahead(hours=23)),
        f"All is well: confirmed 20 s ago; {AGAIN}; the login ends in 23 h (Fri 27 Nov 18:00 UTC), {RENEW}.",
        Who.PERSON,
        REPAIR,
    ),
    (
        facts(login_expires_at=ago(minutes=5)),
        "By our clock this login ended 5 min ago, and Charles Schwab has not refused it yet:"
        f" the person renews it with the link that `{REPAIR}` makes; {AGAIN}; the data are 20 s old.",
        Who.PERSON,
        REPAIR,
    ),
    (facts(login_expires_at=None), f"All is well: confirmed 20 s ago; {AGAIN}.", Who.NOBODY, None),
    (
        facts(claim_until=ahead(minutes=1), claim_started_at=ago(seconds=2), next_sync_at=ahead(minutes=1)),
        f"All is well: confirmed 20 s ago; it is being asked right now; {FAR}.",
        Who.NOBODY,
        None,
    ),
    (
        facts(claim_until=ahead(minutes=1), next_sync_at=ago(seconds=1)),
        f"All is well: confirmed 20 s ago; a worker asks within a minute; {FAR}.",
        Who.NOBODY,
        None,
    ),
    (
        facts(hours=NEW_YORK, now=ahead(hours=5), next_sync_at=ahead(hours=19, minutes=30)),
        "All is well: confirmed 5 h ago; it is asked again in 14 h, within its hours (from 09:30 to 16:00 in"
        " America/New_York); the login ends in 5 d 19 h (Wed 2 Dec 19:00 UTC).",
        Who.NOBODY,
        None,
    ),
    (
        facts(checked_at=None, next_sync_at=NOW),
        f"The login is linked, and nothing was fetched yet: nobody needs to do anything about it;"
        f" it is asked any moment now; {FAR}.",
        Who.NOBODY,
        None,
    ),
    (
        facts(status=Status.LINKING, login_at=ago(seconds=30), checked_at=None, next_sync_at=ahead(seconds=30)),
        "The login was made 30 s ago, and its accounts are not listed yet: nobody needs to do anything about it;"
        f" it is asked in 30 s; {FAR}.",
        Who.NOBODY,
        None,
    ),
    (
        facts(error_kind="broker_down", failures=3, checked_at=ago(minutes=12), next_sync_at=ahead(seconds=90)),
        "Charles Schwab did not answer as it should (broker_down), 3rd time in a row: nobody needs to do anything"
        f" about it; it is asked again in 1 min; the data are 12 min old; {FAR}.",
        Who.NOBODY,
        None,
    ),
    (
        facts(error_kind="unreachable", failures=1, login_expires_at=ahead(hours=1)),
        "Charles Schwab could not be reached (unreachable): nobody needs to do anything about it;"
        f" {AGAIN}; the data are 20 s old; the login ends in 1 h (20:00 UTC), {RENEW}.",
        Who.PERSON,
        REPAIR,
    ),
    (
        facts(error_kind="rate_limited", failures=1),
        "Charles Schwab asked for a pause (rate_limited): nobody needs to do anything about it;"
        f" {AGAIN}; the data are 20 s old; {FAR}.",
        Who.NOBODY,
        None,
    ),
    (
        facts(error_kind="bad_answer", error_text="GET /accounts: not JSON", failures=2),
        "Charles Schwab gave an answer that cannot be true or read, so nothing of it was taken (bad_answer: GET"
        " /accounts: not JSON), 2nd time in a row: nobody needs to do anything about it;"
        f" {AGAIN}; the data are 20 s old; {FAR}.",
        Who.NOBODY,
        None,
    ),
    (
        facts(error_kind="login_ended", failures=1),
        "Charles Schwab refused this login while another one was being linked (login_ended): nobody needs to do"
        f" anything about it; {AGAIN}; the data are 20 s old; {FAR}.",
        Who.NOBODY,
        None,
    ),
    (
        facts(error_kind="internal", error_text="KeyError in the sync", failures=1, unfinished_attempts=2),
        "The last run stopped at a fault of ours (internal): an operator finds the cause in the worker's log;"
        f" {AGAIN}; its last 2 runs did not come to an end; the data are 20 s old; {FAR}.",
        Who.OPERATOR,
        None,
    ),
    (
        facts(error_kind="app_misconfigured", error_text="GET /accounts: refused", failures=1),
        "Charles Schwab refused this app (app_misconfigured: GET /accounts: refused): an operator checks"
        " SCHWAB_CLIENT_ID and SCHWAB_CLIENT_SECRET, and the app's state and products at the broker, with"
        f" `brokersync doctor`; {AGAIN}; the data are 20 s old; {FAR}.",
        Who.OPERATOR,
        "brokersync doctor",
    ),
    (
        facts(
            status=Status.CREDENTIALS_UNREADABLE,
            error_kind="credentials_unreadable",
            happened={"credentials_unreadable": Happened(ago(minutes=10), "worker")},
        ),
        "No key in ENCRYPTION_KEY has opened this login for 10 min (credentials_unreadable): an operator adds the key"
        " that sealed it, behind a comma, and starts the worker anew (`brokersync doctor` tries it);"
        f" {AGAIN}; the data are 20 s old; {FAR}.",
        Who.OPERATOR,
        "brokersync doctor",
    ),
    (
        facts(circuit=OpenCircuit(Opened.REFUSED, ago(minutes=5), ahead(minutes=4)), next_sync_at=ago(minutes=5)),
        "Charles Schwab has refused the app key for 5 min, so all its connections wait (app_misconfigured): an operator"
        " checks SCHWAB_CLIENT_ID and SCHWAB_CLIENT_SECRET, and the app's state and products at the broker, with"
        " `brokersync doctor`; the app is tried in 4 min, and all go on once it is taken; the data are 20 s old;"
        f" {FAR}.",
        Who.OPERATOR,
        "brokersync doctor",
    ),
    (
        facts(circuit=OpenCircuit(Opened.REFUSED, ago(minutes=5), ahead(minutes=4), is_set_up=False)),
        "A worker has lacked its variables for Charles Schwab for 5 min, so all connections wait (app_misconfigured): an"
        " operator sets SCHWAB_CLIENT_ID and SCHWAB_CLIENT_SECRET where it runs, and starts it anew (`brokersync doctor`"
        f" finds what is missing); the app is tried in 4 min, and all go on once it is taken; the data are 20 s old; {FAR}.",
        Who.OPERATOR,
        "brokersync doctor",
    ),
    (
        facts(circuit=OpenCircuit(Opened.SILENT, ago(minutes=5), ahead(minutes=4)), next_sync_at=ago(minutes=5)),
        "Charles Schwab has answered no connection for 5 min, so all of them wait (broker_down): nobody needs to do"
        f" anything about it; one of them asks in 4 min, and all go on once it is answered; the data are 20 s old; {FAR}.",
        Who.NOBODY,
        None,
    ),
    (
        facts(next_sync_at=ago(minutes=10), checked_at=ago(minutes=15), error_kind="unreachable", failures=1),
        "What was due 10 min ago was not done: no worker or no beat runs (and what came last was unreachable):"
        f" an operator starts them with `honcho start`; then it is asked at once; the data are 15 min old; {FAR}.",
        Who.OPERATOR,
        "honcho start",
    ),
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
        " ended meanwhile; the data stay as of 18:59 UTC.",
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


def test_a_login_that_another_user_made_anew_says_why_it_ended() -> None:
    replaced = Happened(ago(minutes=4), "web", "replaced by a newer login")
    events = {**refused("ended by the broker").happened, "login_ended": replaced}
    said = (
        "Charles Schwab ended this login 3 min ago (it was 7 d old), when another user of this installation logged in"
    )
    assert standing(refused(happened=events)).sentence.startswith(said)


@pytest.mark.parametrize(
    ("notice", "said"),
    [
        (Notice("login_ending", ago(hours=1), DeliveryState.DELIVERED), "a notice of it went out 1 h ago"),
        (
            Notice("login_ending", ago(hours=1), DeliveryState.PENDING, 1, ahead(minutes=5)),
            "the notice of it has failed once, and is tried again in 5 min",
        ),
        (
            Notice("login_ending", ago(hours=1), DeliveryState.PENDING, 4, ago(seconds=1)),
            "the notice of it has failed 4 times, and is tried again any moment now",
        ),
        (
            Notice("login_ending", ago(seconds=3), DeliveryState.PENDING),
            "the notice of it has waited for 3 s to be sent",
        ),
        (
            Notice("login_ending", ago(hours=25), DeliveryState.GIVEN_UP),
            "the notice of it, 1 d 1 h old, got through to nobody (`brokersync notify --test` tries the way)",
        ),
        (
            Notice("login_ending", ago(hours=1), DeliveryState.UNWANTED),
            "nobody was told of it, as NOTIFY_URLS and WEBHOOK_URL were empty",
        ),
    ],
)
def test_how_far_a_notice_came_ends_the_sentence(notice: Notice, said: str) -> None:
    told = standing(facts(login_expires_at=ahead(hours=23), notice=notice))
    assert told.sentence.endswith(f"{RENEW}; {said}.")


@pytest.mark.parametrize(
    ("kind", "values", "matters"),
    [
        ("login_ending", {"login_expires_at": ahead(hours=1)}, True),
        ("login_ending", {"login_expires_at": ahead(days=6)}, False),
        ("login_ending", {"status": Status.REAUTH_REQUIRED, "login_expires_at": ago(hours=1)}, False),
        ("login_ended", {"status": Status.PAUSED, "login_expires_at": ago(hours=1)}, True),
        ("reauth_required", {"status": Status.REAUTH_REQUIRED}, True),
        ("reauth_required", {}, False),
        ("given_up", {"status": Status.PAUSED}, True),
        ("given_up", {}, False),
        ("credentials_unreadable", {"status": Status.CREDENTIALS_UNREADABLE}, True),
        ("credentials_unreadable", {}, False),
    ],
)
def test_a_notice_of_what_is_over_is_not_told(kind: str, values: dict[str, Any], matters: bool) -> None:
    told = standing(facts(**values, notice=Notice(kind, ago(hours=1), DeliveryState.DELIVERED)))
    assert ("a notice of it went out" in told.sentence) == matters


@pytest.mark.parametrize(("seconds", "is_overdue"), [(-1, False), (0, False), (1, True)])
def test_who_is_due_for_more_than_two_minutes_is_not_being_asked(seconds: int, is_overdue: bool) -> None:
    due = {"next_sync_at": NOW - OVERDUE - timedelta(seconds=seconds)}
    assert (standing(facts(**due)).state == "nobody asks") == is_overdue
    held = {"claim_until": ahead(seconds=1)}
    assert standing(facts(**due, **held)).state == "all is well"
    assert standing(facts(**due, updated_at=ago(minutes=1))).state == "all is well"


def test_while_a_circuit_is_open_what_is_due_is_its_probe() -> None:
    def state(probe_at: Any) -> str:
        circuit = OpenCircuit(Opened.REFUSED, ago(hours=1), probe_at)
        return standing(facts(next_sync_at=ago(minutes=50), circuit=circuit)).state

    assert state(ahead(minutes=1)) == "app refused"
    assert state(ago(minutes=3)) == "nobody asks"


@pytest.mark.parametrize(("left", "who"), [(1, Who.NOBODY), (0, Who.PERSON), (-1, Who.PERSON)])
def test_the_person_acts_from_the_first_notice_on(left: int, who: Who) -> None:
    assert standing(facts(login_expires_at=ahead(hours=48, seconds=left))).who is who


def test_a_connection_without_a_time_says_that_none_is_set() -> None:
    told = standing(facts(next_sync_at=None))
    assert ("no time is set for asking again" in told.sentence, told.next.at) == (True, None)


def test_hours_are_told_only_while_it_waits_for_them() -> None:
    closed, is_open = Hours(time(1), time(2), UTC), Hours(time(18), time(20), UTC)
    assert "within its hours" not in standing(facts(hours=closed)).sentence
    assert "within its hours" not in standing(facts(hours=is_open)).sentence


def test_what_stops_everything_is_named_before_what_the_person_has_to_do() -> None:
    circuit = OpenCircuit(Opened.REFUSED, ago(minutes=5), ahead(minutes=4))
    told = standing(facts(circuit=circuit, login_expires_at=ahead(hours=1)))
    assert (told.who, told.command) == (Who.OPERATOR, "brokersync doctor")
    assert RENEW in told.sentence


def test_the_run_at_work_is_none_of_those_that_did_not_come_to_an_end() -> None:
    at_work = {"claim_until": ahead(minutes=1), "claim_started_at": ago(seconds=2)}
    assert "come to an end" not in standing(facts(**at_work, unfinished_attempts=1)).sentence
    assert "its last run did not come to an end" in standing(facts(**at_work, unfinished_attempts=2)).sentence
