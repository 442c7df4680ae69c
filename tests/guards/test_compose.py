"""deploy/compose.yaml and its image: well-formed, the Procfile's commands, open to this machine only, no tools inside."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import Any

import pytest
from ruamel.yaml import YAML

from brokersync import reference, supervisor
from oauth_web.tls import state_folder
from tests.guards.tree import ROOT
from worker import limits

COMPOSE = ROOT / "deploy" / "compose.yaml"
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
DOCUMENT: dict[str, Any] = YAML(typ="safe").load(COMPOSE)
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "brokersync"}


def schema_faults(path: str) -> tuple[int, str]:
    """What the schema of the Compose Specification says; the package carries it, so nothing is downloaded."""
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return checked.returncode, checked.stdout


@pytest.mark.processes
def test_the_compose_file_is_what_the_compose_specification_says() -> None:
    assert schema_faults(str(COMPOSE)) == (0, "ok -- validation done\n")


@pytest.mark.processes
def test_a_mistake_in_a_compose_file_is_found(tmp_path: Any) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.read_text().replace("stop_grace_period", "stop_grace_time"))
    status, said = schema_faults(str(wrong))
    assert status == 1
    assert "'stop_grace_time' was unexpected" in said


@pytest.mark.processes
def test_docker_reads_the_compose_file_where_there_is_one() -> None:
    """Nothing is skipped where there is none: the schema has been checked, and what follows looks at the contents."""
    docker = ["docker", "compose", "--file", str(COMPOSE), "config", "--quiet", "--no-env-resolution"]
    given = {"PATH": "/usr/local/bin:/usr/bin:/bin", "POSTGRES_PASSWORD": "word", "FLOWER_BASIC_AUTH": "user:word"}
    try:
        subprocess.run(["docker", "compose", "version"], env=given, capture_output=True, timeout=60, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return
    subprocess.run(docker, env=given, capture_output=True, timeout=60, check=True)


@pytest.mark.parametrize("name", supervisor.procfile_commands())
def test_a_service_starts_what_the_procfile_starts(name: str) -> None:
    command = supervisor.procfile_commands()[name].rpartition("exec ")[2]
    for variable in reference.PROCFILE_VARIABLES:
        command = command.replace(f"${{{variable.name}:-{variable.default}}}", str(variable.default))
    # Inside a container a process listens to all of its network; what is published is another matter.
    inside = [re.sub(r"\b0\.0\.0\.0\b", "127.0.0.1", word) for word in SERVICES[name]["command"]]
    assert inside == shlex.split(command)


def test_what_is_published_is_published_on_this_machine_only() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {
        "web": ["127.0.0.1:${WEB_PORT:-8182}:8182"],
        "flower": ["127.0.0.1:${FLOWER_PORT:-5555}:5555"],
    }


def test_only_declared_variables_are_read_and_no_secret_has_a_default() -> None:
    declared = {variable.name: variable.default for variable in reference.environment()}
    for name, default in re.findall(r"(?<!\$)\$\{(\w+)(?::-(\w+))?", COMPOSE.read_text()):
        assert declared[name] == (default or None)


def test_the_worker_may_finish_a_sync_before_it_is_killed() -> None:
    grace = int(SERVICES["worker"]["stop_grace_period"].removesuffix("s"))
    assert grace > (limits.SYNC_DEADLINE + limits.WATCHDOG_GRACE).total_seconds()


def test_nothing_starts_before_the_tables_are_there() -> None:
    waiting = {name for name, service in OURS.items() if "migrate" in service["depends_on"]}
    assert waiting == OURS.keys() - {"migrate"} == supervisor.procfile_commands().keys()
    assert OURS["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_our_services_read_the_env_of_the_readme_and_may_write_to_no_file_of_the_image() -> None:
    for service in OURS.values():
        assert (COMPOSE.parent / service["env_file"]).resolve() == ROOT / ".env"
        assert (service["read_only"], service["tmpfs"]) == (True, ["/tmp"])
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_a_process_that_a_service_leaves_behind_is_reaped_and_a_signal_reaches_it() -> None:
    assert [name for name, service in OURS.items() if service["init"] is not True] == []


def test_what_must_outlive_a_container_is_kept_where_its_program_puts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    (state_home,) = re.findall(r"\bXDG_STATE_HOME=(\S+)", DOCKERFILE)
    monkeypatch.setenv("XDG_STATE_HOME", state_home)
    kept = {name: service["volumes"] for name, service in SERVICES.items() if "volumes" in service}
    assert kept == {
        "postgres": ["postgres:/var/lib/postgresql"],
        "valkey": ["valkey:/data"],
        "web": [f"state:{state_folder()}"],
    }
    assert DOCUMENT["volumes"].keys() == {"postgres", "valkey", "state"}


def test_redis_keeps_messages_and_throws_none_away() -> None:
    command = " ".join(SERVICES["valkey"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_every_service_that_lasts_is_started_again() -> None:
    assert {name for name, service in SERVICES.items() if service["restart"] != "always"} == {"migrate"}


def test_the_image_holds_what_is_locked_and_no_tools_and_runs_as_nobody_in_particular() -> None:
    installed = re.findall(r"-r locks/(\w+)\.txt", DOCKERFILE)
    assert installed == ["uv", "runtime", "build"]
    assert DOCKERFILE.count("--require-hashes") == len(installed)
    last = DOCKERFILE.rpartition("FROM ")[2]
    assert "install" not in last
    assert re.findall(r"^USER (\w+)$", last, re.MULTILINE) == ["brokersync"]


def test_the_image_is_built_from_all_that_is_packaged_and_from_no_secret() -> None:
    allowed = re.findall(r"^!(.+)$", (ROOT / "deploy" / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert set(allowed) == packages | {
        "celeryconfig.py",
        "environment.py",
        "settings.py",
        "locks",
        "pyproject.toml",
        "README.md",
    }
