"""A whole installation of real processes: sandbox, web, worker and beat, on servers of the test run."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import redis
import requests
import sqlalchemy
from celery import Celery
from cryptography.fernet import Fernet

from brokersync import supervisor
from brokersync.demo.browser import Browser, Page
from models import migrate

Result = TypeVar("Result")

WAIT = 30.0


@dataclass
class Installation:
    """What a host application and an operator see of it, and the sandbox's controls."""

    environ: Mapping[str, str]
    sandbox_url: str
    processes: supervisor.Processes
    engine: sqlalchemy.Engine
    redis: redis.Redis
    celery: Celery

    def new_link(self, user_id: str, **more: str) -> str:
        answer = requests.post(
            f"{self.environ['PUBLIC_URL']}/links",
            json={"user_id": user_id, "broker": "schwab", **more},
            headers={"Authorization": f"Bearer {self.environ['LINK_SERVICE_KEY']}"},
            timeout=WAIT,
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"])

    def link(self, sandbox_user: str, user_id: str) -> Linked:
        """Link as a person would and wait for the rows that beat and worker bring."""
        (before,) = self.rows("SELECT clock_timestamp()")[0]
        page = follow_link(self.new_link(user_id), sandbox_user)
        assert page.status == 200, str(page)
        ((connection_id,),) = until(
            lambda: self.rows(
                "SELECT id FROM connections c WHERE user_id = :u AND checked_at > :b AND claim_id IS NULL AND NOT EXISTS"
                " (SELECT FROM accounts WHERE connection_id = c.id AND published_version < version)",
                u=user_id,
                b=before,
            )
        )
        return Linked(self, user_id, str(connection_id), sandbox_user)

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            result = connection.execute(sqlalchemy.text(query), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def control(self, path: str, **asked: Any) -> Any:
        answer = requests.post(f"{self.sandbox_url}/_sandbox/{path}", json=asked, timeout=WAIT)
        assert answer.ok, answer.text
        return answer.json()

    def clear_faults(self) -> None:
        requests.delete(f"{self.sandbox_url}/_sandbox/faults", timeout=WAIT)

    def sandbox_accounts(self, user: str) -> list[dict[str, Any]]:
        state = requests.get(f"{self.sandbox_url}/_sandbox/state", timeout=WAIT).json()
        return next(each["accounts"] for each in state["users"] if each["user"] == user)

    def document(self, key: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(str(self.redis.get(key)), parse_float=Decimal, parse_int=Decimal)
        return document

    def call(self, task: str, *arguments: Any) -> Any:
        """Call a task by name, as another program would, and wait for what it returns or raises."""
        result = self.celery.send_task(task, arguments, queue="brokersync")
        return result.get(timeout=WAIT)


@dataclass
class Linked:
    """One linked login."""

    installation: Installation
    user_id: str
    connection_id: str
    sandbox_user: str

    def sync(self) -> Any:
        return self.installation.call("sync_connection", self.connection_id)

    def accounts(self) -> dict[str, str]:
        """Account ids by the last three digits of their number."""
        query = "SELECT right(masked, 3), account_id FROM v_accounts WHERE user_id = :u"
        return {ending: str(account) for ending, account in self.installation.rows(query, u=self.user_id)}

    def everything(self) -> list[list[tuple[Any, ...]]]:
        """Every account and position row of this login, with where it lies: equal before and after means untouched."""
        return [
            self.installation.rows(query, c=self.connection_id)
            for query in (
                "SELECT ctid, xmin, * FROM accounts WHERE connection_id = :c ORDER BY id",
                "SELECT p.ctid, p.xmin, p.* FROM positions p JOIN accounts a ON a.id = p.account_id"
                " WHERE a.connection_id = :c ORDER BY account_id, instrument_key",
            )
        ]

    def settle(self) -> None:
        """Leave the login as if nothing had ever failed, with nothing due for an hour."""
        self.installation.rows(
            "UPDATE connections SET status = 'active', next_sync_at = now() + interval '1 hour', claim_id = NULL,"
            " claim_until = NULL, claim_started_at = NULL, consecutive_failures = 0, unfinished_attempts = 0,"
            " last_error_kind = NULL, last_error_text = NULL"
            " WHERE id = :c",
            c=self.connection_id,
        )
        assert self.sync()["outcome"] in {"ok", "unchanged"}

    def expire_access(self) -> None:
        """Let the access token be at its end, so that the next sync refreshes first."""
        self.installation.rows(
            "UPDATE credentials SET access_expires_at = now() WHERE connection_id = :c", c=self.connection_id
        )

    def status(self) -> str:
        return str(
            self.installation.rows("SELECT status FROM v_connections WHERE connection_id = :c", c=self.connection_id)[
                0
            ][0]
        )


def follow_link(url: str, sandbox_user: str) -> Page:
    """Open a one-time link, log in at the sandbox, allow all accounts; the page at the end of it."""
    with Browser() as browser:
        sign_in = browser.submit(browser.open(url))
        consent = browser.submit(sign_in, {"username": sandbox_user, "password": "sandbox"})
        return browser.submit(consent, press="allow")


def until(look: Callable[[], Result], wait: float = WAIT) -> Result:
    """Look until there is something; what there is."""
    end = time.monotonic() + wait
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.1)


@contextmanager
def installed(
    database_url: str, redis_url: str, folder: Path, *, more_people: int = 0, **more: str
) -> Iterator[Installation]:
    """Start everything and wait until it answers. The cadence is slow, so that only what a test asks for happens.

    `more_people` live in the sandbox besides; `more` is set in the environment too.
    """
    web, sandbox = _free_port(), _free_port()
    migrate.upgrade(database_url)
    environ = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}},
        "DATABASE_URL": database_url.replace("+psycopg2", ""),
        "REDIS_URL": redis_url,
        "ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "FLOWER_BASIC_AUTH": "operator:of-the-tests",
        "LINK_SERVICE_KEY": "service-key-of-the-tests",
        "PUBLIC_URL": f"http://127.0.0.1:{web}",
        "WEB_PORT": str(web),
        "SYNC_INTERVAL": "3600",
        "FRESHNESS_LIMIT": "1",
        "SCHWAB_CLIENT_ID": "app-key",
        "SCHWAB_CLIENT_SECRET": "app-secret",
        "SCHWAB_REDIRECT_URI": f"http://127.0.0.1:{web}/oauth/callback",
        "SCHWAB_BASE_URL": f"http://127.0.0.1:{sandbox}",
        **more,
    }
    commands = {name: supervisor.procfile_commands()[name] for name in ("web", "worker", "beat")}
    commands["sandbox"] = f"exec python -m sandbox --port {sandbox} --seed 7 --tick-every 0 --more-people {more_people}"
    engine = sqlalchemy.create_engine(database_url, poolclass=sqlalchemy.NullPool)
    celery = Celery(broker=redis_url, backend=redis_url)
    with (
        supervisor.running(commands, environ, folder) as processes,
        redis.Redis.from_url(redis_url, decode_responses=True) as client,
    ):
        try:
            for url in (f"{environ['PUBLIC_URL']}/readyz", f"{environ['SCHWAB_BASE_URL']}/_sandbox/state"):
                until(lambda url=url: _answers(url))
            yield Installation(environ, environ["SCHWAB_BASE_URL"], processes, engine, client, celery)
        finally:
            celery.close()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=WAIT).ok
    except requests.ConnectionError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
