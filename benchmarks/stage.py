"""Where all figures are taken: servers of their own, the stand-in for the broker, and the parts of a worker."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from benchmarks import floor_tables, stand_in
from benchmarks.floor import Floor
from benchmarks.stand_in import StandIn
from brokersync import embedded
from brokersync.lease import Keeper
from models import migrate
from models.sealing import keyring
from models.session import Database
from settings import VARIABLES, Settings
from worker.parts import Parts
from worker.publisher import Publisher

_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True)
class Stage:
    """`environ` is for processes, `keepers` what they must not outlive, `parts` and `floor` are this process's own."""

    environ: Mapping[str, str]
    folder: Path
    stand_in: StandIn
    parts: Parts
    floor: Floor
    keepers: Sequence[Keeper] = ()


@contextmanager
def with_own_servers() -> Iterator[Stage]:
    """Start everything. Raises `brokersync.lease.KeeperFailed`, whose message says why something is not up."""
    with embedded.servers() as servers, on(servers.database_url, servers.redis_url, (servers.keeper,)) as stage:
        yield stage


@contextmanager
def on(database_url: str, redis_url: str, keepers: Sequence[Keeper] = ()) -> Iterator[Stage]:
    """On servers that run already: an empty database, and a Redis. Raises as `stand_in.running`."""
    with ExitStack() as stack:
        broker = stack.enter_context(stand_in.running())
        environ = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "ENCRYPTION_KEY": Fernet.generate_key().decode(),
            "SCHWAB_CLIENT_ID": "app-key",
            "SCHWAB_CLIENT_SECRET": "app-secret",
            "SCHWAB_REDIRECT_URI": "https://127.0.0.1:8182/oauth/callback",
            "SCHWAB_BASE_URL": broker.url,
        }
        stack.enter_context(_in_environment(environ))
        settings = Settings.from_environ(environ)
        url = settings.require_database_url()
        migrate.upgrade(url)
        # As in `worker.app`, for one thread.
        parts = Parts(settings, Database(url), Publisher(settings.require_live_data_redis_url()), environ)
        stack.callback(parts.close)
        floor_tables.make(parts.database)
        floor = stack.enter_context(Floor(broker.url, url, redis_url))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="brokersync-bench-")))
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        yield Stage(kept | environ, folder, broker, parts, floor, keepers)


@contextmanager
def _in_environment(environ: Mapping[str, str]) -> Iterator[None]:
    """For what reads this process's environment: the keys that seal, and Celery. What the shell set of ours is put aside."""
    names = {variable.name for variable in VARIABLES} | set(environ)
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ.update(environ)
    keyring.cache_clear()
    try:
        yield
    finally:
        keyring.cache_clear()
        for name in environ:
            del os.environ[name]
        os.environ.update(before)
