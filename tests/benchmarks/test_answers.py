"""The stand-in's answers are as good as a broker's: our own reader believes all of them."""

from __future__ import annotations

import json

import pytest

from benchmarks.answers import Shape, account_numbers, accounts
from brokers.records import AccountSnapshot
from brokers.schwab.accounts import account_hashes, found

SHAPE = Shape(2, 30)


@pytest.mark.parametrize("tick", [0, 1, SHAPE.ticks - 1])
def test_every_account_and_position_can_be_read(tick: int) -> None:
    read = found(accounts(SHAPE)[tick])
    assert set(read) == set(account_hashes(account_numbers(SHAPE)))
    for account in read.values():
        assert isinstance(account, AccountSnapshot)
        assert len(account.positions) == SHAPE.positions
        assert {row.asset_type.value for row in account.positions} == {"EQ", "ETF", "OPT"}


@pytest.mark.parametrize("tick", [0, 1, SHAPE.ticks - 1])
def test_the_totals_are_the_sums_of_what_is_held(tick: int) -> None:
    for entry in json.loads(accounts(SHAPE)[tick]):
        account = entry["securitiesAccount"]
        totals = account["currentBalances"]
        held = sum(row["marketValue"] for row in account["positions"])
        assert totals["liquidationValue"] == pytest.approx(totals["cashBalance"] + held)


def test_in_the_next_answer_every_price_has_moved() -> None:
    answers = [json.loads(answer) for answer in accounts(SHAPE)]
    for before, after in zip(answers, answers[1:] + answers[:1], strict=True):
        for account, later in zip(before, after, strict=True):
            values = [
                [row["marketValue"] for row in each["securitiesAccount"]["positions"]] for each in (account, later)
            ]
            assert all(old != new for old, new in zip(*values, strict=True))


def test_a_shape_is_read_as_it_is_written() -> None:
    assert Shape.read(str(Shape(2, 50))) == Shape(2, 50)
