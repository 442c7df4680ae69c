"""Circuits of apps that this worker does not have: left to who has them, and gone when nobody does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func

from brokers.errors import AppMisconfigured, BrokerDown, BrokerError
from models.sealing import keyring
from models.session import Database
from settings import Settings
from tests.fakes import FakeBroker
from tests.records import a_connection
from tests.worker.opened import (
    circuits,
    dispatched,
    kinds,
    open_circuit,
    probe_due,
    probe_in,
)
from tests.worker.stored import put, wait_left
from worker.parts import Parts
from worker.probing import ABANDONED, probe_apps

pytestmark = pytest.mark.servers

REFUSED = AppMisconfigured("POST /token", "the app was refused")


def replaced(parts: Parts, *, app: str = "the-new-app-key") -> tuple[Parts, FakeBroker]:
    """A worker whose environment names another app."""
    broker = FakeBroker()
    broker.app = app
    return Parts(Settings(), parts.database, parts.publisher, {}, random=lambda: 0.5, brokers={"fake": broker}), broker


def test_a_replaced_app_is_first_brought_forward_for_who_still_has_it(parts: Parts) -> None:
    open_circuit(parts)
    newer, asked = replaced(parts)
    assert probe_apps(newer) == 0
    assert probe_in(parts.database) <= timedelta(0)
    assert probe_apps(newer) == 0, "its own workers have a minute"
    assert (len(circuits(parts.database)), asked.calls) == (1, [])
    # One of them is alive, and asks.
    older, its_broker = replaced(parts, app="the-app-key")
    its_broker.will("check_app", REFUSED)
    assert probe_apps(older) == 1
    assert probe_apps(newer) == 0
    assert len(circuits(parts.database)) == 1


@pytest.mark.parametrize(
    ("answer", "left", "told"),
    [(None, 0, ["app_accepted"]), (REFUSED, 0, []), (BrokerDown("POST /token", "a page"), 1, [])],
)
def test_a_replaced_app_that_no_worker_has_any_more_goes_with_the_word_about_the_new_one(
    parts: Parts, answer: BrokerError | None, left: int, told: list[str]
) -> None:
    open_circuit(parts)
    newer, asked = replaced(parts)
    asked.will("check_app", answer)
    probe_due(parts.database, late_by=ABANDONED)
    assert probe_apps(newer) == 1
    assert (len(circuits(parts.database)), kinds(parts.database)) == (left, told)


def test_the_new_apps_own_circuit_stays_when_the_old_one_goes(parts: Parts, database: Database) -> None:
    newer, asked = replaced(parts)
    asked.will("check_app", REFUSED)
    open_circuit(parts)
    probe_due(database, late_by=ABANDONED)
    open_circuit(newer)
    kept = {circuit.app for circuit in circuits(database)}
    assert probe_apps(newer) == 1
    assert {circuit.app for circuit in circuits(database)} < kept
    assert dispatched(newer) == 0


def test_another_apps_probe_is_brought_forward_once_however_often_its_workers_have_made_it(parts: Parts) -> None:
    open_circuit(parts, probes=9)
    newer, _ = replaced(parts)
    older, its_broker = replaced(parts, app="the-app-key")
    its_broker.will("check_app", REFUSED)
    assert probe_apps(newer) == 0
    assert probe_apps(older) == 1
    for _ in range(3):
        assert probe_apps(newer) == 0
        assert probe_in(parts.database) > timedelta(minutes=14)


def test_a_silent_circuit_of_ones_own_is_the_dispatchers(parts: Parts, broker: FakeBroker) -> None:
    open_circuit(parts, error_kind="broker_down")
    probe_due(parts.database, late_by=ABANDONED)
    assert probe_apps(parts) == 0
    assert (len(circuits(parts.database)), broker.calls) == (1, [])


@pytest.mark.parametrize("app", ["the-new-app-key", None])
def test_another_apps_silent_circuit_is_left_to_its_workers_and_gone_when_there_are_none(
    parts: Parts, app: str | None
) -> None:
    """None: a worker without the broker's variables."""
    failed = a_connection(parts.database, last_error_kind="broker_down")
    put(parts.database, failed, next_sync_at=func.now() + timedelta(minutes=10))
    open_circuit(parts, error_kind="broker_down", probed_at=None)
    newer, asked = replaced(parts, app=app or "")
    if app is None:
        newer.brokers.clear()
    assert probe_apps(newer) == 0
    assert len(circuits(parts.database)) == 1
    probe_due(parts.database, late_by=ABANDONED)
    assert probe_apps(newer) == 0
    assert (circuits(parts.database), kinds(parts.database), asked.calls) == ([], [], [])
    released = wait_left(parts.database, failed) <= timedelta(seconds=2)
    assert released == (app is not None), "who cannot ask the broker lets nobody go on"


def test_without_the_key_no_circuit_is_touched(
    parts: Parts, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_circuit(parts)
    probe_due(parts.database, late_by=ABANDONED)
    monkeypatch.setenv("ENCRYPTION_KEY", Fernet.generate_key().decode())
    keyring.cache_clear()
    newer, _ = replaced(parts)
    assert probe_apps(newer) == 0
    assert len(circuits(parts.database)) == 1


def test_a_circuit_of_a_broker_that_is_not_known_any_more_goes(parts: Parts) -> None:
    open_circuit(parts, broker="gone")
    probe_due(parts.database, late_by=ABANDONED)
    assert probe_apps(parts) == 1
    assert circuits(parts.database) == []
