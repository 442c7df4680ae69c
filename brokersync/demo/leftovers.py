"""A last look, before the demo says that nothing of it is left: at its files, its ports and its processes."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from brokersync import datafolder, lease

PORTS = {"WEB_PORT": "the link page", "SANDBOX_PORT": "the sandbox", "FLOWER_PORT": "Flower"}
# Seconds. What the kernel ends when its keeper is gone needs a moment.
PATIENCE = 3.0
PAUSE = 0.05


class SomethingLeft(Exception):
    """The demo did not get everything put away. The message names what is left."""


@dataclass
class Traces:
    """What a demo in the folder `parent` makes, as far as it has come: `ports` by whose they are, `files` elsewhere."""

    parent: Path
    ports: dict[str, int] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)

    def note(self, environ: Mapping[str, str], *, own_servers: bool) -> None:
        """Remember where the demo of this environment listens and writes; `own_servers`: the embedded ones are its."""
        self.ports |= {title: int(environ[name]) for name, title in PORTS.items()}
        if own_servers:
            self.ports["Valkey"] = urlsplit(environ["REDIS_URL"]).port or 0
            self.files += [Path(place) for place in parse_qs(urlsplit(environ["DATABASE_URL"]).query)["host"]]

    def check(self) -> None:
        """Raises `SomethingLeft` unless all of it is gone, now or in a moment."""
        deadline = time.monotonic() + PATIENCE
        while left := self._left():
            if time.monotonic() > deadline:
                raise SomethingLeft("Stopped, but not all of the demo is gone. Left are: " + "; ".join(left) + ".")
            time.sleep(PAUSE)

    def _left(self) -> list[str]:
        folder = datafolder.DataFolder(self.parent / datafolder.NAME)
        files = [path for path in (folder.environment, folder.log, *self.files) if path.exists()]
        return [
            *lease.survivors(),
            *(f"port {port} ({whose})" for whose, port in self.ports.items() if _is_open(port)),
            *(str(path) for path in files),
        ]


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
