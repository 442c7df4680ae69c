"""A worker as a process of its own, seen by a client that has none of our code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.exceptions import TimeoutError as NoAnswer
from celery.result import AsyncResult

from models.session import Database

ANSWERS_WITHIN = 20


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    log: Path
    client: Celery

    def send(self, name: str, *arguments: Any) -> AsyncResult[Any]:
        return self.client.send_task(name, arguments, queue="brokersync")

    def answer(self, result: AsyncResult[Any]) -> Any:
        """The result of a task, or the exception that Celery makes of its failure."""
        try:
            return result.get(timeout=ANSWERS_WITHIN, propagate=False)
        except NoAnswer:
            pytest.fail(f"no answer came:\n{self.log.read_text()}")
        finally:
            result.forget()

    def call(self, name: str, *arguments: Any) -> Any:
        return self.answer(self.send(name, *arguments))

    def wait_for(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + ANSWERS_WITHIN
        while not condition():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def a_worker(
    app: str, database: Database, redis_url: str, encryption_key: str, log: Path, **environ: str
) -> Iterator[Running]:
    """`app` is the module that holds the Celery application; `environ` what is set beside the addresses and the key."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("SCHWAB_", "CELERY_", "LIVE_"))}
    environ |= {
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "REDIS_URL": redis_url,
        "ENCRYPTION_KEY": encryption_key,
    }
    command = [sys.executable, "-m", "celery", "-A", app, "worker", "--loglevel=INFO"]
    command += ["--without-gossip", "--without-mingle"]
    client = Celery(broker=redis_url, backend=redis_url)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=others | environ, stdout=output, stderr=output, cwd=Path(__file__).parents[2]
        )
    try:
        yield Running(process, log, client)
    finally:
        process.kill()
        process.wait()
        client.close()
