from __future__ import annotations

import json
from decimal import Decimal

import pytest

from brokers.errors import BadAnswer
from brokers.records import AccountFault, AccountSnapshot, Snapshot
from brokers.schwab.accounts import account_hashes, checked, found, single
from tests.brokers.schwab import payloads

HASHES = {payloads.MARGIN_NUMBER: payloads.MARGIN_HASH, payloads.CASH_NUMBER: payloads.CASH_HASH}


def read(*accounts: object) -> Snapshot:
    return checked(found(json.dumps(accounts).encode()), HASHES)


def fault_of(account: payloads.Document) -> str:
    """What is wrong with one account, next to another that is well and must stay so."""
    snap = read(account, payloads.cash_account() if is_margin(account) else payloads.margin_account())
    wrong, well = snap.accounts
    assert isinstance(wrong, AccountFault)
    assert wrong.number == account["securitiesAccount"]["accountNumber"]
    assert wrong.endpoint == "GET /accounts"
    assert isinstance(well, AccountSnapshot)
    return wrong.fault


def is_margin(account: payloads.Document) -> bool:
    return bool(account["securitiesAccount"]["accountNumber"] == payloads.MARGIN_NUMBER)


def test_accounts_are_joined_with_their_hashes_by_number() -> None:
    margin, cash = read(payloads.margin_account(), payloads.cash_account()).accounts
    assert isinstance(margin, AccountSnapshot)
    assert isinstance(cash, AccountSnapshot)
    assert (margin.number, margin.broker_account_id) == (payloads.MARGIN_NUMBER, payloads.MARGIN_HASH)
    assert (cash.number, cash.broker_account_id) == (payloads.CASH_NUMBER, payloads.CASH_HASH)
    assert (margin.type, margin.currency, margin.as_of) == ("MARGIN", "USD", None)
    assert (cash.type, cash.balances.cash) == ("CASH", Decimal("1561.98"))
    assert margin.balances.net_liq == Decimal("11010.35")
    assert margin.balances.stock_buying_power == Decimal("14802.53")
    assert [position.symbol for position in margin.positions] == ["KLMN", "KLMN  270115P00042500"]


@pytest.mark.parametrize("written", ["cash", "CASH ", " Cash"])
def test_a_cash_account_is_one_however_its_type_is_written(written: str) -> None:
    _, cash = read(payloads.margin_account(), payloads.cash_account(type=written)).accounts
    assert isinstance(cash, AccountSnapshot)
    assert cash.type == "CASH"
    assert cash.balances.buying_power == Decimal("1500.5")


def test_a_type_that_we_do_not_know_is_kept_and_nothing_is_guessed_of_it() -> None:
    unknown, _ = read(payloads.margin_account(type="ira "), payloads.cash_account()).accounts
    assert isinstance(unknown, AccountSnapshot)
    assert (unknown.type, unknown.balances.net_liq) == ("IRA", Decimal("11010.35"))
    assert (unknown.balances.buying_power, unknown.balances.equity) == (None, None)


@pytest.mark.parametrize("nothing", [..., None, []])
def test_no_positions_mean_none_where_the_totals_are_0(nothing: object) -> None:
    _, cash = read(payloads.margin_account(), payloads.cash_account(positions=nothing)).accounts
    assert isinstance(cash, AccountSnapshot)
    assert cash.positions == ()


@pytest.mark.parametrize("nothing", [..., None, []])
@pytest.mark.parametrize(
    "totals", [{"longMarketValue": 8.5}, {"shortMarketValue": -1}, {"longOptionMarketValue": ...}, {"bondValue": 1}]
)
def test_no_positions_are_a_fault_where_the_totals_say_otherwise(nothing: object, totals: payloads.Document) -> None:
    account = payloads.cash_account(positions=nothing, currentBalances=payloads.cash_balances(**totals))
    assert fault_of(account) == "no positions, and balances that do not say there are none"


@pytest.mark.parametrize(
    ("account", "fault"),
    [
        (payloads.margin_account(currentBalances=...), "an account without balances"),
        (payloads.margin_account(currentBalances=None), "an account without balances"),
        (
            payloads.margin_account(currentBalances=payloads.margin_balances(liquidationValue=...)),
            "balances without cashBalance or liquidationValue",
        ),
        (
            payloads.margin_account(currentBalances=payloads.margin_balances(cashBalance=None)),
            "balances without cashBalance or liquidationValue",
        ),
        (
            payloads.margin_account(currentBalances=payloads.margin_balances(equity="NaN")),
            "a text that is no number at securitiesAccount.currentBalances.equity",
        ),
        (
            payloads.margin_account(positions=[payloads.equity(), payloads.equity("B", marketValue="1e400")]),
            "a number of an impossible size at securitiesAccount.positions[1].marketValue",
        ),
        (
            payloads.margin_account(positions=[payloads.equity(longQuantity=True)]),
            "no number at securitiesAccount.positions[0].longQuantity",
        ),
        (payloads.margin_account(positions={}), "object instead of array | null at securitiesAccount.positions"),
        (payloads.margin_account(positions=["KLMN"]), "str instead of object at securitiesAccount.positions[0]"),
        (payloads.margin_account(positions=[payloads.row(None, 1)]), "no instrument at positions[0]"),
        (
            payloads.margin_account(positions=[payloads.equity("KL\0MN")]),
            "a text with a character that cannot be stored at securitiesAccount.positions[0].instrument.symbol",
        ),
        (
            payloads.margin_account(positions=[payloads.equity("K" * 65)]),
            "a text of an impossible length at securitiesAccount.positions[0].instrument.symbol",
        ),
        (
            payloads.margin_account(type="MARGIN\0"),
            "a text with a character that cannot be stored at securitiesAccount.type",
        ),
        (payloads.margin_account(type=...), "no type at securitiesAccount"),
        (payloads.margin_account(type=1), "int instead of str at securitiesAccount.type"),
    ],
)
def test_what_is_wrong_with_one_account_stays_with_it(account: payloads.Document, fault: str) -> None:
    assert fault_of(account) == fault


def test_a_listed_account_that_is_missing_is_a_fault() -> None:
    margin, cash = read(payloads.margin_account()).accounts
    assert isinstance(margin, AccountSnapshot)
    assert cash == AccountFault(
        number=payloads.CASH_NUMBER, endpoint="GET /accounts", fault="a listed account that is not in the answer"
    )


def test_an_account_that_is_not_listed_is_a_fault() -> None:
    stranger = payloads.cash_account(accountNumber="70000009")
    accounts = read(payloads.margin_account(), payloads.cash_account(), stranger).accounts
    assert accounts[2] == AccountFault(
        number="70000009", endpoint="GET /accounts", fault="an account that the login does not list"
    )


def test_an_unreadable_account_that_is_not_listed_either_keeps_its_own_fault() -> None:
    stranger = payloads.cash_account(accountNumber="70000009", currentBalances=None)
    accounts = read(payloads.margin_account(), payloads.cash_account(), stranger).accounts
    assert accounts[2] == AccountFault(number="70000009", endpoint="GET /accounts", fault="an account without balances")


def test_an_account_that_stands_there_twice_is_a_fault() -> None:
    twice, well = read(payloads.margin_account(), payloads.cash_account(), payloads.margin_account()).accounts
    assert isinstance(twice, AccountFault)
    assert twice.fault == "an account that stands there twice"
    assert isinstance(well, AccountSnapshot)


def test_new_fields_and_booleans_where_numbers_were_described_do_no_harm() -> None:
    account = payloads.margin_account(currentBalances=payloads.margin_balances(isInCall=True, brandNew={"a": [1]}))
    account["securitiesAccount"]["surprise"] = [None]
    assert isinstance(read(account, payloads.cash_account()).accounts[0], AccountSnapshot)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "an answer that is not JSON"),
        (b"<html>", "an answer that is not JSON"),
        (b'[{"securitiesAccount": {"accountNumber": "40917733", "x": NaN}}]', "an answer that is not JSON"),
        (b"{}", "object instead of array"),
        (b"null", "null instead of array"),
        (b"[]", "an empty list, though the login has accounts"),
        (b"[{}]", "no securitiesAccount"),
        (
            rb'[{"securitiesAccount": {"accountNumber": "4\u0000"}}]',
            "a text with a character that cannot be stored at securitiesAccount.accountNumber",
        ),
        (b'[{"securitiesAccount": {"accountNumber": 7}}]', "int instead of str at securitiesAccount.accountNumber"),
    ],
)
def test_what_is_wrong_with_the_whole_answer_fails_it(body: bytes, fault: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        found(body)
    assert str(caught.value) == f"GET /accounts: {fault}"


WHOLE = json.dumps(payloads.accounts()).encode()


def test_an_answer_that_ends_too_early_wherever_is_never_a_smaller_one() -> None:
    for end in range(len(WHOLE)):
        with pytest.raises(BadAnswer):
            found(WHOLE[:end])


def test_account_hashes_are_read_by_number() -> None:
    assert account_hashes(json.dumps(payloads.account_numbers()).encode()) == HASHES
    twice = [*payloads.account_numbers(), *payloads.account_numbers()]
    assert account_hashes(json.dumps(twice).encode()) == HASHES


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ([], "an empty list: no account is linked to this login"),
        ({}, "object instead of array"),
        ([{"accountNumber": "1"}], r"no hashValue at [0]"),
        (
            [{"accountNumber": "1", "hashValue": "A\0"}],
            "a text with a character that cannot be stored at [0].hashValue",
        ),
        ([{"accountNumber": "1" * 65, "hashValue": "A"}], "a text of an impossible length at [0].accountNumber"),
        ([{"accountNumber": "", "hashValue": "A"}], "an account without number or hash"),
        ([{"accountNumber": "1", "hashValue": ""}], "an account without number or hash"),
        (
            [{"accountNumber": "1", "hashValue": "A"}, {"accountNumber": "1", "hashValue": "B"}],
            "one account with two hashes",
        ),
    ],
)
def test_a_list_of_numbers_that_cannot_be_true_is_a_bad_answer(document: object, fault: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        account_hashes(json.dumps(document).encode())
    assert str(caught.value) == f"GET /accounts/accountNumbers: {fault}"


def test_one_account_is_read_as_one_of_many_is() -> None:
    account = single("the-hash", json.dumps(payloads.margin_account()).encode())
    assert isinstance(account, AccountSnapshot)
    assert account.broker_account_id == "the-hash"
    [many, _] = read(payloads.margin_account(), payloads.cash_account()).accounts
    assert isinstance(many, AccountSnapshot)
    assert (account.balances, account.positions) == (many.balances, many.positions)


def test_one_account_that_cannot_be_read_is_a_fault_and_without_a_number_a_bad_answer() -> None:
    wrong = single("the-hash", json.dumps(payloads.margin_account(currentBalances=None)).encode())
    assert wrong == AccountFault(
        number=payloads.MARGIN_NUMBER, endpoint="GET /accounts/{account}", fault="an account without balances"
    )
    with pytest.raises(BadAnswer, match="no securitiesAccount"):
        single("the-hash", b"{}")
