"""Everything that the demo runs: data folder, servers, tables, and the processes of the Procfile with the sandbox."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import settings
from brokersync import datafolder, embedded, lease, supervisor
from brokersync.datafolder import DataFolder
from brokersync.demo.environment import demo_environ, process_environ
from brokersync.demo.given import given_servers, leave, make_room
from brokersync.demo.leftovers import Traces
from brokersync.demo.progress import Progress
from brokersync.demo.readiness import answers, tasks_seen, wait_for
from models import migrate

USER = "sandbox-demo"
"""Whom the demo links, in the words of a host application. Nobody's real user is called so."""

FOLDER_ENDED = "The keeper of the data folder has ended, so the demo ends too."
SANDBOX = "exec python -m sandbox"


class StageFell(Exception):
    """The demo cannot go on. The message says why."""


@dataclass(frozen=True)
class Stage:
    """What is running. `environ` is the content of `demo.env`; `settings` is what our own parts read from it."""

    environ: Mapping[str, str]
    settings: settings.Settings
    environment_file: Path
    processes: supervisor.Processes
    folder: lease.Keeper
    servers: lease.Keeper | None

    def states(self) -> dict[str, supervisor.State]:
        """The state of each process, by name. Raises `StageFell` when the data folder is gone, where they stand."""
        try:
            return self.processes.states()
        except FileNotFoundError:
            raise StageFell(FOLDER_ENDED) from None

    def check(self) -> None:
        """Raises `StageFell` when a keeper is gone: what it kept has ended, and nobody else starts it again."""
        if not self.folder.alive:
            raise StageFell(FOLDER_ENDED)
        if self.servers is not None and not self.servers.alive:
            raise StageFell("PostgreSQL or Valkey has ended, so the demo ends too.")
        if not any(state.alive for state in self.states().values()):
            raise StageFell("The supervisor of the processes has ended, and they with it, so the demo ends too.")


@dataclass(frozen=True)
class Servers:
    """Where PostgreSQL and Redis are, in names of the environment. `keeper` None: they are the caller's own."""

    addresses: Mapping[str, str]
    encryption_key: str | None
    keeper: lease.Keeper | None


@contextmanager
def put_up(progress: Progress, seed: int, notify: Sequence[str], traces: Traces) -> Iterator[Stage]:
    """Start all of it; the block runs when everything does its work. All of it ends with the block, and with us.

    `traces` is told what is made, before it is made.

    Raises `lease.KeeperFailed`, `readiness.NotReady`, `settings.NotConfigured`, and SQLAlchemy's errors.
    """
    with _folder(traces.parent) as kept, _servers(progress) as servers:
        folder = DataFolder(Path(kept.answer["folder"]))
        environ = demo_environ(servers.addresses, servers.encryption_key, seed, notify)
        traces.note(environ, own_servers=servers.keeper is not None)
        loaded = settings.Settings.from_environ(environ)
        with progress.step("Tables"):
            migrate.upgrade(loaded.require_database_url())
        folder.write_environment(environ)
        commands = {"sandbox": SANDBOX, **supervisor.procfile_commands()}
        # Whatever ends us: first the processes, then what they use.
        keepers = [kept, *([servers.keeper] if servers.keeper else [])]
        with supervisor.running(commands, process_environ(environ), folder.log, share=keepers) as processes:
            stage = Stage(environ, loaded, folder.environment, processes, kept, servers.keeper)
            _wait_for_all(stage, progress)
            yield stage


@contextmanager
def _folder(parent: Path) -> Iterator[lease.Keeper]:
    try:
        with lease.hold("brokersync.demo.keeper", str(parent)) as kept:
            yield kept
    finally:
        # Its keeper has done it, unless somebody killed it.
        datafolder.remove_leftovers(parent)


@contextmanager
def _servers(progress: Progress) -> Iterator[Servers]:
    given = given_servers()
    if given:
        key = os.environ.get("ENCRYPTION_KEY") or None
        loaded = settings.Settings.from_environ(given)
        with progress.step("Your PostgreSQL and Redis"):
            make_room(loaded.require_database_url(), loaded.require_celery_broker_url(), USER, key)
        try:
            yield Servers(given, key, None)
        finally:
            leave(loaded.require_database_url(), USER)
        return
    with ExitStack() as stack:
        with progress.step("PostgreSQL and Valkey, embedded"):
            started = stack.enter_context(embedded.servers())
        yield Servers({"DATABASE_URL": started.database_url, "REDIS_URL": started.redis_url}, None, started.keeper)


def _wait_for_all(stage: Stage, progress: Progress) -> None:
    environ = stage.environ

    def passing() -> None:
        stage.check()
        progress.passing()

    with progress.step("Sandbox broker and link page"):
        web = {
            "sandbox": answers(f"{environ['SCHWAB_BASE_URL']}/_sandbox/state"),
            "web": answers(f"{environ['PUBLIC_URL']}/readyz"),
        }
        wait_for(web, stage.processes, passing)
    with progress.step("Celery worker and beat"), tasks_seen(stage.settings.require_celery_broker_url()) as seen:
        # A worker that ran what beat sent shows that both work, and the way between them.
        working = {"worker": lambda: bool(seen()), "beat": lambda: "dispatch_due_connections" in seen()}
        wait_for(working, stage.processes, passing)
    with progress.step("Flower"):
        flower = {"flower": answers(f"http://127.0.0.1:{environ['FLOWER_PORT']}/healthcheck")}
        wait_for(flower, stage.processes, passing)
