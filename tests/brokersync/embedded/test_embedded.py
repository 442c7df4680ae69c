from __future__ import annotations

import os
import pwd
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg2
import pytest
import redis

from brokersync import embedded
from brokersync.embedded import wheels
from brokersync.lease import PROJECT
from tests.brokersync.owners import ENDINGS, all_gone, owner, until

pytestmark = pytest.mark.processes

OWNER = """
import json, signal
from brokersync import embedded
with embedded.servers() as servers:
    print(json.dumps([servers.database_url, servers.redis_url, servers.keeper.pid]), flush=True)
    signal.pause()
"""


def socket_folder(database_url: str) -> Path:
    return Path(parse_qs(urlsplit(database_url).query)["host"][0])


def can_connect(port: int | None) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def modes(path: Path) -> dict[Path, int]:
    return {place: place.stat().st_mode for place in (path, *path.parents)}


@pytest.fixture(scope="module")
def servers() -> Iterator[embedded.Servers]:
    with embedded.servers() as started:
        yield started


def test_both_servers_answer(servers: embedded.Servers) -> None:
    connection = psycopg2.connect(servers.database_url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('timezone'), current_setting('server_encoding'), 1 + 1")
        assert cursor.fetchone() == ("UTC", "UTF8", 2)
    connection.close()
    with redis.Redis.from_url(servers.redis_url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_nobody_gets_in_without_the_password(servers: embedded.Servers) -> None:
    with pytest.raises(psycopg2.OperationalError, match="no password"):
        psycopg2.connect(f"postgresql://brokersync@/brokersync?host={socket_folder(servers.database_url)}")
    with socket.create_connection(("127.0.0.1", urlsplit(servers.redis_url).port or 0)) as client:
        client.sendall(b"PING\r\n")
        assert client.recv(100).startswith(b"-NOAUTH")


def test_only_their_owner_can_look_into_the_folder(servers: embedded.Servers) -> None:
    folder = socket_folder(servers.database_url)
    assert folder.stat().st_mode & 0o077 == 0
    assert folder.parent.stat().st_mode & 0o067 == 0


def test_a_second_start_leaves_the_folder_of_the_first_alone_and_both_are_gone_after_their_block(
    servers: embedded.Servers,
) -> None:
    with embedded.servers() as second:
        folder = socket_folder(second.database_url)
        family = psutil.Process(second.keeper.pid).children(recursive=True)
    assert all_gone(family)
    assert not folder.exists()
    assert not can_connect(urlsplit(second.redis_url).port)
    psycopg2.connect(servers.database_url).close()


@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_ends_the_owner_ends_the_servers_and_removes_their_folder(ending: signal.Signals) -> None:
    with owner(OWNER) as running:
        database_url, redis_url, _ = running.said
        assert len(running.family) > 3
        running.process.send_signal(ending)
        assert until(lambda: all_gone(running.family))
        assert until(lambda: not socket_folder(database_url).parent.exists())
        assert not can_connect(urlsplit(redis_url).port)


def test_a_killed_keeper_takes_the_servers_along_and_the_next_start_removes_its_folder() -> None:
    with owner(OWNER) as running:
        database_url, _, keeper = running.said
        folder = socket_folder(database_url).parent
        os.kill(keeper, signal.SIGKILL)
        assert until(lambda: all_gone(running.family))
        assert folder.exists()
        with embedded.servers():
            assert not folder.exists()


def test_no_folder_changes_its_mode_and_no_user_is_added() -> None:
    places = (wheels.postgres_package(), wheels.valkey_server(), Path(tempfile.gettempdir()), PROJECT)
    before, users = [modes(place) for place in places], pwd.getpwall()
    with embedded.servers() as servers:
        assert [modes(place) for place in places] == before
    assert [modes(place) for place in places] == before
    assert pwd.getpwall() == users
    assert not socket_folder(servers.database_url).parent.exists()


@pytest.mark.parametrize("name", ["with a space", "long" * 25])
def test_a_temporary_folder_with_spaces_or_a_long_path_works(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as parent:
        place = Path(parent) / name
        place.mkdir()
        Path(parent).chmod(0o711)  # as /tmp is: the server may run as another user
        monkeypatch.setenv("TMPDIR", str(place))
        with embedded.servers() as servers:
            psycopg2.connect(servers.database_url).close()
            assert socket_folder(servers.database_url).is_relative_to(place) == (" " in name)
