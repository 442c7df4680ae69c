"""How often Schwab is asked for the accounts, what for, and what one list less lets through: nothing."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from freezegun import freeze_time

from brokers.errors import AccessRefused, BadAnswer, BrokerDown, RateLimited, Unreachable
from brokers.records import AccountFault, AccountSnapshot, SameAnswer, Snapshot
from tests.brokers.contract import everybody, nobody
from tests.brokers.fake_transport import FakeTransport, Reply, page, reply
from tests.brokers.schwab import payloads
from tests.brokers.schwab.given import (
    ACCESS_REFUSED,
    ACCOUNT,
    ACCOUNTS,
    CREDENTIALS,
    NUMBERS,
    answering,
    network,
    schwab,
)

NEW_HASH = "B" * 64
REFUSED = reply({"message": "Invalid account number"}, 400)
MOVED = reply([{"accountNumber": payloads.MARGIN_NUMBER, "hashValue": NEW_HASH}, *payloads.account_numbers()[1:]])
AT_NEW_HASH = ("GET", f"/trader/v1/accounts/{NEW_HASH}")


def fetched(*accounts: payloads.Document, knows: str = "") -> tuple[Snapshot, FakeTransport]:
    """What is made of an answer with these accounts by who knows the numbers in `knows`."""
    transport = network({ACCOUNTS: reply(list(accounts))})
    return schwab(transport).fetch(CREDENTIALS, None, knows=lambda number: number in knows, deadline=5), transport


def is_margin(number: str) -> bool:
    return number == payloads.MARGIN_NUMBER


def one(transport: FakeTransport) -> AccountSnapshot | AccountFault:
    """The margin account, asked for by the hash we have of it."""
    return schwab(transport).fetch_account(CREDENTIALS, payloads.MARGIN_HASH, is_it=is_margin, deadline=5)


def paths(transport: FakeTransport) -> list[tuple[str, str]]:
    return [(sent.method, sent.path) for sent in transport.sent]


def test_a_fetch_of_known_accounts_is_one_request_with_the_access_token() -> None:
    transport = network()
    snapshot = schwab(transport).fetch(CREDENTIALS, None, knows=everybody, deadline=5)
    assert [type(account) for account in snapshot.accounts] == [AccountSnapshot, AccountSnapshot]
    [sent] = transport.sent
    assert ((sent.method, sent.path), sent.query) == (ACCOUNTS, {"fields": "positions"})
    assert sent.headers["Authorization"] == "Bearer I0.access-old.x@"
    assert "Content-Type" not in sent.headers


def test_an_answer_that_was_seen_before_is_not_read_again() -> None:
    shown: list[bytes] = []

    def seen(body: bytes) -> bool:
        shown.append(body)
        return True

    answer = reply(payloads.accounts())
    fetched = schwab(network({ACCOUNTS: answer})).fetch(CREDENTIALS, None, knows=nobody, seen=seen, deadline=5)
    assert (fetched, shown) == (SameAnswer(), [answer.body])


@pytest.mark.parametrize("knows", ["", payloads.MARGIN_NUMBER])
def test_an_account_that_is_not_known_is_looked_up_in_the_list_of_numbers(knows: str) -> None:
    snapshot, transport = fetched(*payloads.accounts(), knows=knows)
    assert paths(transport) == [ACCOUNTS, NUMBERS]
    assert all("Content-Type" not in sent.headers for sent in transport.sent)
    ids = [account.broker_account_id for account in snapshot.accounts if isinstance(account, AccountSnapshot)]
    assert ids == [payloads.MARGIN_HASH, payloads.CASH_HASH]


def test_a_stranger_is_never_taken_for_one_of_ours() -> None:
    stranger = payloads.cash_account(accountNumber="70000009")
    snapshot, _ = fetched(*payloads.accounts(), stranger, knows=payloads.MARGIN_NUMBER + payloads.CASH_NUMBER)
    assert snapshot.accounts[2] == AccountFault(
        number="70000009", endpoint="GET /accounts", fault="an account that the login does not list"
    )


def test_a_known_account_that_is_left_out_is_not_made_up() -> None:
    snapshot, transport = fetched(payloads.margin_account(), knows=payloads.MARGIN_NUMBER + payloads.CASH_NUMBER)
    assert [account.number for account in snapshot.accounts] == [payloads.MARGIN_NUMBER]
    assert paths(transport) == [ACCOUNTS]


def test_a_missing_account_does_not_hold_up_the_others() -> None:
    snapshot, _ = fetched(payloads.margin_account())
    margin, cash = snapshot.accounts
    assert isinstance(margin, AccountSnapshot)
    assert isinstance(cash, AccountFault)


def test_one_known_account_that_cannot_be_read_leaves_the_others_well() -> None:
    wrong = payloads.margin_account(currentBalances=None)
    snapshot, transport = fetched(wrong, payloads.cash_account(), knows=payloads.MARGIN_NUMBER + payloads.CASH_NUMBER)
    assert [type(account) for account in snapshot.accounts] == [AccountFault, AccountSnapshot]
    assert paths(transport) == [ACCOUNTS]


def test_a_known_account_that_stands_there_twice_is_a_fault() -> None:
    margin = payloads.margin_account()
    snapshot, _ = fetched(margin, payloads.cash_account(), margin, knows=payloads.MARGIN_NUMBER + payloads.CASH_NUMBER)
    assert [type(account) for account in snapshot.accounts] == [AccountFault, AccountSnapshot]


def test_an_empty_list_is_a_bad_answer_whoever_is_known() -> None:
    for knows in (everybody, nobody):
        with pytest.raises(BadAnswer, match="GET /accounts: an empty list"):
            answering({ACCOUNTS: reply([])}).fetch(CREDENTIALS, None, knows=knows, deadline=5)


def test_the_requests_of_a_fetch_share_one_deadline() -> None:
    transport = network()
    with freeze_time("2026-11-20") as clock:
        transport.before = partial(clock.tick, timedelta(seconds=4))
        schwab(transport).fetch(CREDENTIALS, None, knows=nobody, deadline=10)
    assert [round(sent.timeout) for sent in transport.sent] == [10, 6]


def test_a_fetch_that_has_used_up_its_time_asks_no_more() -> None:
    transport = network()
    with freeze_time("2026-11-20") as clock:
        transport.before = partial(clock.tick, timedelta(seconds=11))
        with pytest.raises(Unreachable, match="GET /accounts/accountNumbers: no time was left"):
            schwab(transport).fetch(CREDENTIALS, None, knows=nobody, deadline=10)
    assert len(transport.sent) == 1


def test_one_account_is_asked_for_by_its_hash() -> None:
    transport = network()
    account = one(transport)
    assert isinstance(account, AccountSnapshot)
    assert account.broker_account_id == payloads.MARGIN_HASH
    [sent] = transport.sent
    assert ((sent.method, sent.path), sent.query) == (ACCOUNT, {"fields": "positions"})


@pytest.mark.parametrize(
    "refusal",
    [
        REFUSED,
        reply({"errors": [{"status": "404", "title": "Not Found"}]}, 404),
        reply({}, 400),
        reply({"message": "x"}, 403),
        page(404, "Not Found", "text/plain"),
        page(403),
        reply(payloads.cash_account()),  # another account's
    ],
)
def test_a_hash_that_has_changed_is_looked_up_and_the_new_one_told(refusal: Reply) -> None:
    transport = network({ACCOUNT: refusal, NUMBERS: MOVED, AT_NEW_HASH: reply(payloads.margin_account())})
    account = one(transport)
    assert isinstance(account, AccountSnapshot)
    assert (account.number, account.broker_account_id) == (payloads.MARGIN_NUMBER, NEW_HASH)
    assert paths(transport) == [ACCOUNT, NUMBERS, AT_NEW_HASH]


@pytest.mark.parametrize("listed", [payloads.account_numbers(), payloads.account_numbers()[1:]])
def test_a_refused_hash_that_is_still_the_same_or_listed_no_more_stays_refused(
    listed: list[payloads.Document],
) -> None:
    transport = network({ACCOUNT: REFUSED, NUMBERS: reply(listed)})
    with pytest.raises(BadAnswer, match=r"GET /accounts/\{account\}: the request was refused \(status 400\)"):
        one(transport)
    assert paths(transport) == [ACCOUNT, NUMBERS]


def test_a_new_hash_that_is_refused_as_well_is_not_looked_up_again() -> None:
    transport = network({ACCOUNT: REFUSED, NUMBERS: MOVED, AT_NEW_HASH: REFUSED})
    with pytest.raises(BadAnswer, match="was refused"):
        one(transport)
    assert paths(transport) == [ACCOUNT, NUMBERS, AT_NEW_HASH]


@pytest.mark.parametrize("listed", [payloads.account_numbers(), payloads.account_numbers()[1:]])
def test_an_answer_about_another_account_stands_if_the_hash_is_still_the_same_or_listed_no_more(
    listed: list[payloads.Document],
) -> None:
    transport = network({ACCOUNT: reply(payloads.cash_account()), NUMBERS: reply(listed)})
    assert one(transport).number == payloads.CASH_NUMBER
    assert paths(transport) == [ACCOUNT, NUMBERS]


def test_a_plain_refusal_of_a_hash_that_is_still_the_same_stays_an_outage() -> None:
    transport = network({ACCOUNT: page(404, "Not Found", "text/plain")})
    with pytest.raises(BrokerDown, match=r"GET /accounts/\{account\}: a text instead of JSON \(status 404\)"):
        one(transport)
    assert paths(transport) == [ACCOUNT, NUMBERS]


def test_a_look_up_that_is_refused_says_so() -> None:
    with pytest.raises(RateLimited, match="GET /accounts/accountNumbers"):
        one(network({ACCOUNT: REFUSED, NUMBERS: reply({}, 429)}))


def test_looking_a_hash_up_shares_the_deadline() -> None:
    transport = network({ACCOUNT: REFUSED, NUMBERS: MOVED, AT_NEW_HASH: reply(payloads.margin_account())})
    with freeze_time("2026-11-20") as clock:
        transport.before = partial(clock.tick, timedelta(seconds=1))
        one(transport)
    assert [round(sent.timeout) for sent in transport.sent] == [5, 4, 3]


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (ACCESS_REFUSED, AccessRefused),
        (page(401), BrokerDown),
        (reply({"message": "x"}, 429), RateLimited),
        (reply({"message": "x"}, 500), BrokerDown),
        (page(302), BrokerDown),
        (page(200), BadAnswer),
        (reply({"message": "x"}), BadAnswer),
    ],
)
def test_a_refusal_that_is_not_about_the_hash_looks_nothing_up(refusal: Reply, error: type[Exception]) -> None:
    transport = network({ACCOUNT: refusal})
    with pytest.raises(error):
        one(transport)
    assert paths(transport) == [ACCOUNT]
