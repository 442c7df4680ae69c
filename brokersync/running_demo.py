"""The environment of a demo that runs in this folder or in one above it, for the commands of another terminal.

Whoever can write such a file would choose our servers. So it counts only where the folder and the file are this user's
own and nobody else can write to them, only while a demo holds the folder's lock, and only for the names of this project.
"""

from __future__ import annotations

import fcntl
import os
import stat
from importlib import import_module
from pathlib import Path

from brokersync import datafolder, envfile

SANDBOX_NAMES = frozenset({"SANDBOX_PORT", "SANDBOX_SEED", "SANDBOX_TICK_EVERY"})


def names() -> frozenset[str]:
    """The variables that a demo may set: those that this project reads, and the sandbox's."""
    # Only here: `--help` shall not read what every broker declares.
    reference = import_module("brokersync.reference")
    return SANDBOX_NAMES | {variable.name for variable in reference.environment()}


def environment(start: Path) -> dict[str, str] | None:
    """The variables of the demo that runs in `start` or in the nearest of its parents; None where no demo runs."""
    for folder in (start, *start.parents):
        text = _text(folder / datafolder.NAME)
        if text is not None:
            ours = names()
            return {name: value for name, value in envfile.parsed(text).items() if name in ours}
    return None


def load(start: Path, *, unless: str) -> None:
    """Take over the variables of the demo that runs there, all together, unless that variable says what is meant."""
    if os.environ.get(unless):
        return
    found = environment(start)
    if found is not None:
        # What the shell set of them would point half of a command to another installation.
        for name in names():
            os.environ.pop(name, None)
        os.environ.update(found)


def is_used(start: Path) -> bool:
    """Whether the variables of now are those of the demo that runs there."""
    found = environment(start)
    return found is not None and all(os.environ.get(name) == value for name, value in found.items())


def _text(folder: Path) -> str | None:
    """What `demo.env` in that data folder says; None for one that does not count."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if not datafolder.is_private(os.fstat(descriptor)) or not _is_locked(descriptor):
            return None
        # Not blocking: a pipe of that name would have us wait for its writer.
        opened = os.open(datafolder.ENVIRONMENT, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
        with os.fdopen(opened, encoding="utf-8") as file:
            found = os.fstat(opened)
            return file.read() if stat.S_ISREG(found.st_mode) and datafolder.is_private(found) else None
    except (OSError, UnicodeDecodeError):
        return None
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        # Shared, so that two commands at once do not take each other for a demo.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
