"""The program as the shell starts it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from brokersync import __main__ as program

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_ctrl_c_while_the_program_is_still_being_read_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "import_module", interrupted)
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 130


def test_what_the_shell_starts_reads_nothing_before_it_can_be_interrupted() -> None:
    started = tomllib.loads(PYPROJECT.read_text())["project"]["scripts"]["brokersync"]
    assert started == "brokersync.__main__:main"
    assert [each.value for each in entry_points(group="console_scripts", name="brokersync")] == [started]
    script = "import sys, brokersync.__main__\nprint(*{'click', 'brokersync.main'} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


def test_python_runs_it_too() -> None:
    ran = subprocess.run([sys.executable, "-m", "brokersync", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.count(".") == 2
