"""Completing a half-typed line in bash, zsh and fish: the scripts are click's, and so is the way they ask.

A shell calls this program at each press of the tab key. Whatever goes wrong then, nothing may be written into the line.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, suppress
from typing import NoReturn

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete, shell_complete

PROGRAM = "brokersync"
VARIABLE = "_BROKERSYNC_COMPLETE"
"""By it the script asks: `bash_complete`, `zsh_complete`, `fish_complete`."""

SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


def script(command: click.Command, shell: str) -> str:
    """What the shell has to read once."""
    # Not bash's own `source`: it starts a bash to see its version, and may warn in a file that is being written.
    return ShellComplete.source(SHELLS[shell](command, {}, PROGRAM, VARIABLE))


def is_asked(environ: Mapping[str, str]) -> bool:
    return bool(environ.get(VARIABLE))


def answer(command: click.Command) -> NoReturn:
    """Print what the line may go on with, or nothing, and end."""
    # Any error: half a line is often no command, a database may be down, and a shell shows what it gets.
    with suppress(Exception), redirect_stderr(io.StringIO()):
        shell_complete(command, {}, PROGRAM, VARIABLE, os.environ[VARIABLE])
    sys.exit(0)
