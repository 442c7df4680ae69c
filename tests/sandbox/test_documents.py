"""What stands in the documents: balances that add up, rows in the live shapes, the same bytes from the same seed."""

import re
from decimal import Decimal

import pytest

from tests.sandbox.person import accounts_of, all_accounts, control, exact, link, read, rows, sandbox

TERMS = (
    "cashBalance",
    "longMarketValue",
    "shortMarketValue",
    "longOptionMarketValue",
    "shortOptionMarketValue",
    "bondValue",
    "mutualFundValue",
    "moneyMarketFund",
    "savings",
)


@pytest.mark.parametrize("user", ["demo", "alice", "bob", "carol"])
def test_the_liquidation_value_is_the_sum_of_its_terms_at_every_tick(user: str) -> None:
    client = sandbox()
    tokens = link(client, user)
    for _ in range(5):
        control(client, "market", tick=3)
        for document in exact(read(client, tokens, "/accounts?fields=positions").text):
            account = document["securitiesAccount"]
            current = account["currentBalances"]
            assert current["liquidationValue"] == sum(current[term] for term in TERMS)
            held = sum(row["marketValue"] for row in account.get("positions", []))
            assert current["liquidationValue"] == current["cashBalance"] + held


def test_balances_and_values_are_those_of_the_state() -> None:
    client = sandbox()
    for account, known in zip(all_accounts(client), accounts_of(client), strict=True):
        assert account["currentBalances"]["cashBalance"] == Decimal(known["cash"])
        assert account["currentBalances"]["liquidationValue"] == Decimal(known["liquidation_value"])
        values = [row["marketValue"] for row in account.get("positions", [])]
        assert values == [Decimal(row["market_value"]) for row in known["positions"]]


def test_a_long_row_has_no_short_fields_and_a_short_row_no_long_ones() -> None:
    seen = set()
    for row in rows(sandbox(), "demo"):
        side = "Long" if row["longQuantity"] else "Short"
        other = "Short" if side == "Long" else "Long"
        seen.add(side)
        assert {"longQuantity", "shortQuantity", "settledLongQuantity", "settledShortQuantity"} <= set(row)
        assert row[f"{other.lower()}Quantity"] == 0
        one_sided = {f"average{side}Price", f"taxLotAverage{side}Price", f"previousSession{side}Quantity"}
        assert one_sided | {f"{side.lower()}OpenProfitLoss"} <= set(row)
        assert not {name for name in row if other in name} - {f"settled{other}Quantity"}
    assert seen == {"Long", "Short"}


def test_what_is_short_has_a_positive_quantity_and_a_negative_value() -> None:
    shorts = [row for row in rows(sandbox(), "demo") if row["shortQuantity"]]
    assert {row["instrument"]["assetType"] for row in shorts} == {"EQUITY", "OPTION"}
    for row in shorts:
        assert row["shortQuantity"] > 0 > row["marketValue"]
        assert row["settledShortQuantity"] == -row["shortQuantity"]


def test_every_asset_type_is_held_by_somebody() -> None:
    client = sandbox()
    held = {row["instrument"]["assetType"] for user in ("demo", "alice", "bob", "carol") for row in rows(client, user)}
    assert held == {"EQUITY", "OPTION", "MUTUAL_FUND", "FIXED_INCOME", "COLLECTIVE_INVESTMENT", "CASH_EQUIVALENT"}


def test_each_kind_of_instrument_has_its_fields() -> None:
    client = sandbox()
    by_symbol = {row["instrument"]["symbol"]: row for user in ("demo", "alice") for row in rows(client, user)}
    stock, etf = by_symbol["AAPL"]["instrument"], by_symbol["SCHD"]["instrument"]
    assert "description" not in stock
    assert "netChange" in stock
    assert etf["type"] == "EXCHANGE_TRADED_FUND"
    assert "netChange" not in etf
    put = by_symbol["F     270115P00011000"]["instrument"]
    assert put["cusip"] == "0F.MF70011000"
    assert put["description"] == "FORD MOTOR CO 01/15/2027 $11 Put"
    assert (put["putCall"], put["underlyingSymbol"], put["type"]) == ("PUT", "F", "VANILLA")
    assert not {"strikePrice", "expirationDate", "optionMultiplier"} & set(put)
    deposit = by_symbol["06418QAB3"]
    assert deposit["instrument"]["symbol"] == deposit["instrument"]["cusip"]
    assert deposit["instrument"]["maturityDate"] == "2028-11-21T05:00:00.000+00:00"
    assert "agedQuantity" in by_symbol["SWTSX"]


def test_a_fraction_a_certificate_and_an_option_are_worth_quantity_times_price_times_unit() -> None:
    client = sandbox()
    prices = {row["symbol"]: Decimal(row["price"]) for account in accounts_of(client) for row in account["positions"]}
    values = {row["instrument"]["symbol"]: row["marketValue"] for row in rows(client, "demo")}
    assert values["SCHD"] == (Decimal("61.5854") * prices["SCHD"]).quantize(Decimal("0.01"))
    assert values["06418QAB3"] == 25 * 10 * prices["06418QAB3"]
    put = "F     270115P00011000"
    assert values[put] == -5 * 100 * prices[put]


def test_whole_numbers_come_with_and_without_a_point_and_some_with_float_noise() -> None:
    client = sandbox()
    text = read(client, link(client), "/accounts?fields=positions").text
    assert '"longQuantity":700.0' in text
    assert '"savings":0,' in text
    assert re.search(r'"currentDayProfitLoss":-?\d+\.\d*(0000\d|9999\d)[,}]', text)


def test_the_noise_is_less_than_any_cent() -> None:
    for row in rows(sandbox(), "demo"):
        profit = row["currentDayProfitLoss"]
        assert abs(profit - round(profit, 2)) < Decimal("0.0000001")


def test_between_ticks_the_answer_is_the_same_to_the_byte() -> None:
    client = sandbox()
    tokens = link(client)
    first = read(client, tokens, "/accounts?fields=positions").data
    control(client, "clock", advance="20m")
    assert read(client, tokens, "/accounts?fields=positions").data == first
    control(client, "market", tick=1)
    assert read(client, tokens, "/accounts?fields=positions").data != first


def test_same_seed_and_same_control_calls_give_the_same_bytes() -> None:
    answers = []
    for client in (sandbox(), sandbox()):
        tokens = link(client)
        control(client, "market", tick=4)
        control(client, "trade", user="demo", action="sell", symbol="F", quantity=50)
        control(client, "clock", advance="1m")
        answers.append(read(client, tokens, "/accounts?fields=positions").data)
    assert answers[0] == answers[1]


def test_a_trade_shows_at_once_and_settles_with_the_next_day() -> None:
    client = sandbox()
    control(client, "trade", user="demo", action="buy", symbol="F", quantity=50, price=11)
    row = next(each for each in rows(client, "demo") if each["instrument"]["symbol"] == "F")
    assert (row["longQuantity"], row["settledLongQuantity"], row["previousSessionLongQuantity"]) == (750, 700, 700)
    assert row["currentDayCost"] == 550
    control(client, "clock", advance="1d")
    control(client, "market", tick=1)
    row = next(each for each in rows(client, "demo") if each["instrument"]["symbol"] == "F")
    assert (row["settledLongQuantity"], row["currentDayCost"]) == (750, 0)


def test_a_sale_in_a_cash_account_is_unsettled_until_the_next_day() -> None:
    client = sandbox()
    (account,) = accounts_of(client, "bob")
    control(client, "trade", account=account["number"], action="sell", symbol="PLTR", quantity=10, price=40)
    current = all_accounts(client, "bob")[0]["currentBalances"]
    assert current["unsettledCash"] == 400
    assert current["cashAvailableForWithdrawal"] == current["cashBalance"] - 400
    control(client, "clock", advance="1d")
    control(client, "market", tick=1)
    assert all_accounts(client, "bob")[0]["currentBalances"]["unsettledCash"] == 0


def test_initial_balances_stay_what_the_day_began_with() -> None:
    client = sandbox()
    before = all_accounts(client)[0]["initialBalances"]
    control(client, "market", tick=5)
    control(client, "trade", user="demo", action="close", symbol="AAPL")
    after = all_accounts(client)[0]
    assert after["initialBalances"] == before
    assert after["currentBalances"]["cashBalance"] != before["cashBalance"]


def test_a_margin_account_that_borrows_shows_it() -> None:
    client = sandbox()
    control(client, "trade", user="demo", action="buy", symbol="MSFT", quantity=60, price=420)
    account = all_accounts(client)[0]
    current = account["currentBalances"]
    assert current["cashBalance"] == current["marginBalance"] == Decimal("14488.10") - 25200
    assert 0 < current["equityPercentage"] < 100
    assert account["projectedBalances"]["isInCall"] is False


def test_the_aggregate_is_not_the_total_of_an_account_with_options() -> None:
    client = sandbox()
    margin, ira, _ = exact(read(client, link(client), "/accounts").text)
    for document, same in ((margin, False), (ira, True)):
        own = document["securitiesAccount"]["currentBalances"]["liquidationValue"]
        assert (document["aggregatedBalance"]["currentLiquidationValue"] == own) is same
