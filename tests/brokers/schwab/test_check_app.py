"""Whether Schwab takes the app: asked with a refresh token that was never issued, and told apart from all else."""

from __future__ import annotations

import pytest
import requests

from brokers.errors import AppMisconfigured, BrokerDown, BrokerError, Unreachable
from tests.brokers.fake_transport import Reply, page, reply
from tests.brokers.schwab import payloads
from tests.brokers.schwab.given import LOGIN_ENDED, TOKEN, WRONG_APP, answering, network, schwab


@pytest.mark.parametrize("answer", LOGIN_ENDED)
def test_an_app_whose_dead_token_is_refused_is_taken(answer: Reply) -> None:
    answering({TOKEN: answer}).check_app(deadline=5)


@pytest.mark.parametrize(
    "error", ["invalid_request", "unsupported_token_type", "invalid_token", "unsupported_grant_type"]
)
def test_an_app_whose_request_is_refused_by_an_oauth_error_that_is_not_about_the_app_is_taken(error: str) -> None:
    answering({TOKEN: reply({"error": error}, 400)}).check_app(deadline=5)


@pytest.mark.parametrize("answer", WRONG_APP)
def test_a_refused_app_is_told(answer: Reply) -> None:
    with pytest.raises(AppMisconfigured, match="Ready For Use"):
        answering({TOKEN: answer}).check_app(deadline=5)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (page(403), BrokerDown),
        (reply({"error": "server_error"}, 400), BrokerDown),
        (reply({"error": "temporarily_unavailable"}, 400), BrokerDown),
        (reply({"error": "invalid_request"}, 401), BrokerDown),
        (reply({"message": "invalid_request"}, 400), BrokerDown),
        (reply({"error": "invalid_request"}, 503), BrokerDown),
        (Reply(error=requests.ConnectTimeout()), Unreachable),
    ],
)
def test_any_other_answer_proves_neither(answer: Reply, kind: type[BrokerError]) -> None:
    with pytest.raises(kind):
        answering({TOKEN: answer}).check_app(deadline=5)


def test_one_request_is_sent_and_no_ones_token_is_in_it() -> None:
    transport = network({TOKEN: reply(payloads.ended(), 400)})
    schwab(transport).check_app(deadline=5)
    [sent] = transport.sent
    assert (sent.method, sent.path) == TOKEN
    assert sent.form == {"grant_type": "refresh_token", "refresh_token": "a-token-that-was-never-issued@"}


def test_an_app_is_another_one_with_another_key_another_secret_or_at_another_address() -> None:
    others: tuple[dict[str, str], ...] = (
        {},
        {"SCHWAB_CLIENT_ID": "app-key-2"},
        {"SCHWAB_CLIENT_SECRET": "app-secret-2"},
        {"SCHWAB_BASE_URL": "https://stand-in.example"},
    )
    assert len({schwab(network(), **values).app_id() for values in others}) == len(others)
    assert schwab(network()).app_id() == schwab(network(), SCHWAB_REDIRECT_URI="https://127.0.0.1/other").app_id()
