"""The limits run out in their order, across all the files they stand in."""

from __future__ import annotations

from datetime import timedelta

import pytest

import celeryconfig
import settings
from models.session import (
    CONNECT_TIMEOUT,
    IDLE_IN_TRANSACTION_TIMEOUT,
    LOCK_TIMEOUT,
    SILENCE_LIMIT,
    STATEMENT_TIMEOUT,
)
from settings import Settings
from worker import app, limits, tokens
from worker.limits import Deadline
from worker.watchdog import _LOOK_EVERY


def test_a_shorter_limit_runs_out_before_the_one_around_it() -> None:
    order = [limits.HTTP_TOTAL, STATEMENT_TIMEOUT, limits.SYNC_DEADLINE, limits.CLAIM, limits.VISIBILITY]
    assert sorted(set(order)) == order


def test_a_delivery_is_another_workers_only_after_the_run_that_took_it_is_over() -> None:
    assert limits.DELIVER_DEADLINE + limits.WEBHOOK_TOTAL < limits.DELIVERY_LEASE
    assert limits.PEOPLE_BEGIN < limits.PEOPLE_TOTAL < limits.DELIVERY_LEASE


def test_a_run_that_waits_for_every_target_in_turn_is_over_before_the_watchdog_ends_it() -> None:
    redis, webhook = limits.DELIVER_DEADLINE, limits.DELIVER_DEADLINE + limits.WEBHOOK_TOTAL
    assert redis + webhook + limits.PEOPLE_TOTAL <= limits.SYNC_DEADLINE


def test_the_watchdog_ends_a_stuck_process_before_its_claim_is_over() -> None:
    watchdog = limits.SYNC_DEADLINE + limits.WATCHDOG_GRACE
    assert timedelta(seconds=app.watchdog._limit) == watchdog
    assert watchdog + timedelta(seconds=2 * _LOOK_EVERY) < limits.CLAIM


def test_celery_hands_a_message_out_again_at_our_visibility_time_out() -> None:
    visibility = limits.VISIBILITY.total_seconds()
    assert celeryconfig.broker_transport_options["visibility_timeout"] == visibility
    assert celeryconfig.result_backend_transport_options["visibility_timeout"] == visibility
    assert celeryconfig.visibility_timeout == visibility


def test_a_message_is_dead_before_it_could_be_handed_out_again() -> None:
    assert limits.QUEUE_WAIT + limits.CLAIM < limits.VISIBILITY


def test_a_token_that_is_not_refreshed_lives_longer_than_the_run_that_uses_it() -> None:
    assert limits.REFRESH_MARGIN > limits.SYNC_DEADLINE + limits.CLOCK_SKEW


def test_a_sync_fits_two_fetches_and_a_refresh_that_is_asked_for_twice_into_its_deadline() -> None:
    assert 4 * limits.HTTP_TOTAL < limits.SYNC_DEADLINE


def test_a_transaction_that_waits_for_one_answer_of_the_broker_is_not_ended_as_idle() -> None:
    assert limits.HTTP_TOTAL < IDLE_IN_TRANSACTION_TIMEOUT


def test_an_attempt_keeps_others_off_until_its_tokens_are_saved_and_no_longer_than_a_claim() -> None:
    saved = timedelta(seconds=sum(tokens.SAVE_AGAIN_AFTER)) + len(tokens.SAVE_AGAIN_AFTER) * CONNECT_TIMEOUT
    assert LOCK_TIMEOUT + 2 * limits.HTTP_TOTAL + SILENCE_LIMIT + saved < limits.ATTEMPT_LIVES < limits.CLAIM


def test_refreshes_leave_most_slots_to_the_syncs() -> None:
    a_quarter = celeryconfig.worker_concurrency // 4
    assert a_quarter >= limits.REFRESHES_AT_ONCE


def test_there_is_a_session_for_every_slot_and_two_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Settings(database_url="postgresql+psycopg2://127.0.0.1:1/none", live_data_redis_url="redis://127.0.0.1:1")
    monkeypatch.setattr(settings, "load", lambda: nowhere)
    app._parts.cache_clear()
    parts = app.parts()
    assert app.parts() is parts
    assert parts.database.engine.pool.size() >= celeryconfig.worker_concurrency + 2
    parts.close()
    app._parts.cache_clear()


def test_a_deadline_counts_down_and_never_below_zero() -> None:
    deadline = Deadline(timedelta(seconds=30))
    assert timedelta(seconds=29) < deadline.left() <= timedelta(seconds=30)
    assert deadline.for_http() == limits.HTTP_TOTAL.total_seconds()
    assert 0 < Deadline(timedelta(seconds=3)).for_http() <= 3
    over = Deadline(timedelta(seconds=-1))
    assert (over.left(), over.for_http()) == (timedelta(0), 0)
