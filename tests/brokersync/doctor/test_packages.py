from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from brokersync.doctor import packages
from brokersync.doctor.findings import Level


def test_here_all_of_them_are_ours() -> None:
    assert [each.level for each in packages.examine()] == [Level.OK]


def test_a_name_that_another_distribution_owns_is_told_with_the_command_that_helps(tmp_path: Path) -> None:
    # `click` is a package of a distribution that is installed: as if it were one of our names.
    (found,) = packages.judged({"click": tmp_path / "click"}, packages.HOME)
    assert (found.level, found.said) == (Level.FAULT, "`click` is taken from another distribution: click.")
    assert str(found.remedy).startswith("pip uninstall click")


def test_a_name_that_is_found_nowhere_is_a_fault() -> None:
    (found,) = packages.judged({"models": None}, packages.HOME)
    assert found.level is Level.FAULT


@pytest.mark.parametrize("name", ["brokers", "models", "oauth_web", "sandbox", "settings", "worker"])
def test_a_stranger_in_the_way_is_told_and_no_traceback_is_shown(name: str, tmp_path: Path) -> None:
    stranger = tmp_path / name
    stranger.mkdir()
    (stranger / "__init__.py").write_text("")
    ran = subprocess.run(
        [sys.executable, "-c", "from brokersync.main import main; main()", "doctor", "--json"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "DATABASE_URL": "postgresql://127.0.0.1:1/x"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (1, "")
    assert f"`{name}` is taken from {stranger}" in ran.stdout


@pytest.mark.parametrize("name", ["brokers", "models", "settings", "worker"])
def test_a_command_that_meets_a_stranger_says_so(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.py").write_text("")
    ran = subprocess.run(
        [sys.executable, "-c", "from brokersync.main import main; main()", "connections"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "DATABASE_URL": "postgresql://127.0.0.1:1/x"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith(f"Error: `{name}` is taken from {tmp_path}/{name}.py, which is not ours."), ran.stderr
    assert "Traceback" not in ran.stderr


def test_without_any_stranger_nothing_is_said() -> None:
    assert packages.in_the_way() is None
