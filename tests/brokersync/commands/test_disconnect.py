from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from models.connection import Credential
from models.session import Database
from tests.brokersync.command_line import run
from tests.brokersync.rows import a_login
from tests.worker.stored import connection_row, events

pytestmark = pytest.mark.servers


def test_a_login_is_forgotten_and_its_data_are_kept(stored: Database) -> None:
    connection_id, _ = a_login(stored)
    ran = run("disconnect", str(connection_id)[:8], "--yes")
    assert ran.code == 0
    assert "its data are kept" in ran.out
    assert "sign in at schwab.com" in ran.out
    assert connection_row(stored, connection_id).status == "disconnected"
    with stored.session() as session:
        assert session.get(Credential, connection_id) is None
    assert len(run("positions", "--json").document["positions"]) == 2


def test_erasing_removes_rows_and_live_data_but_not_the_trail(stored: Database, redis_client: redis.Redis) -> None:
    connection_id, account_id = a_login(stored)
    redis_client.set(f"live_data:latest:balances:{account_id}", "{}")
    document = run("disconnect", str(connection_id), "--erase", "--yes", "--json").document
    assert (document["status"], document["erased"]) == ("disconnected", True)
    assert document["unlink_advice"].startswith("Schwab has no call")
    assert run("connections", "--json").document == {"connections": []}
    assert run("accounts", "--json").document == {"accounts": []}
    assert redis_client.keys("live_data:latest:*") == []
    assert events(stored, connection_id) == ["disconnected"]


@pytest.mark.parametrize("typed", ["n\n", "", "\n"])
def test_without_a_clear_yes_nothing_is_changed(stored: Database, typed: str) -> None:
    connection_id, _ = a_login(stored)
    ran = run("disconnect", str(connection_id), "--erase", typed=typed)
    assert (ran.code, ran.out) == (1, "")
    assert "Erase the schwab login of user 42 and the data of its 1 account?" in ran.err
    assert "Nothing was changed." in ran.err
    assert connection_row(stored, connection_id).status == "active"


def test_the_question_names_the_label(stored: Database) -> None:
    connection_id, _ = a_login(stored, label="IRA")
    ran = run("disconnect", str(connection_id), typed="n\n")
    assert "Forget the schwab login of user 42 (IRA)?" in ran.err


def test_a_yes_is_enough(stored: Database) -> None:
    connection_id, _ = a_login(stored)
    assert run("disconnect", str(connection_id), typed="y\n").code == 0
    assert connection_row(stored, connection_id).status == "disconnected"


def test_the_question_does_not_spoil_a_document(stored: Database) -> None:
    connection_id, _ = a_login(stored)
    assert run("disconnect", str(connection_id), "--json", typed="y\n").document["status"] == "disconnected"


def test_when_redis_is_away_nothing_is_erased(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    connection_id, _ = a_login(stored)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    ran = run("disconnect", str(connection_id), "--erase", "--yes")
    assert ran.code == 1
    assert ran.err.startswith("Error: Redis (REDIS_URL) cannot be used. Nobody listens at 127.0.0.1:1.")
    assert connection_row(stored, connection_id).status == "active"


@pytest.mark.parametrize("options", [[], ["--erase"]])
def test_during_a_refresh_of_the_login_a_sentence_says_to_try_again(
    stored: Database, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    connection_id, _ = a_login(stored)
    monkeypatch.setattr("models.session.LOCK_TIMEOUT", timedelta(milliseconds=200))
    with stored.session() as session:
        session.get_one(Credential, connection_id, with_for_update={"key_share": True})
        ran = run("disconnect", str(connection_id), "--yes", *options)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: Nothing was changed: a refresh of the login")
    assert ran.err.endswith("Try again in some seconds.\n")
    assert connection_row(stored, connection_id).status == "active"
