"""Somebody who has just got the project: a copy of it, a shell with nothing set, and what they have typed so far."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.guards.tree import ROOT
from tests.readme import printed

# Whole demos start here, on a machine that may be busy with other tests.
WAIT = 120.0
PROGRAMS = Path(sys.executable).parent
LOAD = "set -a; . ./.env; set +a"
# What runs until Ctrl-C, what is really typed, and what it says once it is there.
SANDBOX = next(command for command in printed.commands() if command.startswith("python -m sandbox "))
LASTING = {
    SANDBOX: (SANDBOX, "sandbox: http://127.0.0.1:"),
    "brokersync watch": ("brokersync watch", "v1"),
    "brokersync web": ("brokersync web --port {port}", "Listening at"),
    "brokersync sandbox start": ("brokersync sandbox start --port 0", "http://127.0.0.1:"),
}
# Eight days would end the logins that all other commands need.
SHORTER = {"brokersync sandbox clock +2d": "brokersync sandbox clock +2m"}


@dataclass
class Newcomer:
    """`folder` holds the copy. `typed` is every command that was run, as it was printed, with what it wrote."""

    folder: Path
    home: Path
    typed: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """What `honcho start` has written so far."""
        return self.folder / "honcho.log"

    @property
    def environ(self) -> dict[str, str]:
        """Nothing of the tests' own: no server, no demo, no colours."""
        passed = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
        return {**passed, "PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": str(self.home), "COLUMNS": "80"}

    def run(self, command: str, instead: str | None = None, code: int = 0, environ: Mapping[str, str] = {}) -> str:
        """Run a printed command in a shell that has loaded `.env`, where there is one; what it wrote.

        `instead` is what is really run, where a port must be free or a question answered.
        """
        ran = subprocess.run(
            ["/bin/sh", "-c", self.shell(command if instead is None else instead)],
            cwd=self.folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=WAIT,
            check=False,
        )
        assert ran.returncode == code, f"{command}\n{ran.stdout}\n{ran.stderr}"
        assert "Traceback" not in ran.stderr
        self.typed[command] = ran.stdout
        return ran.stdout

    def shell(self, command: str) -> str:
        for name, value in self.values.items():
            command = command.replace(f"<{name}>", value)
        return f"{LOAD}; {command}" if (self.folder / ".env").exists() else command

    @contextmanager
    def running(self, command: str, instead: str | None = None, code: int = 0) -> Iterator[Running]:
        """Start a printed command that runs until Ctrl-C; it gets one at the end and must end with that code."""
        log = self.folder / f"{command.split(maxsplit=1)[0]}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["/bin/sh", "-c", self.shell(f"exec {instead or command}")],
                cwd=self.folder,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.typed[command] = ""
        running = Running(process, log)
        try:
            yield running
            assert process.poll() is None, running.output
            process.send_signal(signal.SIGINT)
            assert process.wait(WAIT) == code, running.output
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + WAIT
        while not condition():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < end, self.output
            time.sleep(0.1)


def copy_of_the_project(folder: Path) -> None:
    """The files that git would bring, as they are now, and the environment that `make` has made."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    for part in (ROOT / ".venv").iterdir():
        copy = folder / ".venv" / part.name
        if part.name.startswith("."):
            # A stamp of `make`, younger than all it stands for: nothing is installed again, from a copy least of all.
            copy.touch()
        else:
            copy.symlink_to(part)
