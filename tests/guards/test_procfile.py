from __future__ import annotations

import re
import shlex
import subprocess

import pytest

import celeryconfig
from brokersync import reference, supervisor
from brokersync.lease import PROJECT
from oauth_web import gunicorn_config, logs, serve, tls
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


def test_the_web_process_is_the_one_that_the_web_command_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("os.execve", lambda _, command, environ: started.append([*command, environ["WEB_PORT"]]))
    monkeypatch.setattr("os.chdir", lambda _: None)
    serve.serve("127.0.0.1", 8182, tls=False)
    _, _, _, *ours, port = started[0]
    assert shlex.split(COMMANDS["web"].replace("${WEB_PORT:-8182}", "8182"))[1:] == ours
    assert port == tls.PORT == "8182"


def test_the_web_process_counts_in_one_memory_and_logs_no_path() -> None:
    assert gunicorn_config.workers == 1
    assert not re.search(r"%\([rUq]\)", gunicorn_config.access_log_format)
    assert logs.ROUTE_IN_ENVIRON in gunicorn_config.access_log_format


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
