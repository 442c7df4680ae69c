"""The program `brokersync`, as the shell starts it. Reading the rest takes a moment in which Ctrl-C may come already."""

from __future__ import annotations

import signal
import sys
from importlib import import_module


def main() -> None:
    try:
        import_module("brokersync.main").main()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
