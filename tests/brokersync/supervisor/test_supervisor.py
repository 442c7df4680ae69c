from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from brokersync import supervisor
from brokersync.lease import KeeperFailed
from brokersync.supervisor.supervised import LONGEST_DELAY, restart_delay
from tests.brokersync.owners import ENDINGS, all_gone, owner, until

SLEEP = "exec sleep 60"
STUBBORN = "trap '' TERM; while :; do sleep 1; done"
# On TERM, a last look at the server that was to outlive it.
LAST_LOOK = """
import os, redis, signal, sys, time
def look(*_):
    time.sleep(0.5)
    print("it says", redis.Redis.from_url(os.environ["REDIS_URL"]).ping(), flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, look)
print("ready", flush=True)
time.sleep(60)
"""
OWNER = """
import json, os, pathlib, signal
from brokersync import embedded, supervisor
folder = pathlib.Path(os.environ["LOGS"])
with embedded.servers() as servers:
    environ = {**os.environ, "REDIS_URL": servers.redis_url}
    commands = json.loads(os.environ["COMMANDS"])
    with supervisor.running(commands, environ, folder, share=[servers.keeper]):
        print(json.dumps([servers.database_url]), flush=True)
        signal.pause()
"""


@pytest.mark.processes
def test_each_process_has_the_environment_a_log_and_this_pythons_programs(tmp_path: Path) -> None:
    commands = {"greeter": "echo hello $WHO; command -v pytest; " + SLEEP, "other": SLEEP}
    with supervisor.running(commands, {"WHO": "you", "PATH": os.environ["PATH"]}, tmp_path) as processes:
        log = processes.log("greeter")
        assert until(lambda: log.read_text().count("\n") == 2)
        assert log.read_text().splitlines() == ["hello you", str(Path(sys.executable).parent / "pytest")]
        assert processes.states() == {name: supervisor.State(alive=True, restarts=0) for name in commands}
    assert not any(state.alive for state in processes.states().values())


@pytest.mark.processes
def test_a_process_that_ends_by_itself_is_started_again(tmp_path: Path) -> None:
    with supervisor.running({"brief": "echo here", "long": SLEEP}, os.environ, tmp_path) as processes:
        assert until(lambda: processes.states()["brief"].restarts >= 2)
        assert processes.states()["long"].restarts == 0
        assert processes.log("brief").read_text().count("here") >= 2


@pytest.mark.processes
def test_who_does_not_heed_the_polite_signal_is_killed_with_all_it_started(tmp_path: Path) -> None:
    commands = {"stubborn": STUBBORN, "parent": "sleep 60 & echo $!; wait", "another": STUBBORN}
    with supervisor.running(commands, os.environ, tmp_path) as processes:
        assert until(lambda: processes.log("parent").read_text().strip().isdigit())
        grandchild = psutil.Process(int(processes.log("parent").read_text()))
        before = time.monotonic()
    assert time.monotonic() - before < 6
    assert until(lambda: all_gone([grandchild]), 1)


@pytest.mark.processes
@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_ends_the_owner_ends_the_processes_and_then_their_servers(
    ending: signal.Signals, tmp_path: Path
) -> None:
    commands = {"looker": f"exec \"{sys.executable}\" -c '{LAST_LOOK}'", "brief": "exit 1"}
    with owner(OWNER, LOGS=str(tmp_path), COMMANDS=json.dumps(commands)) as running:
        assert until(lambda: "ready" in (tmp_path / "looker.log").read_text())
        running.process.send_signal(ending)
        assert until(lambda: all_gone(running.family), 6)
        assert "it says True" in (tmp_path / "looker.log").read_text()


@pytest.mark.processes
def test_a_killed_keeper_leaves_no_process_behind(tmp_path: Path) -> None:
    with owner(OWNER, LOGS=str(tmp_path), COMMANDS=json.dumps({"one": SLEEP, "two": STUBBORN})) as running:
        keeper = next(process for process in running.family if "brokersync.supervisor" in process.cmdline())
        below = keeper.children(recursive=True)
        assert len(below) >= 2
        keeper.kill()
        assert until(lambda: all_gone([keeper, *below]), 2)


@pytest.mark.processes
def test_a_log_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(KeeperFailed, match="could not be run"),
        supervisor.running({"one": SLEEP}, os.environ, tmp_path / "missing"),
    ):
        pass


def test_a_process_that_keeps_dying_is_started_ever_more_seldom() -> None:
    delays = [restart_delay(deaths) for deaths in range(1, 20)]
    assert delays[:4] == [0.5, 1.0, 2.0, 4.0]
    assert delays[-1] == LONGEST_DELAY


def test_a_procfile_is_read_by_name(tmp_path: Path) -> None:
    procfile = tmp_path / "Procfile"
    procfile.write_text("# two\nweb: exec gunicorn --bind 127.0.0.1:${WEB_PORT:-8182}\nbeat: celery beat\n")
    assert supervisor.procfile_commands(procfile) == {
        "web": "exec gunicorn --bind 127.0.0.1:${WEB_PORT:-8182}",
        "beat": "celery beat",
    }
