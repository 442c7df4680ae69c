from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from brokersync import child
from brokersync.embedded import postgres, wheels
from brokersync.embedded.folder import private_folder
from brokersync.embedded.postgres import Postgres
from brokersync.embedded.server import ServerFailed

pytestmark = pytest.mark.processes


@pytest.fixture
def folder() -> Iterator[Path]:
    with private_folder(postgres.identity()) as place:
        yield place


def test_a_server_that_cannot_start_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgres.SETTINGS, "max_connections", "many")
    with pytest.raises(ServerFailed, match=r"PostgreSQL did not start: .*max_connections"):
        Postgres(folder, postgres.identity()).start()


def test_missing_wheels_are_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "find_spec", lambda name: None)
    with pytest.raises(wheels.NotInstalled, match=r"make demo.*DATABASE_URL and REDIS_URL"):
        wheels.postgres_package()


# Not skipped but absent for other users: only root has another user to become.
if os.geteuid() == 0:

    def test_as_root_programs_that_the_servers_user_cannot_reach_are_run_from_a_copy(
        folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with tempfile.TemporaryDirectory() as closed:  # mode 0700, as a clone under /root is
            package = wheels.postgres_package()
            for original in (package, package.with_name(package.name + ".libs")):
                shutil.copytree(original, Path(closed) / original.name)
            monkeypatch.setattr(wheels, "postgres_package", lambda: Path(closed) / package.name)
            server = Postgres(folder, postgres.identity())
            process = server.start()
            try:
                psycopg2.connect(server.url).close()
                assert Path(closed).stat().st_mode & 0o777 == 0o700
                assert str(folder) in Path(f"/proc/{process.pid}/cmdline").read_text().split("\0")[0]
            finally:
                child.stop({process: server.stop_signal})
