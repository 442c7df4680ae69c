"""Each answer of the token endpoint to a refresh, and the one kind of error it is."""

from __future__ import annotations

import pytest

from brokers import errors
from brokers.errors import BrokerError
from tests.brokers.schwab.given import CREDENTIALS, TOKEN, VALUES, answering
from tests.brokers.schwab.token_answers import ANSWERS, PASSING, WRONG_APP


def error_of(name: str) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        answering({TOKEN: ANSWERS[name].answer}).refresh(CREDENTIALS, deadline=5)
    return caught.value


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_to_a_refresh_has_its_kind(name: str) -> None:
    assert error_of(name).kind == ANSWERS[name].kind


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_says_whether_tokens_may_have_been_issued(name: str) -> None:
    assert error_of(name).unanswered is ANSWERS[name].unanswered


@pytest.mark.parametrize("name", [*PASSING, *WRONG_APP])
def test_what_may_pass_and_a_refused_app_end_no_login(name: str) -> None:
    assert not isinstance(error_of(name), errors.LoginEnded)


@pytest.mark.parametrize("name", WRONG_APP)
def test_a_refused_app_is_no_refused_access_token(name: str) -> None:
    assert type(error_of(name)) is errors.AppMisconfigured


@pytest.mark.parametrize("name", [name for name, meaning in ANSWERS.items() if meaning.wait is not None])
def test_a_rate_limit_hands_on_how_long_to_wait(name: str) -> None:
    error = error_of(name)
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after is not None
    assert error.retry_after.total_seconds() == ANSWERS[name].wait


@pytest.mark.parametrize("name", ANSWERS)
def test_an_error_names_the_endpoint_and_no_secret(name: str) -> None:
    error = error_of(name)
    assert str(error).startswith("POST /oauth/token: ")
    shown = f"{error!r} {error} {error.__cause__!r} {error.__context__!r}"
    secrets = (*VALUES.values(), *CREDENTIALS.values(), "AAA", "I0.access-new.x@", "refresh-new@")
    assert not [secret for secret in secrets if secret in shown]
