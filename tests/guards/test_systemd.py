"""The units in deploy/systemd start what the Procfile starts, with limits that fit the program's own."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from brokersync import reference, supervisor
from oauth_web.tls import state_folder
from tests.guards.tree import ROOT
from worker import limits

UNITS = ROOT / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
SHARED = UNITS / "brokersync-.service.d" / "all.conf"
INSTALLED = "/opt/brokersync"
# What `systemd-analyze security` calls OK; a unit without any hardening has 9.6.
MOST_EXPOSURE = 2.0


def values(path: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", path.read_text(), re.MULTILINE)


def process(service: Path) -> str:
    return service.stem.removeprefix("brokersync-")


def words(command: str) -> list[str]:
    """The words that are executed, with every variable's default, programs by their names."""
    for variable in reference.PROCFILE_VARIABLES:
        command = re.sub(rf"\${{{variable.name}(:-\w+)?}}", variable.default or "", command)
    return [Path(word).name if ".venv/bin/" in word else word for word in shlex.split(command) if word != "exec"]


@pytest.fixture
def units_for_this_machine(tmp_path: Path) -> Path:
    """The units as they are, with this folder in the place of the installation's."""
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_text(path.read_text().replace(INSTALLED, str(ROOT)))
    return folder


def test_each_process_of_the_procfile_has_a_unit_that_the_target_starts() -> None:
    (wanted,) = values(UNITS / "brokersync.target", "Wants")
    assert sorted(wanted.split()) == [service.name for service in SERVICES]
    assert sorted(process(service) for service in SERVICES) == sorted(supervisor.procfile_commands())


@pytest.mark.parametrize("service", SERVICES, ids=process)
def test_a_unit_starts_what_the_procfile_starts(service: Path) -> None:
    (command,) = values(service, "ExecStart")
    if command.startswith("/bin/sh -c "):
        command = shlex.split(command)[-1].replace("$$", "$")
    assert words(command) == words(supervisor.procfile_commands()[process(service)])


@pytest.mark.parametrize("service", SERVICES, ids=process)
def test_a_unit_sets_only_declared_variables_and_to_their_defaults(service: Path) -> None:
    declared = {variable.name: variable.default for variable in reference.environment()}
    for setting in values(service, "Environment"):
        name, _, value = setting.partition("=")
        assert declared[name] == value


def test_the_units_read_the_one_file_that_an_operator_is_told_to_install() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    (installed,) = re.findall(r"^sudo install -m 600 \.env (\S+)$", page, re.MULTILINE)
    assert [values(path, "EnvironmentFile") for path in (SHARED, *SERVICES)] == [[installed], *([[]] * len(SERVICES))]
    assert set(re.findall(r"--property=EnvironmentFile=(\S+)", page)) == {installed}


def test_the_state_folder_of_the_units_is_where_the_web_app_puts_its_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (setting,), (folder,) = values(SHARED, "Environment"), values(SHARED, "StateDirectory")
    name, _, state_home = setting.partition("=")
    monkeypatch.setenv(name, state_home)
    # systemd makes it there, whatever the environment says.
    assert state_folder() == Path("/var/lib") / folder


def test_the_worker_may_finish_a_sync_before_it_is_killed() -> None:
    (seconds,) = values(UNITS / "brokersync-worker.service", "TimeoutStopSec")
    assert int(seconds) > (limits.SYNC_DEADLINE + limits.WATCHDOG_GRACE).total_seconds()


@pytest.mark.processes
def test_systemd_finds_nothing_wrong_with_the_units(
    units_for_this_machine: Path, system_program: Callable[[str], str]
) -> None:
    units = [str(path) for path in units_for_this_machine.iterdir() if path.is_file()]
    verified = subprocess.run(
        [system_program("systemd-analyze"), "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.processes
@pytest.mark.parametrize("service", SERVICES, ids=process)
def test_a_unit_may_do_little_beyond_its_work(
    service: Path, units_for_this_machine: Path, system_program: Callable[[str], str]
) -> None:
    examined = subprocess.run(
        [
            *(system_program("systemd-analyze"), "security", "--offline=true", "--no-pager"),
            str(units_for_this_machine / service.name),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", examined.stdout)
    assert exposure, examined.stderr
    assert float(exposure[1]) <= MOST_EXPOSURE
