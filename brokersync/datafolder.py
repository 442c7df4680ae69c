"""The demo's data folder, `.brokersync` where the demo was started: its environment file and the logs of its processes.

One demo at a time owns it, by a lock that the kernel frees when that demo ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from brokersync import envfile

NAME = ".brokersync"
ENVIRONMENT = "demo.env"
LOG = "log"
# Seconds. A command that looks whether a demo runs here holds the lock for an instant.
LOCK_PATIENCE = 0.3
LOCK_PAUSE = 0.02


class AlreadyRunning(Exception):
    """Another demo owns the folder. The message says where and what to do."""


class NotOurs(Exception):
    """What is called `.brokersync` there is not a folder of this user alone. The message says what to do."""


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


def is_private(found: os.stat_result) -> bool:
    """Whether this user owns it and nobody else can write to it."""
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@contextmanager
def owned(parent: Path) -> Iterator[DataFolder]:
    """The data folder in `parent`, ours and without a dead demo's leftovers, until the block ends; then it is removed.

    Files that somebody else put into it stay, and the folder with them. Raises `AlreadyRunning` and `NotOurs`.
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


def remove_leftovers(parent: Path) -> None:
    """Remove what a demo left whose keeper was killed. The folder of a demo that runs, or of somebody else, stays."""
    if (parent / NAME).is_dir():
        with suppress(AlreadyRunning, NotOurs, OSError), owned(parent):
            pass


def _lock(path: Path) -> int:
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        descriptor = _opened(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            if time.monotonic() < deadline:
                time.sleep(LOCK_PAUSE)
                continue
            raise AlreadyRunning(
                f"A demo is running already, with its data in {path}. End it with Ctrl-C first."
            ) from None
        # A demo that was just ending may have removed the folder between our open and our lock.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.lstat()):
                return descriptor
        os.close(descriptor)


def _opened(path: Path) -> int:
    """The folder, made where there is none. Raises `NotOurs`."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise NotOurs(f"{path} is not a folder. The demo needs that name for its data: remove or rename it first.")
    try:
        # The check above is for the message; this is what never follows a link.
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except PermissionError:
        raise NotOurs(_not_private(path)) from None
    if is_private(os.fstat(descriptor)):
        return descriptor
    os.close(descriptor)
    raise NotOurs(_not_private(path))


def _not_private(path: Path) -> str:
    return (
        f"{path} belongs to somebody else, or others can write to it, so the demo puts no secrets there. "
        "Start it in a folder of your own, or remove that one first."
    )
