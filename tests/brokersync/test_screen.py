from __future__ import annotations

import fcntl
import io
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
from rich.console import Console, Group
from rich.text import Text

from brokersync import screen
from brokersync.fitting import new_table

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


def test_a_terminal_gets_no_blanks_behind_a_line_and_commands_whole() -> None:
    table = new_table("Symbol", ">Value")
    table.add_row(Text("F", style="red"), "8,302.00")
    table.add_row()
    table.add_row("VTI")
    command = "brokersync link --user 42 --broker schwab --repair 0b6e2f41"
    file = io.StringIO()
    console = Console(file=file, width=30, force_terminal=True, color_system="standard")
    screen.put(console, Group(table, Text(command, no_wrap=True, overflow="ignore")))
    written = file.getvalue()
    assert "\x1b[31mF" in written
    lines = Text.from_ansi(written).plain.split("\n")
    assert [line.split() for line in lines[2:5]] == [["F", "8,302.00"], [], ["VTI"]]
    assert all(line == line.rstrip() for line in lines)
    assert command in lines


def test_sentences_are_broken_for_a_terminal_and_whole_for_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    said = "Nothing is asked of the broker until `brokersync resume 0b6e2f41`."
    screen.say(said)
    assert capsys.readouterr().out == f"{said}\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    screen.say(said)
    assert capsys.readouterr().out.splitlines() == [
        "Nothing is asked of the broker",
        "until",
        "`brokersync resume 0b6e2f41`.",
    ]


@pytest.mark.parametrize("columns", [20, 40, 60])
def test_a_long_sentence_is_broken_between_words_only_and_what_is_to_be_copied_never(columns: int) -> None:
    command = "`brokersync link --user 42`"
    words = f"There is no fault 'nonsense', but rate_limited, stall and more.\nWhat helps: {command} or html-error."
    told = screen.wrapped(words, columns, 7)
    assert told.split() == words.split()
    assert command in told
    assert all(len(line) <= columns or line == command for line in ("Error: " + told).split("\n"))
