"""Waiting until each process does its work, not merely runs; and saying why one does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests
from celery import Celery
from kombu.exceptions import OperationalError

from brokersync.supervisor import Processes

PATIENCE = 60.0
PAUSE = 0.05
# One that ends so often while it starts will not start.
HOPELESS_RESTARTS = 3
LOG_LINES = 12

Ask = Callable[[], bool]


class NotReady(Exception):
    """A process does not do its work. The message names it and holds the end of its log."""


def wait_for(asked: Mapping[str, Ask], processes: Processes, passing: Callable[[], None]) -> None:
    """Until every question, by the name of the process that is to answer it, was answered with yes.

    `passing` is called between the questions. Raises `NotReady`.
    """
    pending = dict(asked)
    deadline = time.monotonic() + PATIENCE
    while pending:
        passing()
        states = processes.states()
        for name, ask in list(pending.items()):
            if ask():
                del pending[name]
            elif states[name].restarts >= HOPELESS_RESTARTS:
                raise NotReady(f"{name} ends as soon as it is started. {end_of_log(processes.log(name))}")
        if pending and time.monotonic() > deadline:
            name = next(iter(pending))
            raise NotReady(f"{name} did not answer within {PATIENCE:.0f} s. {end_of_log(processes.log(name))}")
        time.sleep(PAUSE if pending else 0)


def end_of_log(log: Path) -> str:
    """What a person needs of a log that is about to be removed."""
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:] if log.exists() else []
    return "\n".join(["The end of its log:", *(f"  {line}" for line in lines)] if lines else ["Its log is empty."])


def answers(address: str) -> Ask:
    """Whether a web server there says that all is well."""

    def ask() -> bool:
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.get(address, timeout=(1, 5)).status_code == 200
            except requests.RequestException:
                return False

    return ask


@contextmanager
def tasks_seen(broker_url: str) -> Iterator[Callable[[], Mapping[str, int]]]:
    """A question to the workers of that broker: how often each task ran, by its name. Empty while none answers."""
    with Celery(broker=broker_url, set_as_current=False) as app:

        def ask() -> Mapping[str, int]:
            try:
                replies = app.control.inspect(limit=1, timeout=0.5).stats() or {}
            except OperationalError:
                return {}
            return {name: count for reply in replies.values() for name, count in reply["total"].items()}

        yield ask
