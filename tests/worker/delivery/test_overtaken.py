"""What waits for people, and is no longer true when its turn comes."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from models.connection import Connection
from models.session import Database
from tests.records import a_connection
from tests.worker.delivery.given import FakePeople, FakeWebhook, deliveries, written, written_of_an_app
from worker.delivery.deliver import deliver_events
from worker.parts import Parts

pytestmark = pytest.mark.servers


def of_people(database: Database) -> list[str]:
    """The states of what is for the first address, in the order of the events."""
    return [each.state for each in deliveries(database) if each.target in {"people", "people/1"}]


@pytest.mark.parametrize(
    ("kind", "since"),
    [
        ("login_ending", "repaired"),
        ("login_ending", "disconnected"),
        ("login_ended", "repaired"),
        ("reauth_required", "repaired"),
        ("reauth_required", "disconnected"),
        ("credentials_unreadable", "repaired"),
        ("given_up", "resumed"),
    ],
)
def test_what_was_put_right_since_is_told_to_programs_alone(
    parts: Parts, addressed: FakePeople, webhook: FakeWebhook, kind: str, since: str
) -> None:
    written(parts.database, a_connection(parts.database), kind, since)
    deliver_events(parts)
    assert addressed.sent == {}
    assert of_people(parts.database) == ["unwanted"]
    assert len(webhook.sent) == 2, "a program hears all that happened"


def test_an_ending_that_came_is_told_as_the_end_alone(parts: Parts, addressed: FakePeople) -> None:
    written(parts.database, a_connection(parts.database), "login_ending", "reauth_required")
    deliver_events(parts)
    assert addressed.sent[1] == ["Login needed: fake, user 42"]


def test_a_login_that_ended_after_its_repair_is_told(parts: Parts, addressed: FakePeople) -> None:
    written(parts.database, a_connection(parts.database), "repaired", "reauth_required", "settings_changed")
    deliver_events(parts)
    assert addressed.sent[1] == ["Login needed: fake, user 42"]


def test_the_repair_of_another_connection_makes_nothing_untrue(parts: Parts, addressed: FakePeople) -> None:
    written(parts.database, a_connection(parts.database), "reauth_required")
    written(parts.database, a_connection(parts.database, user_id="another"), "repaired")
    written_of_an_app(parts.database, "app_accepted")
    deliver_events(parts)
    assert "Login needed: fake, user 42" in addressed.sent[1]


def test_of_an_erased_connection_nobody_is_told_to_log_in(parts: Parts, addressed: FakePeople) -> None:
    written(parts.database, a_connection(parts.database), "login_ending", "disconnected")
    with parts.database.session() as session:
        session.execute(delete(Connection))
    deliver_events(parts)
    assert addressed.sent == {}


def test_an_app_that_is_accepted_again_is_not_told_as_refused(parts: Parts, addressed: FakePeople) -> None:
    written_of_an_app(parts.database, "app_refused", action="See to it.")
    written_of_an_app(parts.database, "app_accepted")
    written_of_an_app(parts.database, "app_refused", action="See to it.")
    deliver_events(parts)
    assert addressed.sent[1] == ["App accepted again: Charles Schwab", "App refused: Charles Schwab"]
