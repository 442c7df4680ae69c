from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.installation import Installation, Linked, installed
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
