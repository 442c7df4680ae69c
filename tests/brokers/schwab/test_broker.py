from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from brokers.errors import AccessRefused, BadAnswer, BrokerDown, BrokerError
from brokers.interface import NotConfigured
from brokers.records import ListedAccount
from tests.brokers.contract import everybody, nobody
from tests.brokers.fake_transport import FakeTransport, Reply, page, reply
from tests.brokers.schwab import payloads
from tests.brokers.schwab.given import (
    ACCOUNTS,
    CREDENTIALS,
    NUMBERS,
    PREFERENCE,
    TOKEN,
    VALUES,
    answering,
    network,
    schwab,
)


def test_the_login_page_gets_exactly_what_is_registered() -> None:
    url = urlsplit(schwab(network()).authorize_url("state/1+2", "ignored-challenge"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://broker.example/v1/oauth/authorize"
    assert parse_qs(url.query) == {
        "response_type": ["code"],
        "client_id": ["app-key-1"],
        "redirect_uri": [VALUES["SCHWAB_REDIRECT_URI"]],
        "state": ["state/1+2"],
    }
    assert schwab(network()).redirect_uri() == VALUES["SCHWAB_REDIRECT_URI"]


def test_the_base_url_moves_every_call() -> None:
    transport = network()
    broker = schwab(transport, SCHWAB_BASE_URL="http://127.0.0.1:8099/")
    broker.exchange("code", None, deadline=5)
    broker.refresh(CREDENTIALS, deadline=5)
    broker.list_accounts(CREDENTIALS, deadline=5)
    broker.fetch(CREDENTIALS, None, knows=nobody, deadline=5)
    broker.fetch_account(CREDENTIALS, payloads.MARGIN_HASH, is_it=everybody, deadline=5)
    assert len(transport.sent) == 7
    assert all(sent.url.startswith("http://127.0.0.1:8099/") for sent in transport.sent)
    assert broker.authorize_url("s", None).startswith("http://127.0.0.1:8099/v1/oauth/authorize?")


@pytest.mark.parametrize("base_url", ["http://api.schwabapi.com", "api.schwabapi.com", "https://"])
def test_a_base_url_that_cannot_be_used_says_what_to_write(base_url: str) -> None:
    with pytest.raises(NotConfigured, match="SCHWAB_BASE_URL cannot be used: it must") as caught:
        schwab(network(), SCHWAB_BASE_URL=base_url)
    assert caught.value.names == ("SCHWAB_BASE_URL",)


def test_a_listing_has_hashes_nicknames_and_the_logins_own_id() -> None:
    listing = schwab(network()).list_accounts(CREDENTIALS, deadline=5)
    assert listing.accounts == (
        ListedAccount(payloads.MARGIN_NUMBER, payloads.MARGIN_HASH, "Trading"),
        ListedAccount(payloads.CASH_NUMBER, payloads.CASH_HASH, None),
    )
    assert listing.login_id == payloads.CUSTOMER_ID


def test_preferences_may_come_as_a_list() -> None:
    listing = answering({PREFERENCE: reply([payloads.user_preference()])}).list_accounts(CREDENTIALS, deadline=5)
    assert (listing.accounts[0].nickname, listing.login_id) == ("Trading", payloads.CUSTOMER_ID)


@pytest.mark.parametrize("nickname", ["Tra\0ding", "x" * 1001, 7, ["Trading"], {"name": "Trading"}, True, None, ""])
def test_a_nickname_that_cannot_be_used_costs_nothing_else(nickname: object) -> None:
    preference = payloads.user_preference()
    preference["accounts"][1]["nickName"] = nickname
    listing = answering({PREFERENCE: reply(preference)}).list_accounts(CREDENTIALS, deadline=5)
    assert [account.nickname for account in listing.accounts] == ["Trading", None]
    assert listing.login_id == payloads.CUSTOMER_ID


@pytest.mark.parametrize(
    "answer",
    [
        page(200),
        page(503),
        reply(payloads.not_authorized(), 401),
        reply({"message": "no"}, 403),
        reply({}, 429),
        reply({"accounts": 7}),
        reply({}),
        reply({"accounts": None, "streamerInfo": None}),
        reply({"streamerInfo": [{}]}),
        Reply(error=requests.exceptions.ReadTimeout()),
    ],
)
def test_a_listing_is_complete_without_nicknames(answer: Reply) -> None:
    listing = answering({PREFERENCE: answer}).list_accounts(CREDENTIALS, deadline=5)
    assert [account.nickname for account in listing.accounts] == [None, None]
    assert listing.login_id is None


def test_nicknames_are_not_waited_for_long() -> None:
    transport = network()
    schwab(transport).list_accounts(CREDENTIALS, deadline=60)
    numbers, preference = transport.sent
    assert numbers.timeout > 50
    assert preference.timeout <= 5


@pytest.mark.parametrize("where", [NUMBERS, ACCOUNTS])
@pytest.mark.parametrize(
    ("answer", "kind", "fault"),
    [
        (reply(payloads.not_authorized(), 401), AccessRefused, "the access token was refused (status 401)"),
        (reply({"message": "x", "errors": ["Invalid bearer token"]}, 401), AccessRefused, "the access token was"),
        (reply({"fault": {"faultstring": "Invalid Access Token"}}, 401), AccessRefused, "the access token was"),
        (reply({}, 401), BrokerDown, "proves nothing (status 401)"),
        (reply(["x"], 401), BrokerDown, "proves nothing (status 401)"),
        (page(401), BrokerDown, "an HTML page instead of JSON (status 401)"),
        (reply({"message": "Invalid account number"}, 400), BadAnswer, "the request was refused (status 400)"),
        (reply({"errors": [{"status": "404", "title": "Not Found"}]}, 404), BadAnswer, "was refused (status 404)"),
        (page(404, "404 Not Found: Requested route", "text/plain"), BrokerDown, "a text instead of JSON (status 404)"),
        (page(200), BadAnswer, "an HTML page instead of JSON (status 200)"),
        (Reply(200, b"[{"), BadAnswer, "an answer that is not JSON"),
    ],
)
def test_each_refusal_of_a_request_has_its_kind(
    where: tuple[str, str], answer: Reply, kind: type[BrokerError], fault: str
) -> None:
    with pytest.raises(BrokerError) as caught:
        answering({where: answer}).fetch(CREDENTIALS, None, knows=nobody, deadline=5)
    assert type(caught.value) is kind
    assert fault in caught.value.fault
    assert caught.value.endpoint == f"GET {where[1].removeprefix('/trader/v1')}"


def test_a_token_answer_is_read_at_the_token_endpoint_only() -> None:
    with pytest.raises(BrokerDown, match="POST /oauth/token"):
        answering({TOKEN: page(404, "no such route", "text/plain")}).refresh(CREDENTIALS, deadline=5)


def test_closing_a_broker_closes_its_connections() -> None:
    transport: FakeTransport = network()
    schwab(transport).close()
    assert transport.closed
