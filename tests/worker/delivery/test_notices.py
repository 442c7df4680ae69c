"""What people read."""

from __future__ import annotations

import pytest

from models.event import TOLD, Target
from tests.worker.delivery.given import CONNECTION, an_event
from worker.delivery.notices import _NOTICES, Told, Urgency, notice

REPAIR = f"brokersync link --repair {CONNECTION}"


def test_there_is_a_text_for_every_event_that_people_are_told_of() -> None:
    assert set(_NOTICES) == {kind for kind, targets in TOLD.items() if Target.PEOPLE in targets}


def test_a_login_that_ends_is_told_with_its_end_by_two_clocks_and_what_to_do() -> None:
    told = notice(Told(an_event(), "IRA", "America/New_York"))
    assert told.title == "Login ending soon: Charles Schwab, user 42 (IRA)"
    assert told.body == (
        "This login ends on Friday 27 November 2026, 18:00 UTC (Friday 13:00 in America/New_York). "
        "After that its accounts are no longer updated.\n"
        "Nothing is lost: accounts, ids and history stay, and go on once somebody has logged in again.\n"
        "What to do: log in again. This makes the link for it, to the same connection:\n"
        f"  {REPAIR}\n"
        "If you do not run this service, ask whoever does for such a link.\n"
        f"Connection {CONNECTION}."
    )
    assert told.urgency is Urgency.WARNING


@pytest.mark.parametrize("time_zone", [None, "UTC", "Nowhere/Land", ""])
def test_without_another_clock_the_end_is_in_utc_alone(time_zone: str | None) -> None:
    assert "ends on Friday 27 November 2026, 18:00 UTC. After" in notice(Told(an_event(), None, time_zone)).body


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("ended by the broker", "Charles Schwab says that this login has ended."),
        ("lost in a crash", "was lost when a worker was ended in the middle of a refresh"),
        ("lost on the way", "and its answer never arrived"),
        ("something new", "This login has ended."),
    ],
)
def test_a_dead_login_is_told_with_why(reason: str, said: str) -> None:
    told = notice(Told(an_event("reauth_required", details={"reason": reason})))
    assert told.title == "Login needed: Charles Schwab, user 42"
    assert said in told.body
    assert REPAIR in told.body


def test_a_login_replaced_by_another_users_is_told_as_such() -> None:
    told = notice(Told(an_event("login_ended", details={"reason": "replaced by a newer login"})))
    assert told.body.startswith("Another user of this installation has linked the same login")


def test_a_login_that_ended_without_more_words_is_told_with_when() -> None:
    assert notice(Told(an_event("login_ended"))).body.startswith(
        "This login ended on Friday 27 November 2026, 18:00 UTC"
    )
    endless = an_event("login_ended", details={"login_expires_at": None})
    assert notice(Told(endless)).body.startswith("This login has ended.")


def test_unreadable_credentials_send_nobody_to_log_in() -> None:
    body = notice(Told(an_event("credentials_unreadable"))).body
    assert "ENCRYPTION_KEY" in body
    assert "nobody has to log in again" in body
    assert "link" not in body


def test_a_connection_that_was_given_up_is_resumed() -> None:
    assert f"  brokersync resume {CONNECTION}\n" in notice(Told(an_event("given_up"))).body


def test_a_refused_app_is_the_operators_and_nobody_elses() -> None:
    event = an_event(
        "app_refused", connection_id=None, user_id=None, details={"action": "See that SCHWAB_CLIENT_ID fits."}
    )
    told = notice(Told(event))
    assert told.title == "App refused: Charles Schwab"
    assert "What to do: See that SCHWAB_CLIENT_ID fits.\n" in told.body
    assert "Connection" not in told.body
    accepted = notice(Told(an_event("app_accepted", connection_id=None, user_id=None)))
    assert accepted.urgency is Urgency.SUCCESS


@pytest.mark.parametrize("kind", sorted(_NOTICES))
def test_no_notice_holds_a_link_and_every_title_is_one_line(kind: str) -> None:
    told = notice(Told(an_event(kind, user_id="4\r\n2", details={"action": "Do\nit."}), "I\nRA", "Europe/Berlin"))
    assert "://" not in told.title + told.body
    assert told.title.isprintable()


EVIL = "[x](https://evil.example) <!channel> @everyone <a href=//evil.example> `x` www.evil.example"
HARMLESS = "(x)(https:/ /evil. example) (!channel) (at)everyone (a href=//evil. example) 'x' www. evil. example"


@pytest.mark.parametrize("kind", sorted(_NOTICES))
def test_names_that_programs_gave_become_no_link_mention_or_mark_up(kind: str) -> None:
    """Of services that look for them in what they are sent."""
    told = notice(Told(an_event(kind, user_id=EVIL, broker=EVIL), EVIL))
    assert told.title.endswith(f": {HARMLESS}, user {HARMLESS} ({HARMLESS})") or kind.startswith("app_")
    assert not {"<", ">", "@", "[", "]"} & set(told.title + told.body)
    assert "`" not in told.title
    assert "://" not in told.title + told.body
    assert ".e" not in told.title + told.body


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("anna@example.org", "anna(at)example. org"),
        ("3.5.b_7-x", "3.5. b_7-x"),
        ("o'neill", "o'neill"),
        ("a . b.", "a . b."),
    ],
)
def test_a_name_stays_one_that_people_know(name: str, said: str) -> None:
    assert notice(Told(an_event(user_id=name))).title == f"Login ending soon: Charles Schwab, user {said}"


def test_an_event_of_a_newer_version_is_told_by_its_name() -> None:
    told = notice(Told(an_event("new_kind", details={"action": "Do it."})))
    assert told.title == "New kind: Charles Schwab, user 42"
    assert "What to do: Do it.\n" in told.body
    of_an_app = notice(Told(an_event("new_kind", connection_id=None, user_id=None)))
    assert (of_an_app.title, of_an_app.body) == (
        "New kind: Charles Schwab",
        "A newer version of brokersync tells this.",
    )


def test_a_broker_that_this_version_does_not_know_is_named_as_it_was_written() -> None:
    assert notice(Told(an_event(broker="gone"))).title == "Login ending soon: gone, user 42"
