from __future__ import annotations

import re
import subprocess

import pytest

import celeryconfig
from brokersync import reference, supervisor
from brokersync.lease import PROJECT
from oauth_web import parts, serve
from tests.guards.tree import ROOT

COMMANDS = supervisor.procfile_commands()


def test_the_four_processes_are_there() -> None:
    assert list(COMMANDS) == ["web", "worker", "beat", "flower"]


def test_the_worker_reads_the_queues_that_celeryconfig_names() -> None:
    named = {queue.name for queue in getattr(celeryconfig, "task_queues", ())} | {celeryconfig.task_default_queue}
    (read,) = re.findall(r"--queues (\S+)", COMMANDS["worker"])
    assert set(read.split(",")) == named


def test_whatever_listens_listens_on_this_machine_only() -> None:
    assert re.findall(r"--bind ([\d.]+):", COMMANDS["web"]) == ["127.0.0.1"]
    assert re.findall(r"--address=([\d.]+) ", COMMANDS["flower"]) == ["127.0.0.1"]
    assert not re.search(r"0\.0\.0\.0|\[::\]", "".join(COMMANDS.values()))


def test_the_web_process_threads_and_logs_as_the_web_command_does() -> None:
    # That command's format names the route; a path would hold a one-time link, a query a code.
    assert re.findall(r"--access-logformat '([^']*)'", COMMANDS["web"]) == [serve.ACCESS_LOG_FORMAT]
    assert re.findall(r"--threads (\d+)", COMMANDS["web"]) == [str(parts.THREADS)]
    assert "--workers 1 " in COMMANDS["web"]


@pytest.mark.processes
def test_flower_does_not_start_without_a_login() -> None:
    tried = subprocess.run(
        ["/bin/sh", "-c", COMMANDS["flower"]],
        cwd=PROJECT,
        env={},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert tried.returncode != 0
    assert "user:password" in tried.stderr


def test_no_login_is_put_on_a_command_line() -> None:
    assert not re.search(r"--basic[-_]auth", COMMANDS["flower"])


def test_what_the_procfile_reads_is_declared_with_the_same_default() -> None:
    read = dict(re.findall(r"\$\{([A-Z_]+):-?([^}?]*)", " ".join(COMMANDS.values())))
    declared = {variable.name: variable.default or "" for variable in reference.PROCFILE_VARIABLES}
    assert read == declared
    # honcho gives every process a PORT of its own, so this name means nothing here.
    assert "$PORT" not in (ROOT / "Procfile").read_text()
