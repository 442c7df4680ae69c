"""What each broker needs of the environment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from brokers import registry
from brokers.errors import AppMisconfigured, BrokerDown, BrokerError
from brokersync.doctor import brokers
from brokersync.doctor.findings import Level
from sandbox.server import RunningSandbox
from tests.brokersync.conftest import SCHWAB
from tests.sandbox.person import OPTIONS

SCHWAB_DECLARATION = registry.declaration("schwab")


def test_a_brokers_missing_variables_are_named_with_what_they_mean() -> None:
    found = brokers.variables(SCHWAB_DECLARATION, SCHWAB | {"SCHWAB_CLIENT_SECRET": ""})
    assert (found.level, found.said) == (Level.FAULT, "Not set: SCHWAB_CLIENT_SECRET.")
    assert "SCHWAB_CLIENT_SECRET: the app's secret" in str(found.remedy)


def test_a_broker_that_is_set_up_is_good() -> None:
    assert brokers.variables(SCHWAB_DECLARATION, SCHWAB).level is Level.OK


@pytest.mark.parametrize(
    ("base_url", "level"),
    [("", Level.FAULT), ("https://api.schwabapi.com/", Level.FAULT), ("http://127.0.0.1:8190", Level.OK)],
)
def test_schwabs_own_rules_hold_only_where_schwab_is_asked(base_url: str, level: Level) -> None:
    environ = {"SCHWAB_REDIRECT_URI": "http://127.0.0.1:8182/oauth/callback", "SCHWAB_BASE_URL": base_url}
    (found,) = brokers.callbacks(SCHWAB_DECLARATION, environ, "http://127.0.0.1:8182")
    assert found.level is level


NOT_CALLABLE = [
    "api.schwabapi.com",
    "http://[bad",
    "https://h:99999",
    "https://",
    "ftp://127.0.0.1",
    "https://me:ersecret@127.0.0.1:1",
]


@pytest.mark.parametrize("base_url", NOT_CALLABLE)
def test_a_base_url_that_cannot_be_called_is_a_fault_and_schwabs_own_rules_still_hold(base_url: str) -> None:
    environ = {"SCHWAB_REDIRECT_URI": "http://localhost:8182/oauth/callback", "SCHWAB_BASE_URL": base_url}
    (found,) = brokers.base_urls(SCHWAB_DECLARATION, environ)
    assert (found.level, found.check) == (Level.FAULT, "SCHWAB_BASE_URL")
    assert "ersecret" not in str(found)
    told = brokers.callbacks(SCHWAB_DECLARATION, environ, "http://localhost:8182")
    assert [each.level for each in told] == [Level.FAULT, Level.FAULT]
    assert brokers.clock(SCHWAB_DECLARATION, environ) == []
    assert brokers.app(SCHWAB_DECLARATION, SCHWAB | environ) == []


def test_a_base_url_that_can_be_called_is_not_mentioned() -> None:
    for base_url in ("", "https://api.schwabapi.com", "http://127.0.0.1:8190"):
        assert brokers.base_urls(SCHWAB_DECLARATION, {"SCHWAB_BASE_URL": base_url}) == []


@pytest.mark.parametrize(
    ("seconds", "environ", "warns"),
    [
        (14, SCHWAB, True),
        (15, SCHWAB, False),
        (14, {}, False),
        (14, SCHWAB | {"SCHWAB_BASE_URL": "http://127.0.0.1:8190"}, False),
    ],
)
def test_an_interval_shorter_than_a_real_broker_wants_is_a_warning(
    seconds: int, environ: dict[str, str], *, warns: bool
) -> None:
    found = brokers.cadence(SCHWAB_DECLARATION, environ, timedelta(seconds=seconds))
    assert [each.level for each in found] == [Level.WARNING] * warns
    assert not warns or "14 s is shorter than the fastest sensible cadence of Charles Schwab, 15 s" in found[0].said


REACHED = SCHWAB | {"SCHWAB_BASE_URL": "http://127.0.0.1:1"}


class Asked:
    """A Schwab that answers the question about the app."""

    def __init__(self, error: BrokerError | None) -> None:
        self.error, self.closed = error, False

    def check_app(self, *, deadline: float) -> None:
        if self.error:
            raise self.error

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("error", "level", "said"),
    [
        (None, Level.OK, "It takes the app's key and secret; its callback URL and products only a link can prove."),
        (AppMisconfigured("POST /oauth/token", "the app was refused"), Level.FAULT, "The app was refused."),
        (
            BrokerDown("POST /oauth/token", "a page"),
            Level.NOTE,
            "Whether it takes the app could not be seen (broker_down: a page).",
        ),
    ],
)
def test_the_broker_is_asked_about_the_app_and_only_its_clear_word_is_a_fault(
    error: BrokerError | None, level: Level, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Asked(error)
    monkeypatch.setattr(brokers, "build", lambda name, environ: broker)
    (found,) = brokers.app(SCHWAB_DECLARATION, REACHED)
    assert (found.level, found.said, broker.closed) == (level, said, True)


def test_an_address_without_tls_elsewhere_is_never_asked() -> None:
    (found,) = brokers.app(SCHWAB_DECLARATION, SCHWAB | {"SCHWAB_BASE_URL": "http://api.example"})
    assert (found.level, "https" in found.said) == (Level.FAULT, True)


def test_a_broker_that_is_not_set_up_is_not_asked() -> None:
    assert brokers.app(SCHWAB_DECLARATION, {"SCHWAB_BASE_URL": "http://127.0.0.1:1"}) == []


@pytest.mark.sockets
def test_a_secret_that_is_not_the_apps_is_a_fault() -> None:
    running = RunningSandbox(OPTIONS)
    running.start()
    try:
        environ = {
            "SCHWAB_CLIENT_ID": OPTIONS.client_id,
            "SCHWAB_CLIENT_SECRET": OPTIONS.client_secret,
            "SCHWAB_REDIRECT_URI": OPTIONS.redirect_uris[0],
            "SCHWAB_BASE_URL": running.address,
        }
        assert [each.level for each in brokers.app(SCHWAB_DECLARATION, environ)] == [Level.OK]
        for name in ("SCHWAB_CLIENT_ID", "SCHWAB_CLIENT_SECRET"):
            assert [each.level for each in brokers.app(SCHWAB_DECLARATION, environ | {name: "another"})] == [
                Level.FAULT
            ]
    finally:
        running.stop()
