"""What the plugins promise to every test."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
import sqlalchemy

from tests.guards.tree import ROOT
from tests.plugins.given_servers import MARK, NoRoom, own_database, own_redis_database
from tests.plugins.servers import Addresses
from tests.plugins.sockets import SocketBlocked

SOMEWHERE = ("192.0.2.1", 443)  # an address for documentation: nobody answers there
LONG = "import pytest\n@pytest.mark.chaos\ndef test_hours(): pass\ndef test_moment(): pass\n"
SKIPPING = "import pytest\ndef test_one():\n    pytest.skip('chromium is not installed')\n"


def test_a_unit_test_reaches_no_other_program() -> None:
    with socket.socket() as client, pytest.raises(SocketBlocked):
        client.connect(("127.0.0.1", 9))
    with pytest.raises(SocketBlocked):
        socket.getaddrinfo("example.org", 443)


@pytest.mark.sockets
def test_a_test_with_sockets_stays_on_this_machine() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
    with socket.socket() as client, pytest.raises(SocketBlocked):
        client.connect(SOMEWHERE)


@pytest.mark.processes
@pytest.mark.parametrize(("no_skips", "code"), [("", 0), ("1", 1)])
def test_a_skip_passes_on_a_laptop_and_fails_in_ci(no_skips: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "tests.plugins.skips", "--rootdir", tmp_path, tmp_path],
        cwd=ROOT,
        env={**os.environ, "BROKERSYNC_NO_SKIPS": no_skips},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, "chromium is not installed" in ran.stdout) == (code, True)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("asked", "ran"), [([], "1 passed, 1 deselected"), (["-m", "chaos"], "1 passed, 1 deselected")]
)
def test_long_fault_runs_are_left_out_unless_asked_for_and_that_is_no_skip(
    asked: list[str], ran: str, tmp_path: Path
) -> None:
    (tmp_path / "test_long.py").write_text(LONG)
    plugins = ["-p", "tests.plugins.skips", "-p", "tests.plugins.chaos"]
    options = ["-q", "-W", "ignore", "-rA", *plugins, "--rootdir", str(tmp_path), str(tmp_path), *asked]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=ROOT,
        env={**os.environ, "BROKERSYNC_NO_SKIPS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, ran in done.stdout) == (0, True), done.stdout
    assert ("test_long.py::test_hours" in done.stdout) == bool(asked)


@pytest.mark.servers
def test_on_a_given_postgresql_a_database_is_made_and_dropped(servers: Addresses) -> None:
    with own_database(servers.database_url) as url:
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE ours (id int)")
        lingering = engine.connect()  # a test that left a connection open does not keep the database
    with pytest.raises(sqlalchemy.exc.OperationalError, match="does not exist"):
        engine.connect()
    lingering.invalidate()


@pytest.mark.servers
def test_on_a_given_redis_an_unused_number_is_taken_and_left_empty(servers: Addresses) -> None:
    def at(number: int) -> redis.Redis:
        return redis.Redis.from_url(urlsplit(servers.redis_url)._replace(path=f"/{number}").geturl())

    with redis.Redis.from_url(servers.redis_url) as marks, at(15) as somebodys, at(14) as taken:
        of_others = set(marks.scan_iter(f"{MARK}*"))
        somebodys.set("theirs", "1")
        with own_redis_database(servers.redis_url) as url:
            assert urlsplit(url).path == "/14"
            with own_redis_database(servers.redis_url) as another:
                assert urlsplit(another).path == "/13"
            assert taken.dbsize() == 0
            taken.set("ours", "1")
        assert taken.dbsize() == 0
        assert set(marks.scan_iter(f"{MARK}*")) == of_others
        assert somebodys.get("theirs") == b"1"
        somebodys.delete("theirs")


@pytest.mark.servers
def test_a_given_redis_without_an_unused_number_is_refused(servers: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.plugins.given_servers._is_empty", lambda client: False)
    with pytest.raises(NoRoom, match="REDIS_URL"), own_redis_database(servers.redis_url):
        pass
