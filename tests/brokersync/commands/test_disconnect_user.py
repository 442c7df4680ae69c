"""All that a user has linked, forgotten at once."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import redis
from sqlalchemy import func, select

from models.account import Account, Position
from models.connection import Connection, Credential
from models.event import Event
from models.link import Link
from models.links import make_link
from models.run import SyncRun
from models.session import Database
from tests.brokersync.command_line import run
from tests.brokersync.rows import a_login
from tests.worker.stored import connection_row, events, put
from worker.publisher import STREAM

pytestmark = pytest.mark.servers

HERS, HIS, THEIRS = "77310452", "55120937", "99887766"


def rows(database: Database, *tables: type) -> list[int]:
    with database.session() as session:
        return [session.scalars(select(func.count()).select_from(table)).one() for table in tables]


def a_link(database: Database, user_id: str) -> None:
    with database.session() as session:
        make_link(session, user_id, "schwab")


def test_all_logins_of_a_user_are_forgotten_and_nobody_elses(stored: Database) -> None:
    hers, his = a_login(stored, HERS, user_id="jane")[0], a_login(stored, HIS, user_id="jane")[0]
    theirs, _ = a_login(stored, THEIRS, user_id="john")
    ran = run("disconnect", "--user", "jane", "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Forgotten: 2 logins of user jane, the data are kept as they were last checked.\n")
    assert ran.out.count("sign in at schwab.com") == 1
    assert [connection_row(stored, each).status for each in (hers, his, theirs)] == [
        "disconnected",
        "disconnected",
        "active",
    ]
    assert rows(stored, Credential, Account) == [1, 3]


def test_erasing_leaves_the_audit_trail_and_nothing_else(stored: Database, redis_client: redis.Redis) -> None:
    (hers, account_id), (his, _) = a_login(stored, HERS, user_id="jane"), a_login(stored, HIS, user_id="jane")
    run("disconnect", str(his), "--yes")
    a_link(stored, "jane")
    redis_client.set(f"live_data:latest:balances:{account_id}", "{}")
    document = run("disconnect", "--user", "jane", "--erase", "--yes", "--json").document
    assert (document["user_id"], document["erased"]) == ("jane", True)
    assert {each["connection_id"] for each in document["connections"]} == {str(hers), str(his)}
    assert {(each["status"], each["error"]) for each in document["connections"]} == {("disconnected", None)}
    assert rows(stored, Connection, Credential, Account, Position, SyncRun, Link) == [0] * 6
    assert redis_client.keys("live_data:latest:*") == []
    assert (events(stored, hers), events(stored, his)) == (["disconnected"], ["disconnected", "disconnected"])
    with stored.session() as session:
        assert set(session.scalars(select(Event.user_id))) == {"jane"}


def test_erasing_says_what_the_stream_keeps_for_a_while(stored: Database, redis_client: redis.Redis) -> None:
    _, account_id = a_login(stored, HERS, user_id="jane")
    redis_client.xadd(STREAM, {"account_id": str(account_id), "version": 1, "kind": "snapshot"})
    said = run("disconnect", "--user", "jane", "--erase", "--yes").out.splitlines()[0]
    assert said == (
        "Forgotten: 1 login of user jane, with all data; the ids of accounts leave live_data:stream as newer entries come."
    )
    assert redis_client.xlen(STREAM) == 1


def test_links_of_others_stay_and_without_erase_all_do(stored: Database) -> None:
    a_login(stored, user_id="jane")
    for user_id in ("jane", "john"):
        a_link(stored, user_id)
    run("disconnect", "--user", "jane", "--yes")
    assert rows(stored, Link) == [2]
    run("disconnect", "--user", "jane", "--erase", "--yes")
    with stored.session() as session:
        assert list(session.scalars(select(Link.user_id))) == ["john"]


@pytest.mark.parametrize(
    ("options", "question"),
    [
        ([], "Forget 1 login of user jane, with 1 account?"),
        (["--erase"], "Erase 2 logins of user jane and the data of 2 accounts?"),
    ],
)
def test_the_question_names_how_much_goes(stored: Database, options: list[str], question: str) -> None:
    hers, _ = a_login(stored, HERS, user_id="jane")
    put(stored, a_login(stored, HIS, user_id="jane")[0], status="disconnected")
    ran = run("disconnect", "--user", "jane", *options, typed="n\n")
    assert (ran.code, ran.out) == (1, "")
    assert question in ran.err
    assert "Nothing was changed." in ran.err
    assert connection_row(stored, hers).status == "active"


def test_a_user_whom_nobody_knows_is_told_and_nothing_is_asked(stored: Database) -> None:
    a_link(stored, "jane")
    for arguments in (["--user", "jane"], ["--user", "joan", "--erase"]):
        ran = run("disconnect", *arguments)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == (
            f"Error: User {arguments[1]!r} has linked nothing here: `brokersync connections` lists who has.\n"
        )
    assert rows(stored, Link) == [1]


def test_a_user_with_links_alone_can_be_erased(stored: Database) -> None:
    a_link(stored, "jane")
    ran = run("disconnect", "--user", "jane", "--erase")
    assert (ran.code, ran.out) == (0, "User jane has no login left here and no link.\n")
    assert rows(stored, Link) == [0]


def test_a_user_who_is_gone_already_stays_so(stored: Database) -> None:
    a_login(stored, user_id="jane")
    run("disconnect", "--user", "jane", "--yes")
    ran = run("disconnect", "--user", "jane")
    assert (ran.code, ran.out) == (0, "User jane has no login left here.\n")


@pytest.fixture
def held(stored: Database, monkeypatch: pytest.MonkeyPatch) -> uuid.UUID:
    """The first of Jane's two logins, whose refresh is under way."""
    monkeypatch.setattr("models.session.LOCK_TIMEOUT", timedelta(milliseconds=200))
    connection_id, _ = a_login(stored, HERS, user_id="jane")
    a_login(stored, HIS, user_id="jane")
    return connection_id


@pytest.mark.parametrize("options", [[], ["--erase"]])
def test_one_that_fails_does_not_keep_the_others_and_is_named(
    stored: Database, held: uuid.UUID, options: list[str]
) -> None:
    with stored.session() as session:
        session.get_one(Credential, held, with_for_update={"key_share": True})
        ran = run("disconnect", "--user", "jane", "--yes", *options)
    assert ran.code == 1
    assert ran.out.startswith("Forgotten: 1 login of user jane, ")
    assert ran.err.startswith("Error: Still there, for the same command to try again: 1 login.\n")
    assert f"\n  {held}: Nothing was changed: a refresh of the login" in ran.err
    assert run("disconnect", "--user", "jane", "--yes", *options).code == 0
    assert rows(stored, Credential) == [0]


def test_a_document_names_the_one_that_failed(stored: Database, held: uuid.UUID) -> None:
    with stored.session() as session:
        session.get_one(Credential, held, with_for_update={"key_share": True})
        ran = run("disconnect", "--user", "jane", "--yes", "--json")
    assert ran.code == 1
    failed, done = ran.document["connections"]
    assert (failed["connection_id"], failed["status"]) == (str(held), None)
    assert failed["error"].startswith("Nothing was changed: a refresh of the login")
    assert (done["status"], done["error"]) == ("disconnected", None)


@pytest.mark.parametrize("arguments", [[], ["0b6e2f41", "--user", "jane"]])
def test_either_a_connection_or_a_user_is_named(stored: Database, arguments: list[str]) -> None:
    ran = run("disconnect", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Name what to disconnect: either a CONNECTION, or all of a user's with --user." in ran.err
