"""The README's five steps, walked once for all tests of this folder; the sandbox stands in for Schwab."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from brokersync.demo.browser import Browser
from tests.end_to_end.installation import until
from tests.oauth_web.served import free_port
from tests.plugins.given_servers import own_database, own_redis_database
from tests.plugins.servers import Addresses
from tests.readme import printed
from tests.readme.newcomer import LOAD, WAIT, Newcomer, copy_of_the_project

USER = "42"
# honcho's own exit code for it.
CTRL_C = 130


@pytest.fixture(scope="package")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """With a copy of the project, and nothing set up."""
    return _newcomer(tmp_path_factory.mktemp("newcomer"))


@pytest.fixture(scope="package")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """With a copy of their own, who only looks at the demo."""
    return _newcomer(tmp_path_factory.mktemp("visitor"))


def _newcomer(folder: Path) -> Newcomer:
    (folder / "home").mkdir()
    (folder / "project").mkdir()
    copy_of_the_project(folder / "project")
    return Newcomer(folder / "project", folder / "home")


@pytest.fixture(scope="package")
def demos(visitor: Newcomer) -> Iterator[list[Future[str]]]:
    """`make demo` and `make readme`, each a whole demo, at work in the background until somebody asks for the result."""
    with ThreadPoolExecutor() as pool:
        yield [
            pool.submit(visitor.run, "make demo", 'make demo ARGS="--once"'),
            pool.submit(visitor.run, "make readme"),
        ]


@pytest.fixture(scope="package")
def linked(newcomer: Newcomer, servers: Addresses, demos: list[Future[str]]) -> Iterator[Newcomer]:
    """After the five steps, with everything still running. `values` holds the ids that a reader would put in.

    `demos` only begin here, so that they and the steps share the machine.
    """
    (configure, load, prepare, start, link) = printed.steps()
    web, flower, sandbox = (free_port() for _ in range(3))
    with (
        own_database(servers.database_url) as database_url,
        own_redis_database(servers.redis_url) as redis_url,
    ):
        assert load == [LOAD]
        for command in configure:
            newcomer.run(command)
        _fill_in(
            newcomer.folder / ".env",
            DATABASE_URL=database_url.replace("+psycopg2", ""),
            REDIS_URL=redis_url,
            ENCRYPTION_KEY=newcomer.typed["brokersync new-key"].strip(),
            LINK_SERVICE_KEY=secrets.token_urlsafe(24),
            PUBLIC_URL=f"https://127.0.0.1:{web}",
            WEB_PORT=str(web),
            SCHWAB_CLIENT_ID="app-key",
            SCHWAB_CLIENT_SECRET=secrets.token_urlsafe(24),
            SCHWAB_REDIRECT_URI=f"https://127.0.0.1:{web}/oauth/callback",
            SCHWAB_BASE_URL=f"http://127.0.0.1:{sandbox}",
            FLOWER_BASIC_AUTH="operator:of-the-tests",
            FLOWER_PORT=str(flower),
        )
        newcomer.run(LOAD)
        newcomer.values |= {"database url": database_url, "web port": str(web), "flower port": str(flower)}
        started = f"brokersync sandbox start --port {sandbox} --tick-every 0 --json"
        with newcomer.running("brokersync sandbox start", instead=started) as schwab:
            schwab.wait_for(lambda: "}" in schwab.output)
            for command in prepare:
                newcomer.run(command)
            (honcho,) = start
            with newcomer.running(honcho, code=CTRL_C) as everything:
                certificate = newcomer.home / ".local" / "state" / "brokersync"
                everything.wait_for(lambda: "celery@" in everything.output and _answers(web, certificate))
                newcomer.values["certificate"] = str(next(certificate.iterdir()))
                _link(newcomer, link)
                yield newcomer


def _link(newcomer: Newcomer, commands: list[str]) -> None:
    make_link, *look = commands
    spare = make_link.replace(USER, "of-somebody-else")
    for command, sandbox_user in ((make_link, "demo"), (spare, "bob")):
        (url,) = re.findall(r"https://\S+", newcomer.run(command))
        open_link(newcomer, url, sandbox_user)
    until(lambda: all(row["checked_at"] for row in _rows(newcomer, "connections")), WAIT)
    for command in look:
        newcomer.run(command)
    (ours, theirs) = sorted(_rows(newcomer, "connections"), key=lambda row: row["user_id"] != USER)
    newcomer.values |= {
        "connection id": ours["id"][:8],
        "connection": theirs["id"][:8],
        "account id": next(row["id"] for row in _rows(newcomer, "accounts") if row["connection_id"] == ours["id"]),
    }


def open_link(newcomer: Newcomer, url: str, sandbox_user: str) -> None:
    """As a person who has told the browser to go on in spite of the certificate."""
    with Browser() as browser:
        browser._session.verify = newcomer.values["certificate"]
        login = browser.submit(browser.open(url))
        consent = browser.submit(login, {"username": sandbox_user, "password": "sandbox"})
        page = browser.submit(consent, press="allow")
    assert page.status == 200, str(page)


def _rows(newcomer: Newcomer, what: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(newcomer.run(f"brokersync {what} --json"))[what]
    return rows


def _fill_in(example: Path, **values: str) -> None:
    text = example.read_text()
    for name, value in values.items():
        text, times = re.subn(rf"^(# )?{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        assert times == 1, name
    example.write_text(text)


def _answers(port: int, certificate: Path) -> bool:
    files = list(certificate.glob("*.pem"))
    try:
        return bool(files) and requests.get(f"https://127.0.0.1:{port}/readyz", verify=files[0], timeout=5).ok
    except (requests.ConnectionError, OSError):
        return False
