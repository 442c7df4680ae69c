"""Processes that live exactly as long as their owner, whatever ends it.

The owner holds the writing end of a pipe; the *keeper*, a process in a session of its own, has the other end as its
standard input. When the owner ends, by itself or by SIGKILL, the kernel closes the pipe and the keeper sees it. The
keeper owns all that must be stopped and removed, so Ctrl-C in the owner's terminal never reaches it half way.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, cast

from brokersync import sessions

PROJECT = Path(__file__).resolve().parent.parent
ENDINGS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
# Longer than a keeper takes to stop what it holds (`child.GRACE` and then a kill).
KEEPER_GRACE = 10.0

# Of the keepers that this process held: each led a session of its own number.
_ended_sessions: set[int] = set()


class KeeperFailed(Exception):
    """A keeper could not start what it was asked to. The message is the keeper's own."""


class Lease:
    """The keeper's side. Make one first thing in `main`, in the main thread: it takes over the signals."""

    def __init__(self) -> None:
        self._ended = False
        self._wakeup, wakeup = os.pipe()
        for descriptor in (self._wakeup, wakeup):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        for number in (*ENDINGS, signal.SIGCHLD):
            signal.signal(number, self._signalled)

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep until the lease ends, a child process ends or `timeout` seconds pass. True: the lease has ended."""
        if not self._ended:
            readable, _, _ = select.select([sys.stdin, self._wakeup], [], [], timeout)
            if self._wakeup in readable:
                os.read(self._wakeup, 4096)
            if sys.stdin in readable and not os.read(sys.stdin.fileno(), 4096):
                self._ended = True
        return self._ended

    def answer(self, document: Mapping[str, object]) -> None:
        """Tell the owner that everything is up. An owner that is gone already ends the lease."""
        try:
            sys.stdout.write(json.dumps(document) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            self._ended = True

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if number in ENDINGS:
            self._ended = True


class Keeper:
    """The owner's side of a lease that is held."""

    def __init__(self, process: subprocess.Popen[bytes], answer: Mapping[str, str]) -> None:
        self.answer = answer
        self._process = process

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def fileno(self) -> int:
        """The pipe that is the lease: who is given a copy of it holds the lease too."""
        return _pipe(self._process.stdin).fileno()


@contextmanager
def hold(
    module: str, *arguments: str, environ: Mapping[str, str] | None = None, share: Sequence[Keeper] = ()
) -> Iterator[Keeper]:
    """Run `python -m module arguments` as a keeper until the block ends. The block starts when the keeper has answered.

    The leases in `share` are held by this keeper too: what they keep outlives it. Raises `KeeperFailed`.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[keeper.fileno() for keeper in share],
        start_new_session=True,
    )
    try:
        yield Keeper(process, _answer(module, _pipe(process.stdout)))
    finally:
        _pipe(process.stdin).close()
        try:
            process.wait(KEEPER_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _pipe(process.stdout).close()
        _ended_sessions.add(process.pid)


def survivors() -> list[str]:
    """The processes that still run although the keeper that held them, for this process, has ended."""
    return list(sessions.running_in(_ended_sessions))


def _answer(module: str, stdout: IO[bytes]) -> Mapping[str, str]:
    line = stdout.readline()
    if not line:
        raise KeeperFailed(f"{module} ended before it was ready; what it wrote to the terminal says why.")
    document = cast(dict[str, str], json.loads(line))
    if "error" in document:
        raise KeeperFailed(document["error"])
    return document


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the keeper was started without pipes")
    return stream
