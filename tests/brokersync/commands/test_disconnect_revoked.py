"""What `brokersync disconnect` says of the permission at the broker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from brokers import registry
from brokers.errors import Unreachable
from brokers.interface import Declaration
from brokers.schwab import Schwab
from models.session import Database
from tests.brokersync.command_line import run
from tests.brokersync.rows import a_login

pytestmark = pytest.mark.servers

MINE, OTHER = "77310452", "55120937"
WITHDRAWN = "The permission is withdrawn at Charles Schwab too."


class RevokingSchwab(Schwab):
    """As it would be if it had the call."""

    declaration: ClassVar[Declaration] = replace(Schwab.declaration, revocable=True)

    def revoke(self, credentials: Mapping[str, str], *, deadline: float) -> None:
        """It is withdrawn."""


class DeafSchwab(RevokingSchwab):
    def revoke(self, credentials: Mapping[str, str], *, deadline: float) -> None:
        raise Unreachable("POST /revoke", "no answer in 20 s")


@pytest.fixture
def schwab_is(monkeypatch: pytest.MonkeyPatch) -> type:
    def become(kind: type[Schwab]) -> None:
        monkeypatch.setitem(registry.BROKERS, "schwab", kind)

    return become


def test_a_login_that_was_withdrawn_needs_no_advice(stored: Database, schwab_is: type) -> None:
    schwab_is(RevokingSchwab)
    connection_id, _ = a_login(stored)
    ran = run("disconnect", str(connection_id), "--yes")
    assert ran.code == 0
    assert ran.out.splitlines()[1:] == [WITHDRAWN]


def test_one_that_was_not_says_why_and_how_the_person_does_it(stored: Database, schwab_is: type) -> None:
    schwab_is(DeafSchwab)
    connection_id, _ = a_login(stored)
    ran = run("disconnect", str(connection_id), "--yes")
    assert ran.code == 0, "it is disconnected all the same"
    assert ran.out.splitlines()[1:] == [
        "The permission is not withdrawn at Charles Schwab, since Charles Schwab did not do it "
        "(POST /revoke: no answer in 20 s).",
        Schwab.declaration.unlink_advice,
    ]


def test_a_broker_without_the_call_is_told_by_its_advice_alone(stored: Database) -> None:
    connection_id, _ = a_login(stored)
    assert run("disconnect", str(connection_id), "--yes").out.splitlines()[1:] == [Schwab.declaration.unlink_advice]


def test_a_document_says_whether_it_was_withdrawn_and_why_not(stored: Database, schwab_is: type) -> None:
    first, second = a_login(stored, MINE)[0], a_login(stored, OTHER)[0]
    document = run("disconnect", str(first), "--yes", "--json").document
    assert (document["revoked"], document["why_not_revoked"]) == (
        False,
        "Charles Schwab has no call that withdraws a login",
    )
    schwab_is(RevokingSchwab)
    document = run("disconnect", str(second), "--yes", "--json").document
    assert (document["revoked"], document["why_not_revoked"]) == (True, None)


def test_of_all_logins_of_a_user_each_is_told(stored: Database, schwab_is: type) -> None:
    schwab_is(RevokingSchwab)
    shared = a_login(stored, MINE, user_id="jane", login_fp="a")[0]
    own = a_login(stored, OTHER, user_id="jane", login_fp="b")[0]
    a_login(stored, MINE, user_id="john", login_fp="a")
    out = run("disconnect", "--user", "jane", "--yes").out.splitlines()
    assert out[1:] == [
        WITHDRAWN,
        "The permission is not withdrawn at Charles Schwab, since another connection here has this login, or is being "
        "linked and may have it.",
        Schwab.declaration.unlink_advice,
    ]
    document = run("disconnect", "--user", "jane", "--erase", "--yes", "--json").document
    assert {each["connection_id"]: each["revoked"] for each in document["connections"]} == {
        str(shared): False,
        str(own): False,
    }
    assert {each["why_not_revoked"] for each in document["connections"]} == {"there was no login left to withdraw"}
