"""The next commands, as they have to be typed here."""

from __future__ import annotations

import shlex
import shutil
import sys
import uuid
from pathlib import Path

from brokersync.cells import SHORT_ID
from brokersync.demo.linking import SANDBOX_USER

NAME = "brokersync"


def program(executable: Path, folder: Path) -> str:
    """How the shell of another terminal in this folder finds `brokersync`, given this Python.

    The program of an environment in this folder goes by its path: the other shell may not have that one activated.
    """
    installed = executable.with_name(NAME)
    if installed.is_relative_to(folder):
        return shlex.quote(str(installed.relative_to(folder)))
    found = shutil.which(NAME)
    return NAME if found and Path(found) == installed else shlex.quote(str(installed))


def next_commands(connection_id: uuid.UUID) -> list[tuple[str, str]]:
    """What to try first, and what comes of it: at 80 columns beside the command, where that is in `.venv`."""
    brokersync = program(Path(sys.executable), Path.cwd())
    return [
        (f"{brokersync} positions", "the rows, at any time"),
        (f"{brokersync} sandbox trade sell F 100 --user {SANDBOX_USER}", "see it arrive here"),
        (f"{brokersync} link --user me --broker schwab", "link one yourself"),
        (f"{brokersync} sandbox clock +6d", "the login's end nears"),
        (f"{brokersync} explain {str(connection_id)[:SHORT_ID]}", "how it stands"),
    ]


def repair_command(connection_id: uuid.UUID) -> str:
    """How the demo's user logs in again."""
    return f"{program(Path(sys.executable), Path.cwd())} link --repair {str(connection_id)[:SHORT_ID]}"


def load_line(environment_file: Path) -> str:
    """The line that loads `demo.env` into a shell, its names exported."""
    return f"set -a; . {shlex.quote(str(environment_file))}; set +a"
