from __future__ import annotations

import io

import pytest
from rich.console import Console

from brokersync.demo.output import Output
from brokersync.demo.progress import Progress


def terminal(kind: str = "xterm") -> tuple[Output, io.StringIO]:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=40, _environ={"TERM": kind}, color_system=None)
    return Output(console), written


def test_in_a_terminal_the_step_at_work_is_one_line_that_is_overwritten() -> None:
    output, written = terminal()
    progress = Progress(output)
    with progress.step("A step"):
        progress.passing()
    *at_work, done = written.getvalue().split("\r\x1b[2K")
    assert all("A step" in line and "\n" not in line for line in at_work[1:])
    assert done.startswith("✓ A step")


def test_a_step_at_work_never_reaches_the_last_column() -> None:
    output, written = terminal()
    with Progress(output).step("A step whose name is much longer than any terminal is wide"):
        pass
    assert len(written.getvalue().split("\r\x1b[2K")[1]) == 39


def test_a_dumb_terminal_gets_plain_lines() -> None:
    output, written = terminal("dumb")
    with Progress(output).step("A step"):
        pass
    assert "\r" not in written.getvalue()


def test_without_a_terminal_only_done_steps_show_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(Output(None))
    with progress.step("One"):
        progress.passing()
    with pytest.raises(KeyError), progress.step("Two"):
        raise KeyError
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("✓ One  0.")
    assert second == "✗ Two"


def test_silent_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(Output(None, silent=True)).step("One"):
        pass
    assert capsys.readouterr() == ("", "")
