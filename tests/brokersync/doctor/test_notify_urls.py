"""Whether Apprise can use what is in NOTIFY_URLS: its own process looks, and sends nothing."""

from __future__ import annotations

from brokersync.doctor import notify_urls
from brokersync.doctor.findings import Level
from settings import Settings

SECRET = "ersecret"


def test_an_address_that_apprise_cannot_use_is_a_fault_that_keeps_its_secret() -> None:
    (found,) = notify_urls.examine(Settings(notify_urls=f"json://127.0.0.1:1/x, nosuch://me:{SECRET}@example.org"))
    assert (found.level, found.check) == (Level.FAULT, "NOTIFY_URLS")
    assert "Address 2 nosuch://" in found.said
    assert SECRET not in str(found)


def test_addresses_that_apprise_takes_are_good() -> None:
    (found,) = notify_urls.examine(Settings(notify_urls=f"json://me:{SECRET}@127.0.0.1:1/x"))
    assert found.level is Level.OK
    assert SECRET not in str(found)


def test_without_any_there_is_nothing_to_say() -> None:
    assert notify_urls.examine(Settings()) == []
