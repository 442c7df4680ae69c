"""The keeper of the processes: starts them, restarts them, and ends them with its lease."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from brokersync import child
from brokersync.lease import Lease
from brokersync.supervisor import STATES
from brokersync.supervisor.supervised import Supervised


def main() -> int:
    lease = Lease()
    request = json.loads(sys.argv[1])
    log_folder = Path(request["log_folder"])
    processes: dict[str, Supervised] = {}
    try:
        for name, command in request["commands"].items():
            processes[name] = Supervised(command, log_folder / f"{name}.log", os.environ)
        _write_states(processes, log_folder)
        lease.answer({})
        while not lease.wait(_until_next_restart(processes)):
            for process in processes.values():
                process.tend()
            _write_states(processes, log_folder)
    except OSError as error:
        lease.answer({"error": f"The processes could not be run: {error}"})
        return 1
    finally:
        child.stop({process.process: signal.SIGTERM for process in processes.values()})
    return 0


def _until_next_restart(processes: Mapping[str, Supervised]) -> float | None:
    waiting = [process.restart_at for process in processes.values() if process.restart_at is not None]
    return max(min(waiting) - time.monotonic(), 0.0) if waiting else None


def _write_states(processes: Mapping[str, Supervised], log_folder: Path) -> None:
    new = log_folder / (STATES + ".new")
    new.write_text(json.dumps({name: [process.alive, process.restarts] for name, process in processes.items()}))
    new.replace(log_folder / STATES)


if __name__ == "__main__":
    sys.exit(main())
