"""What is said of a connection that the schedule asks, to the letter."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from brokersync.standing.case import Who
from brokersync.standing.facts import Facts, Happened, OpenCircuit
from brokersync.standing.sentence import standing
from models.circuit import Opened
from models.connection import Status
from tests.brokersync.standing.given import AGAIN, FAR, NOW, RENEW, REPAIR, ago, ahead, facts
from worker.schedule import Hours

NEW_YORK = Hours(time(9, 30), time(16), ZoneInfo("America/New_York"))


CASES: list[tuple[Facts, str, Who, str | None]] = [
    (facts(), f"All is well: confirmed 20 s ago; {AGAIN}; {FAR}.", Who.NOBODY, None),
    (
        facts(login_expires_at=ahead(hours=23, minutes=59, seconds=59)),
        f"All is well: confirmed 20 s ago; {AGAIN}; the login ends in 23 h 59 min (Fri 27 Nov 18:59 UTC), {RENEW}.",
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
        "Charles Schwab refused this login, but its tokens were renewed meanwhile, or a new login is being made"
        f" (login_ended): nobody needs to do anything about it; {AGAIN}; the data are 20 s old; {FAR}.",
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
        "What was due 10 min ago was not done (and what came last was unreachable): an operator looks with `brokersync"
        " doctor` whether beat and enough workers run; then it is asked at once; the data are 15 min old;"
        f" {FAR}.",
        Who.OPERATOR,
        "brokersync doctor",
    ),
]


@pytest.mark.parametrize(("given", "sentence", "who", "command"), CASES)
def test_each_case_has_its_sentence(given: Facts, sentence: str, who: Who, command: str | None) -> None:
    told = standing(given)
    assert (told.sentence, told.who, told.command) == (sentence, who, command)
