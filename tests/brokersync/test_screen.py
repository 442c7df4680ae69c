from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from brokersync import screen

PRINT_WIDTH = [sys.executable, "-c", "from brokersync import screen; open('width', 'w').write(str(screen.width()))"]


@contextmanager
def terminal(columns: int) -> Iterator[int]:
    """A terminal of that width, as a file descriptor."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        yield theirs
    finally:
        os.close(ours)
        os.close(theirs)


def width(folder: object, environ: dict[str, str], **streams: int | IO[bytes]) -> int:
    """What a process sees whose streams are these, the others none."""
    given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    plain = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    subprocess.run(
        PRINT_WIDTH,
        cwd=str(folder),
        env={**plain, "PYTHONPATH": os.getcwd(), **environ},
        check=True,
        **given,
    )
    with open(f"{folder}/width") as file:
        return int(file.read())


@pytest.mark.parametrize("stream", ["stdout", "stderr", "stdin"])
def test_the_terminal_counts_whichever_stream_it_is(stream: str, tmp_path: object) -> None:
    with terminal(columns=123) as theirs:
        assert width(tmp_path, {}, **{stream: theirs}) == 123


def test_what_the_shell_says_counts_more_than_the_terminal(tmp_path: object) -> None:
    with terminal(columns=123) as theirs:
        assert width(tmp_path, {"COLUMNS": "66"}, stdout=theirs) == 66


@pytest.mark.parametrize("columns", ["", "0", "wide", "-5"])
def test_without_any_terminal_it_is_80(columns: str, tmp_path: object) -> None:
    assert width(tmp_path, {"COLUMNS": columns}) == screen.WITHOUT_A_TERMINAL == 80
