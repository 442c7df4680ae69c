"""Child processes of a keeper: started so that none outlives it, and stopped in parallel within a known time.

Only keepers use this. They have one thread, which is what makes code between fork and exec safe.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
# Time that children get between the polite signal and SIGKILL, all together.
GRACE = 4.0
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Identity:
    """Whom a child runs as, when it must not be the keeper's own user."""

    uid: int
    gid: int


def start(
    argv: Sequence[str],
    *,
    log: Path,
    environ: Mapping[str, str],
    folder: Path,
    death_signal: signal.Signals = signal.SIGKILL,
    identity: Identity | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own, its output appended to `log`.

    On Linux the kernel sends it `death_signal` when the keeper dies without stopping it. Raises `OSError`.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            user=identity.uid if identity else None,
            group=identity.gid if identity else None,
            extra_groups=[] if identity else None,
            # After the change of user, which would clear it again.
            preexec_fn=_die_with_parent(death_signal),
        )


def stop(children: Mapping[subprocess.Popen[bytes], signal.Signals], grace: float = GRACE) -> None:
    """Send each child its signal, wait `grace` seconds for all, kill the rest, and kill what their groups left behind."""
    for child, number in children.items():
        if not has_ended(child):
            child.send_signal(number)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and not all(has_ended(child) for child in children):
        time.sleep(0.02)
    for child in children:
        reap(child)


def has_ended(child: subprocess.Popen[bytes]) -> bool:
    """Whether the child has ended. It stays unreaped, so that its process group keeps its number until `reap`."""
    if child.returncode is not None:
        return True
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def reap(child: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of the child and of its process group, and forget it."""
    if child.returncode is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    parent, prctl = os.getpid(), _LIBC.prctl

    def between_fork_and_exec() -> None:
        # The parent may have died before the call: then nobody would send the signal any more.
        if prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0) != 0 or os.getppid() != parent:
            os._exit(127)

    return between_fork_and_exec
