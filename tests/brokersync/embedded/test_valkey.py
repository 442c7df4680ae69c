from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from brokersync import child
from brokersync.embedded import valkey
from brokersync.embedded.server import ServerFailed
from brokersync.embedded.valkey import Valkey

pytestmark = pytest.mark.processes


def test_a_port_that_somebody_took_meanwhile_is_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        taken, free = somebody.getsockname()[1], valkey._free_port()
        ports = iter([taken, free])
        monkeypatch.setattr(valkey, "_free_port", lambda: next(ports))
        server = Valkey(tmp_path)
        process = server.start()
        child.stop({process: server.stop_signal})
    assert urlsplit(server.url).port == free


def test_a_server_that_never_gets_a_port_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        monkeypatch.setattr(valkey, "_free_port", lambda: somebody.getsockname()[1])
        monkeypatch.setattr(valkey, "ATTEMPTS", 2)
        with pytest.raises(ServerFailed, match="Address already in use"):
            Valkey(tmp_path).start()


def test_the_password_is_on_no_command_line(tmp_path: Path) -> None:
    server = Valkey(tmp_path)
    process = server.start()
    try:
        assert process.args == [str(valkey.wheels.valkey_server()), str(tmp_path / "valkey" / "valkey.conf")]
        assert (tmp_path / "valkey" / "valkey.conf").stat().st_mode & 0o077 == 0
    finally:
        child.stop({process: server.stop_signal})
