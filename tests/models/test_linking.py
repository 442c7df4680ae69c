"""From a grant to an active connection."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from typing import Any

import pytest
from sqlalchemy import Interval, func, literal, select, update

from models.account import Account
from models.connection import Connection, Credential, Status
from models.event import Event
from models.link import Link
from models.linking import Activated, LoginForgotten, activate, keep_grant
from models.links import LISTING_LIMIT, make_link
from models.session import Database
from models.sharing import ListedRow

pytestmark = pytest.mark.servers

FIRST, SECOND, THIRD = "11110001", "11110002", "11110003"


def a_listing(*numbers: str, prefix: str = "hash") -> list[ListedRow]:
    return [ListedRow(number, f"…{number[-3:]}", f"{prefix}-{number}", None) for number in numbers]


def kept(
    database: Database,
    user_id: str = "42",
    repairs: uuid.UUID | None = None,
    token: str = "refresh-1",
    broker: str = "fake",
) -> uuid.UUID:
    """A login whose tokens were just committed."""
    with database.session() as session:
        make_link(session, user_id, broker, repairs)
        session.flush()
        link = session.scalars(select(Link).where(Link.used_at.is_(None))).one()
        hour, week, interval = timedelta(hours=1), timedelta(days=7), timedelta(minutes=5)
        return keep_grant(session, link, {"refresh_token": token}, hour, week, interval).id


def activated(
    database: Database, connection_id: uuid.UUID, login_id: str | None, *numbers: str, prefix: str = "hash"
) -> Activated:
    with database.session() as session:
        return activate(session, connection_id, login_id, a_listing(*numbers, prefix=prefix), "browser")


def linked(database: Database, login_id: str | None, *numbers: str, user_id: str = "42") -> uuid.UUID:
    return activated(database, kept(database, user_id), login_id, *numbers).connection.id


def waited(database: Database) -> None:
    """All logins are as old now as one that has waited for as long as it may for the broker to tell whose it is."""
    with database.session() as session:
        session.execute(update(Connection).values(login_at=Connection.login_at - literal(LISTING_LIMIT, Interval())))


def connection_row(database: Database, connection_id: uuid.UUID) -> Connection:
    with database.session() as session:
        return session.get_one(Connection, connection_id)


def accounts(database: Database, connection_id: uuid.UUID) -> dict[str, Account]:
    with database.session() as session:
        rows = session.scalars(select(Account).where(Account.connection_id == connection_id))
        return {row.number: row for row in rows}


def ids(database: Database, what: Any) -> set[uuid.UUID]:
    with database.session() as session:
        return set(session.scalars(select(what)))


def events(database: Database, connection_id: uuid.UUID) -> Sequence[Event]:
    with database.session() as session:
        return session.scalars(select(Event).where(Event.connection_id == connection_id).order_by(Event.at)).all()


def document(database: Database, connection_id: uuid.UUID) -> dict[str, str]:
    with database.session() as session:
        return session.get_one(Credential, connection_id).document


def test_tokens_are_kept_before_anything_is_known_of_the_login(database: Database) -> None:
    connection_id = kept(database)
    stored = connection_row(database, connection_id)
    assert (stored.status, stored.user_id, stored.broker, stored.login_fp) == (Status.LINKING, "42", "fake", None)
    assert stored.login_expires_at == stored.login_at + timedelta(days=7)
    assert stored.next_sync_at == stored.login_at + timedelta(seconds=60)
    assert document(database, connection_id) == {"refresh_token": "refresh-1"}
    with database.session() as session:
        assert session.scalars(select(Link.used_at)).one() == stored.login_at
        expires = session.scalars(select(Credential.access_expires_at)).one()
    assert expires == stored.login_at + timedelta(hours=1)


def test_a_login_without_an_end_has_none(database: Database) -> None:
    with database.session() as session:
        make_link(session, "42", "fake")
        session.flush()
        link = session.scalars(select(Link)).one()
        connection = keep_grant(session, link, {"key": "k"}, None, None, timedelta(minutes=5))
    assert connection_row(database, connection.id).login_expires_at is None


def test_a_login_whose_link_was_withdrawn_meanwhile_is_not_kept(database: Database) -> None:
    with database.session() as session:
        make_link(session, "42", "fake")
        session.flush()
        link = session.scalars(select(Link)).one()
    with database.session() as session:
        session.execute(Link.__table__.delete())
    with database.session() as session, pytest.raises(LoginForgotten):
        keep_grant(session, link, {"key": "k"}, None, None, timedelta(minutes=5))
    assert ids(database, Connection.id) == set()


def test_a_new_login_becomes_active_and_due(database: Database) -> None:
    connection_id = kept(database)
    done = activated(database, connection_id, "login-1", FIRST, SECOND)
    stored = connection_row(database, connection_id)
    assert (done.repaired, done.connection.id, stored.status) == (False, connection_id, Status.ACTIVE)
    assert stored.login_fp is not None
    assert "login-1" not in stored.login_fp
    assert ids(database, Connection.id) == {connection_id}
    assert {
        number: (row.masked, row.broker_account_id) for number, row in accounts(database, connection_id).items()
    } == {
        FIRST: ("…001", f"hash-{FIRST}"),
        SECOND: ("…002", f"hash-{SECOND}"),
    }
    with database.session() as session:
        assert session.scalars(select(Connection.next_sync_at <= func.now())).one()
    (event,) = events(database, connection_id)
    assert (event.kind, event.actor, event.details["accounts"]) == ("linked", "browser", 2)


@pytest.mark.parametrize("login_id", ["login-1", None])
def test_the_same_login_again_repairs_its_connection_with_all_ids(database: Database, login_id: str | None) -> None:
    connection_id = linked(database, login_id, FIRST, SECOND)
    before = {number: row.id for number, row in accounts(database, connection_id).items()}
    with database.session() as session:
        session.execute(
            update(Connection).values(
                status=Status.REAUTH_REQUIRED,
                consecutive_failures=3,
                unfinished_attempts=2,
                last_error_kind="login_ended",
                claim_id=uuid.uuid4(),
                claim_until=func.now() + timedelta(minutes=1),
            )
        )
    done = activated(database, kept(database, token="refresh-2"), login_id, FIRST, SECOND, prefix="new")
    assert (done.repaired, done.connection.id) == (True, connection_id)
    assert ids(database, Connection.id) == ids(database, Credential.connection_id) == {connection_id}
    found = accounts(database, connection_id)
    assert {number: row.id for number, row in found.items()} == before
    assert found[FIRST].broker_account_id == f"new-{FIRST}"
    stored = connection_row(database, connection_id)
    assert (stored.status, stored.consecutive_failures, stored.unfinished_attempts) == (Status.ACTIVE, 0, 0)
    assert (stored.last_error_kind, stored.claim_id, stored.claim_until) == (None, None, None)
    assert [event.kind for event in events(database, connection_id)] == ["linked", "repaired"]


def test_a_repair_keeps_what_was_set_and_is_asked_at_once(database: Database) -> None:
    connection_id = linked(database, "login-1", FIRST)
    settings = {
        "label": "IRA",
        "sync_interval": timedelta(hours=1),
        "hours_from": time(9, 30),
        "hours_until": time(9, 31),
        "time_zone": "America/New_York",
    }
    with database.session() as session:
        session.execute(update(Connection).values(next_sync_at=None, **settings))
    activated(database, kept(database, token="refresh-2"), "login-1", FIRST)
    stored = connection_row(database, connection_id)
    assert {name: getattr(stored, name) for name in settings} == settings
    with database.session() as session:
        assert session.scalars(select(Connection.next_sync_at <= func.now())).one()


def test_tokens_that_moved_are_sealed_for_their_new_row_and_newer_than_any_that_was_read(database: Database) -> None:
    connection_id = linked(database, "login-1", FIRST)
    first = connection_row(database, connection_id)
    activated(database, kept(database, token="refresh-2"), "login-1", FIRST)
    assert document(database, connection_id) == {"refresh_token": "refresh-2"}
    with database.session() as session:
        credential = session.get_one(Credential, connection_id)
    assert credential.token_version == 2
    assert credential.access_expires_at is not None
    assert connection_row(database, connection_id).login_at > first.login_at


def test_a_disconnected_connection_of_the_same_user_is_taken_up_again(database: Database) -> None:
    connection_id = linked(database, "login-1", FIRST)
    with database.session() as session:
        session.execute(update(Connection).values(status=Status.DISCONNECTED))
        session.execute(Credential.__table__.delete())
    done = activated(database, kept(database, token="refresh-2"), "login-1", FIRST)
    assert (done.repaired, done.connection.id) == (True, connection_id)
    assert document(database, connection_id) == {"refresh_token": "refresh-2"}


def test_a_connection_of_another_broker_is_another_login(database: Database) -> None:
    other = linked(database, "login-1", FIRST)
    with database.session() as session:
        session.execute(update(Connection).values(broker="other"))
    assert linked(database, "login-1", FIRST) != other


def test_accounts_left_out_are_marked_missing_and_come_back(database: Database) -> None:
    connection_id = linked(database, "login-1", FIRST, SECOND)
    activated(database, kept(database), "login-1", FIRST)
    found = accounts(database, connection_id)
    assert found[FIRST].missing_since is None
    since = found[SECOND].missing_since
    assert since is not None
    activated(database, kept(database), "login-1", FIRST, THIRD)
    assert accounts(database, connection_id)[SECOND].missing_since == since, "since when, not since the last time"
    activated(database, kept(database), "login-1", FIRST, SECOND, THIRD)
    assert {row.missing_since for row in accounts(database, connection_id).values()} == {None}


def test_two_browsers_that_bring_the_same_login_at_once_make_one_connection(database: Database) -> None:
    other_login = linked(database, "login-0", THIRD)  # so that the fingerprint key, whose first use locks too, is there
    first, second = kept(database), kept(database)
    with ThreadPoolExecutor(1) as pool:
        with database.session() as session:
            assert not activate(session, first, "login-1", a_listing(FIRST), "browser").repaired
            other = pool.submit(activated, database, second, "login-1", FIRST)
            with pytest.raises(TimeoutError):
                other.result(0.2)
        assert other.result().repaired
    assert ids(database, Connection.id) == {first, other_login}


def test_a_listing_again_of_a_login_that_is_listed_changes_no_id(database: Database) -> None:
    connection_id = linked(database, "login-1", FIRST)
    before = accounts(database, connection_id)[FIRST].id
    assert activated(database, connection_id, "login-1", FIRST).connection.id == connection_id
    assert accounts(database, connection_id)[FIRST].id == before
