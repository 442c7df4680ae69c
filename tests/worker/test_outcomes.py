"""What can come of a sync, and how it is told."""

from __future__ import annotations

import json
import uuid

import pytest

from worker.outcomes import AccountOutcome, Outcome, SyncFailed, SyncResult, worst


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], "unchanged"),
        (["unchanged", "unchanged"], "unchanged"),
        (["unchanged", "ok"], "ok"),
        (["failed", "ok", "unchanged"], "failed"),
    ],
)
def test_a_run_is_as_good_as_its_worst_account(outcomes: list[str], expected: str) -> None:
    assert worst(Outcome(outcome) for outcome in outcomes) == expected


def test_a_failure_is_a_kind_and_words_also_when_it_is_made_from_its_text() -> None:
    failed = SyncFailed.of("bad_answer", "GET /accounts: no cash")
    again = SyncFailed(*failed.args)
    assert str(again) == str(failed) == "bad_answer: GET /accounts: no cash"
    assert (again.kind, again.text) == ("bad_answer", "GET /accounts: no cash")


def test_a_result_is_plain_json() -> None:
    account = AccountOutcome(uuid.UUID(int=6), Outcome.OK, 17)
    unread = AccountOutcome(None, Outcome.FAILED, error="no cash")
    result = SyncResult(uuid.UUID(int=11), Outcome.FAILED, None, (account, unread))
    assert json.loads(json.dumps(result.as_json())) == {
        "connection_id": "00000000-0000-0000-0000-00000000000b",
        "run_id": None,
        "outcome": "failed",
        "accounts": [
            {"account_id": "00000000-0000-0000-0000-000000000006", "outcome": "ok", "version": 17, "error": None},
            {"account_id": None, "outcome": "failed", "version": None, "error": "no cash"},
        ],
    }
