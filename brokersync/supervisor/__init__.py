"""Runs the processes of a Procfile on one machine, restarts those that die, and ends all of them with their owner.

    with supervisor.running(commands, environ, log_folder, share=[servers.keeper]) as processes:
        processes.states()["worker"].restarts

Each process writes to `<log_folder>/<name>.log`. They end with the block, and with the process that entered it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from honcho.environ import parse_procfile

from brokersync import lease

STATES = "states.json"


@dataclass(frozen=True)
class State:
    """What one process is doing: `restarts` counts how often it ended by itself and was started again."""

    alive: bool
    restarts: int


class Processes:
    """The owner's view of what it runs."""

    def __init__(self, keeper: lease.Keeper, log_folder: Path) -> None:
        self._keeper = keeper
        self._log_folder = log_folder

    def states(self) -> dict[str, State]:
        """The state of each process, by name. When their keeper is gone, none is alive."""
        written = json.loads((self._log_folder / STATES).read_text())
        keeper_lives = self._keeper.alive
        return {name: State(keeper_lives and alive, restarts) for name, (alive, restarts) in written.items()}

    def log(self, name: str) -> Path:
        return self._log_folder / f"{name}.log"


def procfile_commands(procfile: Path = lease.PROJECT / "Procfile") -> dict[str, str]:
    """The shell command of each process, by name."""
    return dict(parse_procfile(procfile.read_text()).processes)


@contextmanager
def running(
    commands: Mapping[str, str],
    environ: Mapping[str, str],
    log_folder: Path,
    share: Sequence[lease.Keeper] = (),
) -> Iterator[Processes]:
    """Run shell commands, by name, in the project's folder with exactly this environment, until the block ends.

    The programs of this Python's virtual environment are found first. What `share` keeps (the servers that the
    processes use) outlives the processes, whatever ends the owner. Raises `lease.KeeperFailed`.
    """
    path = os.pathsep.join((str(Path(sys.executable).parent), environ.get("PATH", os.defpath)))
    request = json.dumps({"commands": dict(commands), "log_folder": str(log_folder)})
    with lease.hold("brokersync.supervisor", request, environ={**environ, "PATH": path}, share=share) as keeper:
        yield Processes(keeper, log_folder)
