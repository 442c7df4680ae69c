"""Being ended, for a program that has something to put away: `with` blocks run to their end once, and undisturbed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def unwinding() -> Iterator[None]:
    """TERM (kill) and HUP (a closed terminal) leave the block as Ctrl-C does: by an exception, through every `finally`.

    Ctrl-C is `KeyboardInterrupt`, the others `SystemExit` with the shell's number for them. After the first one, more of
    them change nothing. One that was ignored when we were started (`nohup`) stays ignored. For the main thread.
    """
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _leave) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
