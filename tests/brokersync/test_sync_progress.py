from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest
from rich.control import strip_control_codes

from brokersync import sync_progress
from brokersync.sync_progress import PLAIN_EVERY, SyncProgress


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the time on."""
    now = [1000.0]
    monkeypatch.setattr(sync_progress.time, "monotonic", lambda: now[0])

    def forward(seconds: float) -> None:
        now[0] += seconds

    return forward


def test_a_terminal_has_a_bar_with_how_many_came_and_how_many_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    terminal = FakeTerminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with SyncProgress(3) as progress:
        progress.came(failed=False)
        progress.came(failed=True)
        progress.passing()
        shown = strip_control_codes(terminal.getvalue())
    assert "2/3" in shown
    assert "1 failed" in shown
    assert "0:00:00" in shown
    # Gone at the end, with the cursor back: what follows is the table alone.
    assert terminal.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")


def test_without_a_terminal_it_says_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], clock: Callable[[float], None]
) -> None:
    with SyncProgress(3) as progress:
        progress.came(failed=True)
        progress.passing()
        assert capsys.readouterr() == ("", "")
        clock(PLAIN_EVERY)
        progress.passing()
        progress.passing()
        assert capsys.readouterr() == ("", "1 of 3 answered, 1 failed, 5 s\n")
        clock(PLAIN_EVERY)
        progress.came(failed=False)
        progress.passing()
    assert capsys.readouterr() == ("", "2 of 3 answered, 1 failed, 10 s\n")
