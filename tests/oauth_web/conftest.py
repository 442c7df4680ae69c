from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from models.session import Database
from oauth_web.app import create_app
from settings import Settings
from tests.oauth_web.given import PUBLIC_URL, SERVICE_KEY, Browser, Host, LoginBroker


@pytest.fixture
def broker() -> LoginBroker:
    return LoginBroker()


@pytest.fixture
def make_app(broker: LoginBroker, database_url: str, database: Database) -> Iterator[Callable[..., Flask]]:
    """An app on the run's database with other settings, as the environment would hold them."""
    made: list[Flask] = []

    def make(**environ: str) -> Flask:
        full = {
            "DATABASE_URL": database_url,
            "PUBLIC_URL": PUBLIC_URL,
            "LINK_SERVICE_KEY": SERVICE_KEY,
            "RETURN_URLS": "https://host.example/app",
            **environ,
        }
        app = create_app(Settings.from_environ(full), full, {"fake": broker})
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["oauth_web"].database.close()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def host(app: Flask) -> Host:
    return Host(app)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def another_browser(app: Flask) -> Browser:
    return Browser(app)
