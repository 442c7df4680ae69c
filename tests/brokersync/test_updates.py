from __future__ import annotations

from decimal import Decimal
from typing import Any

from brokersync.updates import Update, Updates, changes
from tests.brokersync.live_documents import balances, held, positions


def taken(updates: Updates, *documents: dict[str, Any]) -> list[Update]:
    """What is told of accounts that were heard of before."""
    told = [update for document in documents if (update := updates.take(document)) is not None]
    return [update for update in told if not update.first]


def test_the_first_of_an_account_says_what_it_holds_and_no_change() -> None:
    updates = Updates()
    assert updates.take(balances(7, net_liq="100")) is None
    first = updates.take(positions(7, held("F", "7", "70")))
    assert first is not None
    assert (first.first, first.version, first.held, first.changes, first.net_liq_change) == (True, 7, 1, [], None)


def test_balances_and_positions_of_one_version_are_one_update_against_the_version_before() -> None:
    updates = Updates()
    first = [balances(1, net_liq="100"), positions(1, held("F", "7", "70"))]
    assert taken(updates, *first) == []
    (update,) = taken(updates, balances(2, net_liq="112.21"), positions(2, held("F", "7", "82.21")))
    assert (update.version, update.net_liq, update.net_liq_change) == (2, Decimal("112.21"), Decimal("12.21"))
    assert [change.value_change for change in update.changes] == [Decimal("12.21")]
    assert not update.again


def test_positions_wait_for_balances_of_their_own_version() -> None:
    updates = Updates()
    taken(updates, balances(1), positions(1))
    assert taken(updates, positions(2)) == []
    assert len(taken(updates, balances(3), positions(3))) == 1


def test_accounts_are_told_apart() -> None:
    updates = Updates()
    taken(updates, balances(1), positions(1))
    assert taken(updates, balances(2, account_id="b"), positions(2, account_id="b")) == []


def test_a_version_that_was_sent_before_is_known_as_such() -> None:
    updates = Updates()
    taken(updates, balances(4), positions(4))
    (update,) = taken(updates, balances(4), positions(4))
    assert update.again


def test_a_net_liquidation_value_that_is_not_given_has_no_change() -> None:
    updates = Updates()
    taken(updates, balances(1, net_liq=None), positions(1))
    (update,) = taken(updates, balances(2, net_liq="5"), positions(2))
    assert update.net_liq_change is None


def test_cash_that_moved_is_told_with_its_change() -> None:
    updates = Updates()
    taken(updates, balances(1, cash="700"), positions(1))
    (update,) = taken(updates, balances(2, cash="600.5"), positions(2))
    assert update.cash_change == Decimal("-99.5")
    (update,) = taken(updates, balances(3, cash=None), positions(3))
    assert update.cash_change is None


def test_a_change_has_the_marks_before_and_now() -> None:
    before = positions(1, held("A", "1", "10"), held("B", "1", "10"))
    now = positions(2, held("A", "1", "11"), held("C", "1", "3"))
    found = {change.position["symbol"]: (change.price_before, change.price_now) for change in changes(before, now)}
    assert found == {"A": (10, 11), "B": (10, None), "C": (None, 3)}


def test_trades_come_first_then_the_largest_moves_and_what_stood_still_is_left_out() -> None:
    before = positions(1, held("A", "1", "10"), held("B", "1", "10"), held("C", "1", "10"), held("D", "2", "20"))
    now = positions(2, held("A", "1", "11"), held("B", "1", "5"), held("C", "1", "10"), held("E", "3", "1"))
    found = changes(before, now)
    assert [change.position["symbol"] for change in found] == ["D", "E", "B", "A"]
    assert [(change.quantity_before, change.quantity_now) for change in found[:2]] == [(2, 0), (0, 3)]


def test_an_unknown_value_is_not_counted_as_nothing_and_is_told_before_what_moved() -> None:
    before = positions(1, held("A", "1", "10"), held("B", "1", "10"), held("C", "1", "10", market_value=None))
    now = positions(2, held("A", "1", "11"), held("B", "1", "10", market_value=None), held("C", "1", "10"))
    found = {change.position["symbol"]: change.value_change for change in changes(before, now)}
    assert found == {"B": None, "C": None, "A": Decimal(1)}
    assert list(found) == ["B", "C", "A"]


def test_a_value_that_stays_unknown_is_no_change() -> None:
    unknown = held("A", "1", "10", market_value=None)
    assert changes(positions(1, unknown), positions(2, unknown)) == []
