"""The sandbox is no source of what we believe about Schwab: its answers are held against the official description.

Live answers differ from it. `KNOWN` says where and how we know: [live] seen in real answers, [issue] reported by users,
[lib] coded in widely used clients. A difference that is not named there is a mistake of the sandbox, and a named one that
it does not show is too.
"""

import json
from pathlib import Path

import pytest

from sandbox.faults import KINDS
from tests.sandbox.description import Difference, described_fields, differences
from tests.sandbox.person import link, read, sandbox

LIST = "/accounts?fields=positions"
EVERYBODY = ("demo", "alice", "bob", "carol")
SHOWN = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()

BOTH_TYPES = (
    "accruedInterest bondValue cashBalance cashReceipts liquidationValue longMarketValue longOptionMarketValue "
    "moneyMarketFund mutualFundValue pendingDeposits savings shortMarketValue shortOptionMarketValue"
)
INSTRUMENTS = ("EQUITY", "OPTION", "MUTUAL_FUND", "FIXED_INCOME", "CASH_EQUIVALENT")

KNOWN = {
    Difference("", "aggregatedBalance"): "[live] a sibling of securitiesAccount",
    Difference("MARGIN.initialBalances.isInCall", "type: number"): "[live] a boolean",
    Difference("MARGIN.projectedBalances.isInCall", "type: number"): "[live] a boolean",
    Difference("CASH.initialBalances.isInCall", "type: number"): "[live] a boolean",
    Difference("COLLECTIVE_INVESTMENT.assetType", "enum"): "[live] ETFs and closed-end funds among the positions",
    Difference("MUTUAL_FUND", "type"): "[live] NO_LOAD_TAXABLE and the like",
    **{
        Difference(f"{kind}.currentBalances", field): "[live] thirteen fields that the description lacks"
        for kind in ("MARGIN", "CASH")
        for field in BOTH_TYPES.split()
    },
    **{
        Difference(kind, "'name' is a required property"): "[live] required, but not described and never sent"
        for kind in INSTRUMENTS
    },
}

# Described, and not in any live answer that is known.
NOT_SEEN = {
    ("MARGIN", "initialBalances", "MarginInitialBalance"): {"unsettledCash"},
    ("MARGIN", "currentBalances", "MarginBalance"): {
        "dayTradingBuyingPowerCall",
        "isInCall",
        "optionBuyingPower",
        "stockBuyingPower",
    },
    ("MARGIN", "projectedBalances", "MarginBalance"): {
        "buyingPowerNonMarginableTrade",
        "equity",
        "equityPercentage",
        "longMarginValue",
        "maintenanceRequirement",
        "marginBalance",
        "optionBuyingPower",
        "shortBalance",
        "shortMarginValue",
        "sma",
    },
    ("CASH", "initialBalances", "CashInitialBalance"): set(),
    ("CASH", "currentBalances", "CashBalance"): set(),
    ("CASH", "projectedBalances", "CashBalance"): {
        "cashCall",
        "cashDebitCallValue",
        "longNonMarginableMarketValue",
        "totalCash",
        "unsettledCash",
    },
}


def test_accounts_differ_from_the_description_only_where_live_answers_are_known_to() -> None:
    client = sandbox()
    found: set[Difference] = set()
    for user in EVERYBODY:
        tokens = link(client, user)
        body = read(client, tokens, LIST).text
        found |= differences("/accounts", 200, body)
        for pair in read(client, tokens, "/accounts/accountNumbers").get_json():
            one = read(client, tokens, f"/accounts/{pair['hashValue']}?fields=positions").text
            assert differences("/accounts/{accountNumber}", 200, one) <= KNOWN.keys()
    assert found == KNOWN.keys()


@pytest.mark.parametrize(("kind", "block", "schema"), NOT_SEEN)
def test_balances_lack_only_described_fields_that_were_never_seen_live(kind: str, block: str, schema: str) -> None:
    client = sandbox()
    documents = [read(client, link(client, user), LIST).get_json() for user in EVERYBODY]
    accounts = [entry["securitiesAccount"] for document in documents for entry in document]
    sent = [set(account[block]) for account in accounts if account["type"] == kind]
    assert sent
    for fields in sent:
        assert described_fields(schema) - fields == NOT_SEEN[kind, block, schema]


def test_account_numbers_are_as_described() -> None:
    client = sandbox()
    assert (
        differences("/accounts/accountNumbers", 200, read(client, link(client), "/accounts/accountNumbers").text)
        == set()
    )


def test_user_preference_is_one_object_with_one_field_more() -> None:
    """[live] The description has a list of objects, and no `lotSelectionMethod`."""
    client = sandbox()
    body = read(client, link(client), "/userPreference").text
    assert differences("/userPreference", 200, body) == {Difference("", "type: array")}
    in_a_list = json.dumps([json.loads(body)])
    assert differences("/userPreference", 200, in_a_list) == {Difference("accounts", "lotSelectionMethod")}


def test_a_wrong_account_number_is_refused_as_described() -> None:
    client = sandbox()
    refused = read(client, link(client), "/accounts/12345678")
    assert differences("/accounts/{accountNumber}", refused.status_code, refused.text) == set()


def test_a_refused_token_is_told_in_the_gateways_envelope_instead_of_the_described_one() -> None:
    """[live] `errors` holds objects; the description has texts."""
    refused = sandbox().get("/trader/v1/accounts")
    assert differences("/accounts", refused.status_code, refused.text) == {Difference("errors", "type: string")}


def test_an_invented_field_would_be_found() -> None:
    client = sandbox()
    document = read(client, link(client), LIST).get_json()
    document[0]["securitiesAccount"]["positions"][0]["quantity"] = 1
    document[0]["securitiesAccount"]["positions"][0]["marketValue"] = "1.00"
    found = differences("/accounts", 200, json.dumps(document)) - KNOWN.keys()
    assert found == {
        Difference("MARGIN.positions", "quantity"),
        Difference("MARGIN.positions.marketValue", "type: number"),
    }


@pytest.mark.parametrize(
    "name", [*KINDS, *BOTH_TYPES.split(), "aggregatedBalance", "isInCall", "COLLECTIVE_INVESTMENT"]
)
def test_the_documentation_names_every_fault_and_difference(name: str) -> None:
    assert f"`{name}`" in SHOWN
