"""The settings of who is told, when, and where."""

from __future__ import annotations

from base64 import b64encode
from datetime import time, timedelta

import pytest

from settings import Settings, webhook_key
from tests.test_settings import SECRET, refused

WEBHOOK = {"WEBHOOK_URL": "https://app.example.org/x"}


def test_line_ends_around_the_addresses_of_notices_are_taken_off() -> None:
    assert Settings.from_environ({"NOTIFY_URLS": " json://a, json://b\r"}).notify_urls == "json://a, json://b"


@pytest.mark.parametrize(
    ("given", "hours"), [("", [48, 24, 2]), (" 2, 12\r", [12, 2]), ("24,24", [24]), ("720", [720])]
)
def test_notices_come_the_longest_first_and_each_once(given: str, hours: list[int]) -> None:
    assert Settings.from_environ({"LOGIN_NOTICES": given}).login_notices == tuple(
        timedelta(hours=each) for each in hours
    )


@pytest.mark.parametrize("given", ["0", "721", "1.5", "-1", "two", "1;2", "\u0662", "9" * 5000])
def test_hours_that_are_no_whole_hours_are_refused(given: str) -> None:
    assert "must be whole hours from 1 to 720" in refused(LOGIN_NOTICES=given)


@pytest.mark.parametrize(
    ("given", "night"), [("", (time(22), time(7))), ("none", None), ("23:30-05:15", (time(23, 30), time(5, 15)))]
)
def test_the_night_is_from_one_time_of_day_to_another_or_there_is_none(
    given: str, night: tuple[time, time] | None
) -> None:
    assert Settings.from_environ({"NIGHT_HOURS": given}).night_hours == night


@pytest.mark.parametrize("given", ["22-7", "22:00", "25:00-07:00", "22:00-22:00", "22:00-07:00-08:00", "no"])
def test_a_night_that_cannot_be_read_is_refused(given: str) -> None:
    assert "two times of day, such as 22:00-07:00, or none" in refused(NIGHT_HOURS=given)


@pytest.mark.parametrize(
    "url", ["ftp://app.example.org", "app.example.org", "https://", f"https://u:{SECRET}@a.example"]
)
def test_a_webhook_that_is_no_address_of_the_web_or_holds_a_login_is_refused(url: str) -> None:
    told = refused(WEBHOOK_URL=url, WEBHOOK_SECRET="s")
    assert told.startswith("WEBHOOK_URL must be a full address without a login")
    assert SECRET not in told


def test_a_webhook_without_a_secret_is_refused() -> None:
    assert refused(WEBHOOK_URL="https://app.example.org/x").startswith("WEBHOOK_URL needs a WEBHOOK_SECRET")


@pytest.mark.parametrize("length", [24, 64])
def test_a_webhook_is_signed_with_the_bytes_of_its_secret(length: int) -> None:
    key = bytes(range(length))
    secret = f"whsec_{b64encode(key).decode()}"
    assert Settings.from_environ({**WEBHOOK, "WEBHOOK_SECRET": secret}).webhook_secret == secret
    assert webhook_key(secret) == key


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(SECRET, id="another-form"),
        pytest.param(b64encode(bytes(32)).decode(), id="no-prefix"),
        pytest.param(f"whsec_{b64encode(bytes(23)).decode()}", id="short"),
        pytest.param(f"whsec_{b64encode(bytes(65)).decode()}", id="long"),
        pytest.param(f"whsec_{b64encode(bytes(32)).decode()[:-1]}", id="cut-off"),
        pytest.param(f"whsec_ä{b64encode(bytes(32)).decode()}", id="no-base64"),
    ],
)
def test_a_secret_of_another_form_than_receivers_take_is_refused(secret: str) -> None:
    told = refused(**WEBHOOK, WEBHOOK_SECRET=secret)
    assert told.startswith("WEBHOOK_SECRET must be whsec_")
    assert secret not in told


@pytest.mark.parametrize(("given", "private"), [("", False), ("no", False), ("yes", True)])
def test_a_webhook_reaches_private_networks_only_where_that_is_allowed(given: str, private: bool) -> None:
    assert Settings.from_environ({"WEBHOOK_PRIVATE": given}).webhook_private is private


def test_anything_but_yes_and_no_is_refused() -> None:
    assert refused(WEBHOOK_PRIVATE="true") == "WEBHOOK_PRIVATE must be yes or no."
