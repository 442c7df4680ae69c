from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from brokers.errors import AppMisconfigured, BadAnswer, BrokerDown, BrokerError, LoginEnded
from brokers.records import Grant
from tests.brokers.fake_transport import Reply, page, reply
from tests.brokers.schwab import payloads
from tests.brokers.schwab.given import CREDENTIALS, TOKEN, VALUES, answering, network, schwab
from tests.brokers.schwab.token_answers import refusal


def exchange(answer: Reply) -> Grant:
    return answering({TOKEN: answer}).exchange("C0.code@", None, deadline=5)


def refresh(answer: Reply) -> Grant:
    return answering({TOKEN: answer}).refresh(CREDENTIALS, deadline=5)


def test_a_code_is_exchanged_once_decoded_and_with_the_secret_in_the_header_only() -> None:
    transport = network()
    grant = schwab(transport).exchange("C0.b2F1dGg.x-y_z@", None, deadline=5)
    [sent] = transport.sent
    assert sent.form == {
        "grant_type": "authorization_code",
        "code": "C0.b2F1dGg.x-y_z@",
        "redirect_uri": VALUES["SCHWAB_REDIRECT_URI"],
    }
    assert base64.b64decode(sent.headers["Authorization"].removeprefix("Basic ")) == b"app-key-1:app-secret-1"
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert grant == Grant({"access_token": "I0.access-new.x@", "refresh_token": "refresh-new@"}, timedelta(minutes=30))


def test_a_refresh_sends_the_refresh_token_and_takes_the_new_ones() -> None:
    transport = network()
    grant = schwab(transport).refresh(CREDENTIALS, deadline=5)
    assert transport.sent[0].form == {"grant_type": "refresh_token", "refresh_token": "refresh-old@"}
    assert grant.credentials == {"access_token": "I0.access-new.x@", "refresh_token": "refresh-new@"}


@pytest.mark.parametrize("missing", [..., None, ""])
def test_a_refresh_keeps_the_old_refresh_token_where_the_answer_has_none(missing: object) -> None:
    document = payloads.tokens(refresh_token=missing)
    grant = refresh(reply(document))
    assert grant.credentials == {"access_token": "I0.access-new.x@", "refresh_token": "refresh-old@"}


@pytest.mark.parametrize("missing", [..., None, ""])
def test_a_login_without_a_refresh_token_is_refused(missing: object) -> None:
    with pytest.raises(BadAnswer, match="POST /oauth/token: the login gave no refresh token"):
        exchange(reply(payloads.tokens(refresh_token=missing)))


def test_a_token_of_the_app_alone_is_no_login() -> None:
    with pytest.raises(BadAnswer, match="no refresh token"):
        exchange(reply({"access_token": "opaque", "expires_in": "3600"}))


@pytest.mark.parametrize("ask", [exchange, refresh])
@pytest.mark.parametrize(
    "answer",
    [
        reply(payloads.tokens(access_token=...)),
        reply(payloads.tokens(access_token="")),
        reply(payloads.tokens(access_token=7)),
        reply(payloads.tokens(access_token="two\nlines")),
        reply(payloads.tokens(refresh_token="späße")),
        reply([]),
        reply({}),
        Reply(200, b"not json"),
        page(200),
    ],
)
def test_a_success_without_what_a_success_holds_is_a_bad_answer(ask: Callable[[Reply], Grant], answer: Reply) -> None:
    with pytest.raises(BadAnswer, match="POST /oauth/token: "):
        ask(answer)


@pytest.mark.parametrize(
    ("given", "seconds"), [("3600", 3600), (1200.9, 1200), (60, 60), (604_800, 604_800), (..., 1800), (None, 1800)]
)
def test_a_lifetime_may_be_a_text_or_missing(given: object, seconds: int) -> None:
    assert refresh(reply(payloads.tokens(expires_in=given))).access_expires_in == timedelta(seconds=seconds)


@pytest.mark.parametrize("ask", [exchange, refresh])
@pytest.mark.parametrize(
    "odd",
    [0, -1, 0.4, 59, 604_801, 10**9, 10**400, 1e300, "1800s", " 1800 ", "", "NaN", True, [1800], {"seconds": 1800}],
)
def test_tokens_are_kept_whatever_is_said_of_their_lifetime(ask: Callable[[Reply], Grant], odd: object) -> None:
    assert ask(reply(payloads.tokens(expires_in=odd))) == Grant(
        {"access_token": "I0.access-new.x@", "refresh_token": "refresh-new@"}, timedelta(minutes=30)
    )


@pytest.mark.parametrize("ask", [exchange, refresh])
@pytest.mark.parametrize(
    "answer",
    [
        reply(payloads.wrong_app(), 401),
        reply(refusal("unauthorized_client", "no"), 400),
        reply(refusal("invalid_client", "this client may not use a refresh token"), 401),
    ],
)
def test_a_refused_app_ends_nobodys_login(ask: Callable[[Reply], Grant], answer: Reply) -> None:
    with pytest.raises(AppMisconfigured, match="check SCHWAB_CLIENT_ID and SCHWAB_CLIENT_SECRET"):
        ask(answer)


@pytest.mark.parametrize(
    "answer",
    [
        reply(refusal("unsupported_token_type", "400 Bad Request"), 400),
        reply(refusal("invalid_grant", "code"), 400),
        reply(refusal("invalid_request", "redirect_uri"), 400),
    ],
)
def test_a_refused_code_tells_the_person_to_start_again(answer: Reply) -> None:
    with pytest.raises(LoginEnded, match=r"code was refused.*Start again"):
        exchange(answer)


@pytest.mark.parametrize("answer", [page(403), page(502), reply({"message": "x"}, 400), reply({"error": "x"}, 403)])
def test_a_broker_that_is_down_does_not_refuse_a_code(answer: Reply) -> None:
    with pytest.raises(BrokerDown):
        exchange(answer)


def test_no_secret_is_in_a_token_error_or_a_grants_repr() -> None:
    secrets = (*VALUES.values(), *CREDENTIALS.values(), "C0.code@", "I0.access-new.x@", "refresh-new@")
    shown = [repr(refresh(reply(payloads.tokens())))]
    for answer in (reply(payloads.ended(), 400), reply(payloads.wrong_app(), 401), page(403), reply({}, 500)):
        for ask in (exchange, refresh):
            with pytest.raises(BrokerError) as caught:
                ask(answer)
            shown.append(f"{caught.value!r} {caught.value}")
    shown.append(json.dumps(shown))
    assert not [secret for secret in secrets if secret in shown[-1]]
