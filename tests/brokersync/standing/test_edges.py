"""From where on what is said, and what is left unsaid."""

from __future__ import annotations

from datetime import UTC, time, timedelta
from typing import Any

import pytest

from brokersync.standing.case import Who
from brokersync.standing.facts import OVERDUE, Happened, Notice, OpenCircuit
from brokersync.standing.sentence import standing
from models.circuit import Opened
from models.connection import Status
from models.event import DeliveryState
from tests.brokersync.standing.given import NOW, RENEW, ago, ahead, facts
from worker.schedule import Hours


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
        (Notice("login_ending", ago(hours=1), DeliveryState.UNWANTED, had_addresses=True), "nobody was told of it"),
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
    happened = {kind: Happened(ago(hours=1), "worker")}
    told = standing(facts(**values, happened=happened, notice=Notice(kind, ago(hours=1), DeliveryState.DELIVERED)))
    assert ("a notice of it went out" in told.sentence) == matters


def test_who_was_paused_by_a_person_since_is_not_told_of_the_notice_that_the_worker_did_it() -> None:
    happened = {"given_up": Happened(ago(hours=5), "worker"), "paused": Happened(ago(hours=1), "demand")}
    given_up = Notice("given_up", ago(hours=5), DeliveryState.DELIVERED)
    assert "notice" not in standing(facts(status=Status.PAUSED, happened=happened, notice=given_up)).sentence


@pytest.mark.parametrize(("seconds", "is_overdue"), [(-1, False), (0, False), (1, True)])
def test_who_is_due_for_more_than_two_minutes_is_not_being_asked(seconds: int, is_overdue: bool) -> None:
    due = {"next_sync_at": NOW - OVERDUE - timedelta(seconds=seconds)}
    assert (standing(facts(**due)).state == "nobody asks") == is_overdue
    held = {"claim_until": ahead(seconds=1)}
    assert standing(facts(**due, **held)).state == "all is well"
    assert standing(facts(**due, updated_at=ago(minutes=1))).state == "all is well"


@pytest.mark.parametrize(("seconds", "is_late"), [(10, False), (11, True), (120, True), (121, False)])
def test_what_is_late_is_asked_when_a_worker_takes_it(seconds: int, is_late: bool) -> None:
    told = standing(facts(next_sync_at=ago(seconds=seconds)))
    assert ("and is asked as soon as a worker takes it" in told.sentence) == is_late


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
