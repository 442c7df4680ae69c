from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from brokersync import lease, sessions
from tests.brokersync.owners import until

pytestmark = pytest.mark.processes

KEEPER = """
import sys
from brokersync.lease import Lease
lease = Lease()
if sys.argv[1:] == ["silent"]:
    sys.exit(3)
lease.answer({"pid": str(__import__("os").getpid()), **({"error": sys.argv[2]} if sys.argv[1:2] == ["fail"] else {})})
while not lease.wait():
    pass
"""


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that only answers and waits."""
    (tmp_path / "only_a_lease.py").write_text(KEEPER)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    return "only_a_lease"


def test_a_keeper_lives_in_a_session_of_its_own_as_long_as_the_block(keeper: str) -> None:
    with lease.hold(keeper) as held:
        assert held.answer == {"pid": str(held.pid)}
        assert os.getsid(held.pid) == held.pid
        assert held.alive
    assert not held.alive


def test_a_keeper_that_cannot_do_its_work_says_why_to_its_owner(keeper: str) -> None:
    with pytest.raises(lease.KeeperFailed, match="no room"), lease.hold(keeper, "fail", "no room"):
        pass


def test_a_keeper_that_ends_without_a_word_is_noticed(keeper: str) -> None:
    with pytest.raises(lease.KeeperFailed, match="ended before it was ready"), lease.hold(keeper, "silent"):
        pass


def test_a_keeper_that_hangs_is_killed(keeper: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "KEEPER_GRACE", 0.2)
    with lease.hold(keeper) as held:
        psutil.Process(held.pid).suspend()
    assert not held.alive


@pytest.mark.skipif(not sessions.PROC.is_dir(), reason="only Linux tells the sessions of processes")
def test_what_a_killed_keeper_leaves_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "careless.py").write_text(
        "import subprocess, sys, json\n"
        "child = subprocess.Popen(['sleep', '30'], stdout=subprocess.DEVNULL)\n"
        "print(json.dumps({'pid': str(child.pid)}), flush=True)\nsys.stdin.read()\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    with lease.hold("careless") as held:
        child = psutil.Process(int(held.answer["pid"]))
        name = f"process {child.pid} (sleep)"
        assert name not in lease.survivors()
    try:
        assert name in lease.survivors()
    finally:
        child.kill()
    assert until(lambda: name not in lease.survivors())
