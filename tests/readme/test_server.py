"""What docs/operating.md has an operator type on a server, on a machine where systemd and Docker are only pretended."""

from __future__ import annotations

import os
import shlex
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from brokersync import envfile
from tests.guards.tree import ROOT
from tests.readme import printed
from tests.readme.newcomer import PROGRAMS, Newcomer

pytestmark = pytest.mark.processes

COMMANDS = [command for command in printed.commands() if command.startswith(("sudo ", "docker "))]
SERVICES = YAML(typ="safe").load(ROOT / "deploy" / "compose.yaml")["services"]
# They do what is asked on the spot, or write down that they were asked.
PRETENDED = {
    "sudo": 'exec "$@"',
    "systemd-run": """
        while :; do case $1 in
            --property=EnvironmentFile=*) file=${1#--property=EnvironmentFile=}; shift;;
            --property=DynamicUser=yes|--pipe|--wait) shift;;
            *) break;;
        esac; done
        set -a; . "$file"; exec "$@"
    """,
    "systemctl": 'printf "%s\\n" "systemctl $*" >>"$ASKED"',
    "git": 'printf "%s\\n" "git $*" >>"$ASKED"',
    "docker": 'printf "%s\\n" "docker $*" >>"$ASKED"',
}


@dataclass
class Server:
    newcomer: Newcomer
    root: Path

    @property
    def asked(self) -> list[str]:
        """What systemd, git and Docker were asked for."""
        return (self.root / "asked").read_text().splitlines()

    def run(self, command: str) -> str:
        here = command.replace("/opt/brokersync", str(self.newcomer.folder)).replace("/etc/", f"{self.root}/etc/")
        path = f"{self.root / 'bin'}:{PROGRAMS}:{os.environ['PATH']}"
        return self.newcomer.run(command, here, environ={"PATH": path, "ASKED": str(self.root / "asked")})


@pytest.fixture(scope="module")
def server(linked: Newcomer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """After all of these commands, in the order of reading."""
    root = tmp_path_factory.mktemp("server")
    (root / "bin").mkdir()
    (root / "etc" / "systemd" / "system").mkdir(parents=True)
    for name, script in PRETENDED.items():
        program = root / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    server = Server(linked, root)
    for command in COMMANDS:
        server.run(command)
    return server


def test_the_environment_file_is_the_env_of_the_readme_for_root_alone(server: Server) -> None:
    installed = server.root / "etc" / "brokersync.env"
    assert installed.read_text() == (server.newcomer.folder / ".env").read_text()
    assert stat.S_IMODE(installed.stat().st_mode) == 0o600


def test_no_value_of_that_file_needs_quotes_or_has_them(server: Server) -> None:
    text = (server.newcomer.folder / ".env").read_text()
    literally = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    assert envfile.parsed(text).items() >= {name: value for name, value in literally.items() if value}.items()


def test_all_units_are_installed_and_the_target_is_started(server: Server) -> None:
    installed = server.root / "etc" / "systemd" / "system"
    units = ROOT / "deploy" / "systemd"
    for unit in (path for path in units.rglob("*") if path.is_file()):
        assert (installed / unit.relative_to(units)).read_text() == unit.read_text()
    asked = [command for command in server.asked if command.startswith("systemctl")]
    assert asked[:2] == ["systemctl daemon-reload", "systemctl enable --now brokersync.target"]
    for unit in (word for command in asked for word in command.split() if word.endswith((".target", ".service"))):
        assert (installed / unit).exists()


def test_an_upgrade_stops_what_runs_takes_the_new_version_and_starts_it(server: Server) -> None:
    upgrade = [command for command in server.asked if not command.startswith("docker")][2:]
    assert upgrade == ["systemctl stop brokersync.target", "git pull", "systemctl start brokersync.target"]


def test_the_tables_are_made_by_the_installed_program_with_that_file(server: Server) -> None:
    (command,) = (command for command in COMMANDS if command.endswith("init-db"))
    assert "The tables are those of this version already" in server.newcomer.typed[command]


@pytest.mark.parametrize("name", ["web", "worker", "flower"])
def test_the_health_check_of_a_container_passes_where_all_is_well(name: str, linked: Newcomer) -> None:
    kind, *command = SERVICES[name]["healthcheck"]["test"]
    shell = shlex.join(command) if kind == "CMD" else command[0].replace("$$", "$")
    here = shell.replace(":8182", f":{linked.values['web port']}").replace(":5555", f":{linked.values['flower port']}")
    linked.run(f"health check of {name}", here, environ={"HOSTNAME": socket.gethostname()})


def test_docker_is_given_files_that_exist_and_a_service_that_is_there(server: Server) -> None:
    asked = [command.split() for command in server.asked if command.startswith("docker")]
    assert asked
    for words in asked:
        assert (server.newcomer.folder / words[words.index("--file") + 1]).is_file()
        assert (server.newcomer.folder / words[words.index("--env-file") + 1]).is_file()
        if "exec" in words:
            assert words[words.index("exec") + 1] in SERVICES
