from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.end_to_end.installation import Installation, Linked, installed
from tests.end_to_end.sink import WEBHOOK_SECRET, Sink, sink
from tests.plugins.given_servers import own_database, own_redis_database
from tests.plugins.servers import Addresses


@pytest.fixture(scope="package")
def whole(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all end-to-end tests; each test links logins of its own."""
    folder = tmp_path_factory.mktemp("logs")
    with (
        own_database(servers.database_url) as database_url,
        own_redis_database(servers.redis_url) as redis_url,
        installed(database_url, redis_url, folder) as installation,
    ):
        yield installation


@pytest.fixture
def installation(whole: Installation) -> Iterator[Installation]:
    """The installation, with no fault waiting in the sandbox before or after the test."""
    whole.clear_faults()
    yield whole
    whole.clear_faults()


@pytest.fixture(scope="package")
def demo_login(whole: Installation) -> Linked:
    return whole.link("demo", "user-1")


@pytest.fixture
def demo(installation: Installation, demo_login: Linked) -> Linked:
    """The login of the sandbox's `demo` person, in order, just synced, with nothing due."""
    demo_login.settle()
    return demo_login


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking", "--disable-sync"]
        )
        context = browser.new_context(viewport={"width": 390, "height": 844})
        try:
            yield context.new_page()
        finally:
            context.close()
            browser.close()


@pytest.fixture(scope="package")
def heard() -> Iterator[Sink]:
    """What people and the webhook of `told` are sent."""
    with sink() as started:
        yield started


@pytest.fixture(scope="package")
def _told(servers: Addresses, heard: Sink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("logs")
    telling = {
        "NOTIFY_URLS": f"json://127.0.0.1:{heard.port}/people",
        "WEBHOOK_URL": f"http://127.0.0.1:{heard.port}/webhook",
        "WEBHOOK_SECRET": WEBHOOK_SECRET,
        "WEBHOOK_PRIVATE": "yes",
    }
    with (
        own_database(servers.database_url) as database_url,
        own_redis_database(servers.redis_url) as redis_url,
        installed(database_url, redis_url, folder, **telling) as installation,
    ):
        yield installation


@pytest.fixture
def told(_told: Installation) -> Iterator[Installation]:
    """An installation of its own, since its clock is turned, that tells people and a webhook. No fault waits in it."""
    _told.clear_faults()
    yield _told
    _told.clear_faults()
