"""What every broker must keep, whoever wrote it. A new one adds its payloads to `given.py` and is held to this."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from brokers import errors
from brokers.endpoints import Endpoint
from brokers.interface import LinkMethod, Revoking
from brokers.records import Balances
from brokers.registry import BROKERS, declaration
from tests.brokers.contract import CALLS, well
from tests.brokers.fake_transport import Sent
from tests.brokers.given import GIVEN

pytestmark = pytest.mark.parametrize("name", sorted(BROKERS))


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
    assert len(declared.app_advice) > 20
    assert declared.revocable == issubclass(BROKERS[name], Revoking)
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
