"""What every broker must keep, whoever wrote it. A new one adds its payloads to `given.py` and is held to this."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import requests

from brokers import errors
from brokers.endpoints import Endpoint
from brokers.errors import BrokerError
from brokers.interface import Broker, LinkMethod
from brokers.records import AccountFault, AccountSnapshot, Balances, Position, Snapshot
from brokers.registry import BROKERS, declaration
from tests.brokers.fake_transport import FakeTransport, Reply, Sent, page, reply
from tests.brokers.given import GIVEN, Given

pytestmark = pytest.mark.parametrize("name", sorted(BROKERS))

CALLS: dict[str, Callable[[Broker, Given], object]] = {
    "exchange": lambda broker, given: broker.exchange("the-code", "the-verifier", deadline=5),
    "refresh": lambda broker, given: broker.refresh(given.credentials, deadline=5),
    "list_accounts": lambda broker, given: broker.list_accounts(given.credentials, deadline=5),
    "fetch": lambda broker, given: broker.fetch(given.credentials, None, deadline=5),
    "fetch_account": lambda broker, given: broker.fetch_account(given.credentials, given.one_account, deadline=5),
}
KINDS = {error.kind: error for error in vars(errors).values() if isinstance(error, type) and hasattr(error, "kind")}


def well(name: str) -> tuple[Broker, FakeTransport]:
    transport = GIVEN[name].network({})
    return GIVEN[name].build(transport), transport


def with_answer(name: str, answer: Reply) -> Broker:
    """A broker whose every answer is this one."""
    return GIVEN[name].build(FakeTransport({}, answer))


def outcome(call: str, broker: Broker, given: Given) -> object:
    """What a call returns, or the error it raises."""
    try:
        return CALLS[call](broker, given)
    except BrokerError as error:
        return error


def snapshot_of(name: str, changes: dict[tuple[str, str], Reply]) -> Snapshot:
    given = GIVEN[name]
    result = given.build(given.network(changes)).fetch(given.credentials, None, deadline=5)
    assert isinstance(result, Snapshot)
    return result


def test_it_has_payloads_for_this_test(name: str) -> None:
    assert name in GIVEN


def test_it_declares_everything(name: str) -> None:
    declared = declaration(name)
    assert declared.name == name
    assert declared.title
    assert isinstance(declared.link_method, LinkMethod)
    assert declared.requests_per_minute > 0
    assert declared.fastest_cadence > timedelta(0)
    assert len(declared.unlink_advice) > 20
    assert all(life is None or life > timedelta(0) for life in (declared.login_lifetime, declared.idle_login_lifetime))
    assert set(declared.proof_terms) <= set(Balances.__struct_fields__)
    assert declared.credential_fields


def test_its_variables_are_named_after_it_and_no_secret_has_a_default(name: str) -> None:
    variables = declaration(name).variables
    assert len({variable.name for variable in variables}) == len(variables)
    for variable in variables:
        assert variable.name.startswith(f"{name.upper()}_")
        assert variable.meaning
        assert not (variable.secret and variable.default)
        assert variable.secret or "SECRET" not in variable.name


def test_nothing_on_its_allow_list_can_trade(name: str) -> None:
    endpoints = BROKERS[name].endpoints
    writes = [endpoint for endpoint in endpoints if endpoint.method != "GET"]
    assert [endpoint.method for endpoint in writes] == ["POST"]
    assert all("token" in endpoint.path for endpoint in writes)
    assert not [endpoint for endpoint in endpoints if "order" in endpoint.path.lower()]


def test_what_it_sends_is_what_its_allow_list_says(name: str) -> None:
    broker, transport = well(name)
    for call in CALLS.values():
        call(broker, GIVEN[name])
    allowed = {endpoint: template(endpoint) for endpoint in BROKERS[name].endpoints}
    used = {
        endpoint for request in transport.sent for endpoint, path in allowed.items() if fits(request, endpoint, path)
    }
    assert all(any(fits(request, endpoint, path) for endpoint, path in allowed.items()) for request in transport.sent)
    assert used == set(allowed)


def template(endpoint: Endpoint) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(endpoint.prefix + endpoint.path)))


def fits(request: Sent, endpoint: Endpoint, path: re.Pattern[str]) -> bool:
    return request.method == endpoint.method and bool(path.fullmatch(request.path))


def test_a_grant_holds_the_fields_that_it_declares(name: str) -> None:
    broker, _ = well(name)
    for grant in (broker.exchange("the-code", None, deadline=5), broker.refresh(GIVEN[name].credentials, deadline=5)):
        assert set(grant.credentials) == set(declaration(name).credential_fields)
        assert all(grant.credentials.values())
        assert grant.access_expires_in is None or grant.access_expires_in > timedelta(0)


def test_a_refresh_without_a_new_refresh_token_keeps_the_old_one(name: str) -> None:
    given = GIVEN[name]
    broker = given.build(given.network({given.token: given.without_refresh_token}))
    grant = broker.refresh(given.credentials, deadline=5)
    assert grant.credentials["refresh_token"] == given.credentials["refresh_token"]
    assert grant.credentials["access_token"] != given.credentials["access_token"]


def test_a_login_without_a_refresh_token_is_a_bad_answer(name: str) -> None:
    given = GIVEN[name]
    with pytest.raises(errors.BadAnswer, match="refresh token"):
        given.build(given.network({given.token: given.without_refresh_token})).exchange("code", None, deadline=5)


FAULTS = {
    "rate-limited": (Reply(429, b"", {"Retry-After": "3"}), "rate_limited"),
    "rate-limited-silent": (reply({"message": "slow down"}, 429), "rate_limited"),
    "server-error": (reply({"message": "x"}, 500), "broker_down"),
    "html-error": (page(503), "broker_down"),
    "html-403": (page(403), "broker_down"),
    "html-ok": (page(200), "bad_answer"),
    "text-404": (page(404, "404 Not Found: route", "text/plain"), "broker_down"),
    "redirect": (Reply(302, b"", {"Location": "https://elsewhere.example/login"}), "broker_down"),
    "not-json": (Reply(200, b"certainly not"), "bad_answer"),
    "truncated": (Reply(200, b'[{"a": {"b":'), "bad_answer"),
    "nan": (Reply(200, b"[NaN]"), "bad_answer"),
    "empty": (Reply(200, b""), "bad_answer"),
    "empty-object": (reply({}), "bad_answer"),
    "empty-list": (reply([]), "bad_answer"),
    "null": (reply(None), "bad_answer"),
    "json-400": (reply({}, 400), "broker_down"),
    "json-401": (reply([], 401), "broker_down"),
    "time-out": (Reply(error=requests.exceptions.ReadTimeout()), "unreachable"),
    "refused": (Reply(error=requests.exceptions.ConnectionError()), "unreachable"),
    "tls": (Reply(error=requests.exceptions.SSLError()), "unreachable"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_every_call_with_its_kind_and_the_endpoints_name(name: str, call: str, fault: str) -> None:
    answer, kind = FAULTS[fault]
    error = outcome(call, with_answer(name, answer), GIVEN[name])
    assert isinstance(error, BrokerError)
    assert error.kind == kind
    assert error.endpoint in {str(endpoint) for endpoint in BROKERS[name].endpoints}
    assert str(error) == f"{error.endpoint}: {error.fault}"


def test_a_rate_limit_hands_on_how_long_to_wait(name: str) -> None:
    error = outcome("fetch", with_answer(name, FAULTS["rate-limited"][0]), GIVEN[name])
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == timedelta(seconds=3)


def test_the_brokers_clear_word_ends_a_login_and_a_refused_app_does_not(name: str) -> None:
    given = GIVEN[name]
    for kind, answers in (("login_ended", given.login_ended), ("app_misconfigured", given.wrong_app)):
        for answer in answers:
            error = outcome("refresh", given.build(given.network({given.token: answer})), given)
            assert isinstance(error, BrokerError)
            assert error.kind == kind


def test_a_login_is_never_ended_by_an_answer_about_accounts(name: str) -> None:
    given = GIVEN[name]
    for answer in (*given.login_ended, given.access_refused):
        for call in ("list_accounts", "fetch", "fetch_account"):
            error = outcome(call, with_answer(name, answer), given)
            assert not isinstance(error, errors.LoginEnded)
            assert isinstance(error, BrokerError)
    assert isinstance(outcome("fetch", with_answer(name, given.access_refused), given), errors.AccessRefused)


def test_nothing_is_sent_when_no_time_is_left(name: str) -> None:
    broker, transport = well(name)
    with pytest.raises(errors.Unreachable):
        broker.fetch(GIVEN[name].credentials, None, deadline=0)
    assert transport.sent == []


def test_every_account_comes_once_and_matches_the_listing(name: str) -> None:
    broker, _ = well(name)
    listing = broker.list_accounts(GIVEN[name].credentials, deadline=5)
    snapshot = snapshot_of(name, {})
    numbers = [account.number for account in snapshot.accounts]
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) == {account.number for account in listing.accounts}
    ids = {account.number: account.broker_account_id for account in listing.accounts}
    for account in snapshot.accounts:
        assert isinstance(account, AccountSnapshot)
        assert account.broker_account_id == ids[account.number]


def test_its_records_are_exact_finite_and_agree_with_themselves(name: str) -> None:
    positions = 0
    for account in snapshot_of(name, {}).accounts:
        assert isinstance(account, AccountSnapshot)
        assert account.as_of is None or account.as_of.tzinfo is not None
        assert len(account.currency) == 3
        require_exact(account.balances)
        assert len({position.instrument_key for position in account.positions}) == len(account.positions)
        for position in account.positions:
            positions += 1
            require_exact(position)
            require_agreement(position)
    assert positions > 1


def require_exact(record: msgspec.Struct) -> None:
    for value in msgspec.structs.asdict(record).values():
        assert not isinstance(value, float)
        assert not isinstance(value, Decimal) or value.is_finite()


def require_agreement(position: Position) -> None:
    if position.mark_price is not None:
        assert position.multiplier is not None
        assert position.market_value is not None
        value = position.mark_price * position.quantity * position.multiplier
        assert abs(value - position.market_value) <= abs(position.quantity * position.multiplier) * Decimal("1e-10")
    if position.cost_basis is not None and position.avg_price is not None and position.multiplier is not None:
        cost = position.avg_price * position.quantity * position.multiplier
        assert abs(cost - position.cost_basis) <= abs(position.quantity * position.multiplier) * Decimal("1e-10")


def test_the_terms_of_the_proof_add_up_to_the_net_liquidation_value(name: str) -> None:
    for account in snapshot_of(name, {}).accounts:
        assert isinstance(account, AccountSnapshot)
        terms = [getattr(account.balances, term) for term in declaration(name).proof_terms]
        assert sum(term for term in terms if term is not None) == account.balances.net_liq


def test_new_fields_anywhere_change_nothing(name: str) -> None:
    given = GIVEN[name]
    network = given.network({})
    grown = {
        route: Reply(200, json.dumps(grow(json.loads(answer.body))).encode())
        for route, answer in network.routes.items()
    }
    before, after = snapshot_of(name, {}), snapshot_of(name, grown)
    assert msgspec.structs.asdict(before) == msgspec.structs.asdict(after)
    assert given.build(given.network(grown)).refresh(given.credentials, deadline=5).credentials


def grow(document: Any) -> Any:
    """The same document with a field in every object that nobody has heard of."""
    if isinstance(document, dict):
        return {"brandNewField": [{"x": None}], **{name: grow(value) for name, value in document.items()}}
    return [grow(item) for item in document] if isinstance(document, list) else document


def test_an_answer_that_ends_too_early_is_never_a_smaller_account(name: str) -> None:
    given = GIVEN[name]
    whole = given.network({}).routes[given.accounts].body
    for end in range(0, len(whole), 7):
        try:
            snapshot = snapshot_of(name, {given.accounts: Reply(200, whole[:end])})
        except errors.BadAnswer:
            continue
        assert all(isinstance(account, AccountFault) for account in snapshot.accounts)


def test_no_secret_shows_in_a_repr_an_error_or_a_log(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    given = GIVEN[name]
    broker, _ = well(name)
    shown = [repr(broker)]
    shown += [repr(call(broker, given)) for call in CALLS.values()]
    listing = broker.list_accounts(given.credentials, deadline=5)
    shown += [repr(account) for account in (*listing.accounts, *snapshot_of(name, {}).accounts)]
    answers = [answer for answer, _ in FAULTS.values()] + [*given.login_ended, *given.wrong_app, given.access_refused]
    leaks = [Reply(answer.status, " ".join(given.secrets).encode(), answer.headers) for answer in answers]
    for answer in (*answers, *leaks):
        for call in CALLS:
            error = outcome(call, with_answer(name, answer), given)
            shown.append(f"{error!r} {error}")
    text = "\n".join((*shown, caplog.text))
    assert not [secret for secret in given.secrets if secret in text]


def test_every_kind_of_error_it_can_end_with_is_on_the_closed_list(name: str) -> None:
    given = GIVEN[name]
    answers = [answer for answer, _ in FAULTS.values()] + [*given.login_ended, *given.wrong_app, given.access_refused]
    found = {
        error.kind
        for answer in answers
        for call in CALLS
        if isinstance(error := outcome(call, with_answer(name, answer), given), BrokerError)
    }
    assert found == set(KINDS)
