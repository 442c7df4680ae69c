"""The web app as `brokersync web` starts it: gunicorn, over TLS, with a certificate of its own."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

START = "import sys; from oauth_web.serve import serve; serve('127.0.0.1', int(sys.argv[1]), tls=False)"


@dataclass
class Served:
    url: str
    certificate: Path
    log: Path
    process: subprocess.Popen[bytes]

    def browser(self) -> requests.Session:
        session = requests.Session()
        # A proxy or certificates of the environment would get between; ours is its own authority, so TLS is checked.
        session.trust_env = False
        session.verify = str(self.certificate)
        return session

    def get(self, path: str) -> requests.Response:
        with self.browser() as browser:
            return browser.get(f"{self.url}{path}", timeout=30)

    def answers(self) -> bool:
        try:
            return self.get("/healthz").ok
        except (requests.ConnectionError, OSError):
            return False

    def plain_line(self) -> socket.socket:
        address = urlsplit(self.url)
        return socket.create_connection((str(address.hostname), address.port or 0), timeout=30)

    def secure_line(self) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.certificate))
        return context.wrap_socket(self.plain_line(), server_hostname="127.0.0.1")

    def says_to(self, raw: bytes) -> bytes:
        """All that it answers to this, up to the end of the connection."""
        with self.secure_line() as line:
            line.sendall(raw)
            return b"".join(iter(lambda: line.recv(4096), b""))


@contextmanager
def serving(folder: Path, environ: dict[str, str]) -> Iterator[Served]:
    """Serve https at a free port, from a folder with modules of the same names as ours."""
    port = free_port()
    url = f"https://127.0.0.1:{port}"
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder),
        "PUBLIC_URL": url,
        "SCHWAB_CLIENT_ID": "client",
        "SCHWAB_CLIENT_SECRET": "word",
        "SCHWAB_REDIRECT_URI": f"{url}/oauth/callback",
        **environ,
    }
    log = folder / "log"
    (folder / "settings.py").write_text("raise SystemExit('not ours')")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", START, str(port)], cwd=folder, env=environ, stdout=output, stderr=output
        )
    found = Served(url, folder / "brokersync" / "web-certificate.pem", log, process)
    try:
        until(found.answers, process)
        yield found
    finally:
        process.terminate()
        process.wait(40)


def until(look: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 20
    while not look():
        assert time.monotonic() < end, "it did not come to pass in time"
        assert process.poll() is None, "the server ended"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
