"""The demo's data folder, `.brokersync` where the demo was started: its environment file and the logs of its processes.

One demo at a time owns it, by a lock that the kernel frees when that demo ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from brokersync import envfile

NAME = ".brokersync"
ENVIRONMENT = "demo.env"
LOG = "log"


class AlreadyRunning(Exception):
    """Another demo owns the folder. The message says where and what to do."""


class DataFolder:
    """The folder while it is ours. `log` is for the processes' logs, open to its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / LOG
        self.environment = path / ENVIRONMENT

    def write_environment(self, environ: Mapping[str, str]) -> None:
        """Write `demo.env`, readable by its owner only; nobody ever sees half of it."""
        new = self.environment.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(envfile.written(environ))
        new.replace(self.environment)

    def clear(self) -> None:
        """Remove what a demo writes, and nothing else."""
        self.environment.unlink(missing_ok=True)
        self.environment.with_suffix(".new").unlink(missing_ok=True)
        shutil.rmtree(self.log, ignore_errors=True)


@contextmanager
def owned(parent: Path) -> Iterator[DataFolder]:
    """The data folder in `parent`, ours and without a dead demo's leftovers, until the block ends; then it is removed.

    Files that somebody else put into it stay, and the folder with them. Raises `AlreadyRunning`.
    """
    descriptor = _lock(parent / NAME)
    folder = DataFolder(parent / NAME)
    try:
        folder.clear()
        folder.log.mkdir(mode=0o700)
        yield folder
    finally:
        folder.clear()
        with suppress(OSError):  # not empty
            folder.path.rmdir()
        os.close(descriptor)


def _lock(path: Path) -> int:
    while True:
        path.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise AlreadyRunning(
                f"A demo is running already, with its data in {path}. End it with Ctrl-C first."
            ) from None
        # A demo that was just ending may have removed the folder between our open and our lock.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        os.close(descriptor)
