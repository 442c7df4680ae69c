"""PgBouncer in transaction mode before the run's PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from tempfile import NamedTemporaryFile

import pytest
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from models.session import Database

SETTINGS = """
[databases]
pooled = host={host} port={port} dbname={database} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
"""


@pytest.fixture
def pooled(database_url: str, system_program: Callable[[str], str]) -> Iterator[Database]:
    """A database seen through PgBouncer."""
    program = system_program("pgbouncer")
    url = sqlalchemy.make_url(database_url)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen_port = probe.getsockname()[1]
    settings = SETTINGS.format(
        host=url.host or url.query["host"],
        port=url.port or 5432,
        database=url.database,
        user=url.username,
        password=url.password,
        listen_port=listen_port,
    )
    with NamedTemporaryFile("w", suffix=".ini") as file:
        file.write(settings)
        file.flush()
        as_user = []
        if os.geteuid() == 0:  # which PgBouncer refuses to be
            shutil.chown(file.name, "nobody")
            as_user = ["-u", "nobody"]
        yield from _running([program, *as_user, file.name], f"{url.username}@127.0.0.1:{listen_port}")


def _running(arguments: list[str], place: str) -> Iterator[Database]:
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL) as server:
        database = Database(f"postgresql+psycopg2://{place}/pooled")
        try:
            _until_it_answers(database)
            yield database
        finally:
            database.close()
            server.kill()


def _until_it_answers(database: Database) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            with database.session() as session:
                session.execute(text("SELECT 1"))
            return
        except OperationalError:
            assert time.monotonic() < end, "PgBouncer does not answer"
            time.sleep(0.05)
