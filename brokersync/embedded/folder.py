"""The private folder of one keeper, and the folders that killed keepers left behind.

A folder is ours when its name, its owner and its lock file say so. It is in use as long as somebody holds that lock:
the kernel frees it with the keeper's last breath, so no process id is ever compared.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from brokersync.child import Identity

PREFIX = "brokersync-"
LOCK = "keeper.lock"
# The path of a UNIX socket may have 107 bytes on Linux, 103 on macOS.
LONGEST_SOCKET_PATH = 100
SOCKET_INSIDE = Path(PREFIX + "12345678") / "postgres" / ".s.PGSQL.5432"


class NoPlace(Exception):
    """No temporary folder can hold the servers."""


@contextmanager
def private_folder(identity: Identity | None) -> Iterator[Path]:
    """A new folder that is removed at the end. Only its owner, and `identity` if given, can look into it."""
    root = _temporary_root(identity)
    remove_leftovers(root)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    try:
        with _locked(folder):
            if identity:
                os.chown(folder, -1, identity.gid)
                folder.chmod(0o710)
            yield folder
    finally:
        # Whatever cannot be removed now, because a process is still dying, goes with the next start's leftovers.
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(root: Path) -> None:
    """Remove the folders of dead keepers, and end what still runs in them (where the kernel has no death signal)."""
    for folder in root.glob(PREFIX + "*"):
        if _is_abandoned(folder):
            _end_processes_in(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _temporary_root(identity: Identity | None) -> Path:
    for root in (Path(tempfile.gettempdir()).resolve(), Path("/tmp")):
        short = len(os.fsencode(root / SOCKET_INSIDE)) <= LONGEST_SOCKET_PATH
        if short and (identity is None or _is_open_to_all(root)):
            return root
    raise NoPlace(
        "The servers need a temporary folder with a short path that other users can reach: set TMPDIR to one."
    )


def _is_open_to_all(folder: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # The lock gets its name only when it is held, so that no other start can take the folder for abandoned.
    unnamed = folder / (LOCK + ".new")
    with unnamed.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unnamed.rename(folder / LOCK)
        yield


def _is_abandoned(folder: Path) -> bool:
    try:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            return False
        with (folder / LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except OSError:  # no lock file, or its keeper lives
        return False


def _end_processes_in(folder: Path) -> None:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(folder):
                process.kill()
