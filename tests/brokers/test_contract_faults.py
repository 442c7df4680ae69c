"""What every broker makes of a fault: the right kind of error, and nothing else."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import requests

from brokers import errors
from brokers.errors import BrokerError
from brokers.registry import BROKERS
from tests.brokers.contract import CALLS, nobody, outcome, snapshot_of, well, with_answer
from tests.brokers.fake_transport import Reply, page, reply
from tests.brokers.given import GIVEN

pytestmark = pytest.mark.parametrize("name", sorted(BROKERS))

KINDS = {error.kind: error for error in vars(errors).values() if isinstance(error, type) and hasattr(error, "kind")}


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
        for call in ("list_accounts", "fetch", "fetch of known accounts", "fetch_account"):
            error = outcome(call, with_answer(name, answer), given)
            assert not isinstance(error, errors.LoginEnded)
            assert isinstance(error, BrokerError)
    assert isinstance(outcome("fetch", with_answer(name, given.access_refused), given), errors.AccessRefused)


def test_nothing_is_sent_when_no_time_is_left(name: str) -> None:
    broker, transport = well(name)
    with pytest.raises(errors.Unreachable):
        broker.fetch(GIVEN[name].credentials, None, knows=nobody, deadline=0)
    assert transport.sent == []


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
