"""Events as programs get them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from models.event import TOLD
from tests.worker.delivery.given import CONNECTION, an_event
from worker.event_documents import action, event_document

ID = "9c000000-0000-4000-8000-000000000001"


def test_a_document_is_compact_and_has_the_fields_of_the_contract_in_their_order() -> None:
    assert event_document(an_event("linked", details={"accounts": 2})).decode() == (
        f'{{"schema":1,"event":"linked","event_id":"{ID}","connection_id":"{CONNECTION}","user_id":"42",'
        '"broker":"schwab","at":"2026-11-20T12:00:00Z","login_expires_at":"2026-11-27T18:00:00Z","accounts":2}'
    )


def test_it_says_why_and_what_to_do() -> None:
    document = json.loads(event_document(an_event("reauth_required", details={"reason": "ended by the broker"})))
    assert document["reason"] == "ended by the broker"
    assert document["action"] == f"brokersync link --repair {CONNECTION}"


def test_times_are_in_utc_whatever_clock_the_event_was_read_by() -> None:
    tokyo = datetime(2026, 11, 20, 21, tzinfo=timezone(timedelta(hours=9)))
    assert json.loads(event_document(an_event(at=tokyo)))["at"] == "2026-11-20T12:00:00Z"


def test_an_event_of_an_app_has_neither_connection_nor_user_and_brings_its_own_action() -> None:
    event = an_event("app_refused", connection_id=None, user_id=None, details={"action": "See to the app."})
    document = json.loads(event_document(event))
    assert (document["connection_id"], document["user_id"]) == (None, None)
    assert document["action"] == "See to the app."


def test_no_detail_takes_the_place_of_the_envelope() -> None:
    document = json.loads(event_document(an_event(details={"event": "other", "schema": 7, "action": "x"})))
    assert (document["event"], document["schema"]) == ("login_ending", 1)
    assert document["action"] == f"brokersync link --repair {CONNECTION}"


def test_words_of_all_languages_are_utf_8() -> None:
    assert '"user_id":"жюли"'.encode() in event_document(an_event(user_id="жюли"))


@pytest.mark.parametrize("kind", sorted(TOLD))
def test_an_event_that_asks_for_nothing_has_no_action(kind: str) -> None:
    asks = kind in {"login_ending", "login_ended", "reauth_required", "credentials_unreadable", "given_up"}
    assert (action(an_event(kind)) is not None) is asks
