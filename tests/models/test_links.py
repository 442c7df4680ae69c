"""One-time links: used once, by one browser, in time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from models import links
from models.connection import Status
from models.link import Link
from models.links import (
    CALLBACK_LIMIT,
    LINK_LIFETIME,
    OPEN_LINKS,
    STATE_LIFETIME,
    LinkRefused,
    TooManyLinks,
    end_callback,
    is_linking,
    link_awaiting,
    make_link,
    open_link,
    start_link,
    take_callback,
)
from models.session import Database
from tests.records import a_connection

pytestmark = pytest.mark.servers

BROWSER, ANOTHER_BROWSER = "browser-secret", "another-browser-secret"
SECOND = timedelta(seconds=1)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One transaction for the whole test: PostgreSQL's `now()` stands still in it."""
    with database.session() as session:
        yield session


@pytest.fixture
def token(session: Session) -> str:
    return make_link(session, "42", "fake").token


def put(session: Session, **values: Any) -> None:
    session.execute(update(Link).values(**values))
    session.expire_all()


def started(session: Session, token: str) -> str:
    """Press the button in `BROWSER`; the state that goes to the broker."""
    start = start_link(session, token, BROWSER, None)
    assert start is not None
    return start[1]


def test_a_link_says_who_it_is_for_and_ends_after_a_quarter_of_an_hour(session: Session) -> None:
    new = make_link(session, "42", "fake", return_url="https://app.example/done")
    link = open_link(session, new.token, None)
    assert link is not None
    assert (link.user_id, link.broker, link.return_url, link.connection_id) == (
        "42",
        "fake",
        "https://app.example/done",
        None,
    )
    assert link.expires_at == new.expires_at == session.scalars(select(func.now() + LINK_LIFETIME)).one()


def test_only_hashes_are_kept(session: Session, token: str) -> None:
    state = started(session, token)
    session.flush()
    row = str(session.execute(text("SELECT links::text FROM links")).scalar_one())
    assert [secret for secret in (token, state, BROWSER) if secret in row] == []
    assert token not in repr(make_link(session, "42", "fake"))


def test_looking_uses_nothing_up(session: Session, token: str) -> None:
    assert all(open_link(session, token, None) for _ in range(3))
    assert started(session, token)


def test_an_unknown_link_is_nothing(session: Session, token: str) -> None:
    assert open_link(session, token + "x", None) is None
    assert start_link(session, "", BROWSER, None) is None


@pytest.mark.parametrize(("left", "usable"), [(SECOND, True), (timedelta(0), False), (-SECOND, False)])
def test_a_link_ends_to_the_second(session: Session, token: str, left: timedelta, usable: bool) -> None:
    put(session, expires_at=func.now() + left)
    assert (open_link(session, token, None) is not None) is usable
    assert (start_link(session, token, BROWSER, None) is not None) is usable


def test_a_used_link_is_nothing(session: Session, token: str) -> None:
    started(session, token)
    put(session, used_at=func.now())
    assert open_link(session, token, BROWSER) is None
    assert start_link(session, token, ANOTHER_BROWSER, BROWSER) is None


def test_a_link_that_was_used_meanwhile_takes_no_callback(session: Session, token: str) -> None:
    state = started(session, token)
    put(session, used_at=func.now())
    assert take_callback(session, state, BROWSER) is None


def test_a_started_link_belongs_to_its_browser(session: Session, token: str) -> None:
    started(session, token)
    assert open_link(session, token, BROWSER) is not None
    for stranger in (ANOTHER_BROWSER, "", None):
        assert open_link(session, token, stranger) is None
        assert start_link(session, token, "fresh", stranger) is None


def test_the_same_browser_may_start_again_and_its_earlier_state_is_void(session: Session, token: str) -> None:
    first = started(session, token)
    again = start_link(session, token, "fresh", BROWSER)
    assert again is not None
    assert take_callback(session, first, BROWSER) is None
    assert take_callback(session, again[1], "fresh") is not None


def test_a_state_comes_back_once(session: Session, token: str) -> None:
    state = started(session, token)
    assert link_awaiting(session, state) is not None
    link = take_callback(session, state, BROWSER)
    assert link is not None
    assert (link.user_id, link.callback_at) == ("42", session.scalars(select(func.now())).one())
    assert link_awaiting(session, state) is None
    assert take_callback(session, state, BROWSER) is None


@pytest.mark.parametrize("stranger", [ANOTHER_BROWSER, "", None])
def test_a_state_in_another_browser_is_nothing_and_used_up(session: Session, token: str, stranger: str | None) -> None:
    state = started(session, token)
    assert take_callback(session, state, stranger) is None
    assert take_callback(session, state, BROWSER) is None


def test_an_unknown_state_is_nothing(session: Session, token: str) -> None:
    started(session, token)
    assert take_callback(session, "", BROWSER) is None
    assert take_callback(session, "other", BROWSER) is None


@pytest.mark.parametrize(("beyond", "taken"), [(-SECOND, True), (timedelta(0), False), (SECOND, False)])
def test_a_state_lives_ten_minutes_from_the_button(
    session: Session, token: str, beyond: timedelta, taken: bool
) -> None:
    state = started(session, token)
    put(session, started_at=func.now() - STATE_LIFETIME - beyond)
    assert (take_callback(session, state, BROWSER) is not None) is taken


def test_who_starts_in_the_last_minute_has_the_whole_time(session: Session, token: str) -> None:
    state = started(session, token)
    put(session, expires_at=func.now() - timedelta(minutes=5), started_at=func.now() - timedelta(minutes=6))
    assert take_callback(session, state, BROWSER) is not None


def test_a_link_in_its_callback_cannot_be_started_beside_it(session: Session, token: str) -> None:
    link = take_callback(session, started(session, token), BROWSER)
    assert link is not None
    assert start_link(session, token, "fresh", BROWSER) is None
    end_callback(session, link.id)
    assert start_link(session, token, "fresh", BROWSER) is not None


def test_a_callback_that_crashed_does_not_hold_the_link_for_ever(session: Session, token: str) -> None:
    take_callback(session, started(session, token), BROWSER)
    put(session, callback_at=func.now() - CALLBACK_LIMIT)
    assert start_link(session, token, "fresh", BROWSER) is not None


def test_a_user_is_linking_only_during_the_callback(session: Session, token: str) -> None:
    state = started(session, token)
    assert not is_linking(session, "42", "fake")
    link = take_callback(session, state, BROWSER)
    session.flush()
    assert link is not None
    assert is_linking(session, "42", "fake")
    assert not is_linking(session, "43", "fake")
    assert not is_linking(session, "42", "other")
    end_callback(session, link.id)
    assert not is_linking(session, "42", "fake")


@pytest.mark.parametrize(("beyond", "expected"), [(-SECOND, True), (timedelta(0), False), (SECOND, False)])
def test_a_callback_that_crashed_counts_for_two_minutes(
    session: Session, token: str, beyond: timedelta, expected: bool
) -> None:
    take_callback(session, started(session, token), BROWSER)
    session.flush()
    put(session, callback_at=func.now() - CALLBACK_LIMIT - beyond)
    assert is_linking(session, "42", "fake") is expected


def test_a_user_is_linking_while_a_login_waits_to_be_listed(database: Database, session: Session) -> None:
    a_connection(database, status=Status.LINKING)
    assert is_linking(session, "42", "fake")


def test_a_login_that_cannot_be_listed_for_long_hides_no_other(database: Database, session: Session) -> None:
    a_connection(database, status=Status.LINKING, login_at=datetime.now(UTC) - links.LISTING_LIMIT - SECOND)
    assert not links.is_linking(session, "42", "fake")


def test_a_link_may_repair_a_connection_of_its_own_user_only(database: Database, session: Session) -> None:
    connection_id = a_connection(database)
    assert make_link(session, "42", "fake", connection_id)
    for user, broker, named in [
        ("43", "fake", connection_id),
        ("42", "other", connection_id),
        ("42", "fake", uuid.uuid4()),
    ]:
        with pytest.raises(LinkRefused, match=f"User {user} has no {broker} connection {named}"):
            make_link(session, user, broker, named)


def test_a_user_has_no_more_than_twenty_links_open(session: Session, token: str) -> None:
    for _ in range(OPEN_LINKS - 1):
        make_link(session, "42", "fake")
    with pytest.raises(TooManyLinks):
        make_link(session, "42", "fake")
    make_link(session, "43", "fake")
    put(session, expires_at=func.now())
    assert make_link(session, "42", "fake")


def test_links_are_not_guessable(session: Session) -> None:
    tokens = {make_link(session, str(number), "fake").token for number in range(50)}
    assert len(tokens) == 50
    assert {len(token) for token in tokens} == {43}
