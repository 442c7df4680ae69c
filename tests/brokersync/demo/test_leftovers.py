from __future__ import annotations

import socket
from pathlib import Path

import pytest

from brokersync.demo import leftovers
from brokersync.demo.leftovers import SomethingLeft, Traces

pytestmark = pytest.mark.sockets


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "PATIENCE", 0.1)
    monkeypatch.setattr(leftovers.lease, "survivors", list)


def environ(home: Path, port: int) -> dict[str, str]:
    return {
        **dict.fromkeys(leftovers.PORTS, "1"),
        "REDIS_URL": f"redis://:word@127.0.0.1:{port}/0",
        "DATABASE_URL": f"postgresql://u:word@/x?host={home}",
    }


def test_a_demo_that_left_nothing_may_say_so(tmp_path: Path) -> None:
    traces = Traces(tmp_path)
    traces.check()
    traces.note(environ(tmp_path / "gone", 1), own_servers=True)
    traces.check()


def test_each_thing_that_is_left_is_named_and_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".brokersync" / "log").mkdir(parents=True)
    monkeypatch.setattr(leftovers.lease, "survivors", lambda: ["process 7 (worker)"])
    traces = Traces(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        traces.note(environ(tmp_path, port), own_servers=True)
        with pytest.raises(SomethingLeft) as found:
            traces.check()
    assert str(found.value) == (
        f"Stopped, but not all of the demo is gone. Left are: process 7 (worker); port {port} (Valkey); "
        f"{tmp_path / '.brokersync' / 'log'}; {tmp_path}."
    )


def test_the_callers_own_servers_may_stay(tmp_path: Path) -> None:
    traces = Traces(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        traces.note(environ(tmp_path, listening.getsockname()[1]), own_servers=False)
        traces.check()


def test_somebody_elses_files_in_the_folder_may_stay(tmp_path: Path) -> None:
    (tmp_path / ".brokersync").mkdir()
    (tmp_path / ".brokersync" / "notes").touch()
    Traces(tmp_path).check()
