"""The web app as `brokersync web` starts it: gunicorn, over TLS, with a certificate of its own."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

import settings
from models.session import Database
from oauth_web.parts import THREADS
from oauth_web.serve import ACCESS_LOG_FORMAT, serve, state_folder

pytestmark = [pytest.mark.servers, pytest.mark.processes]

PROJECT = Path(__file__).parents[2]
START = "import sys; from oauth_web.serve import serve; serve('127.0.0.1', int(sys.argv[1]), True)"


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
            return browser.get(f"{self.url}{path}", timeout=10)

    def answers(self) -> bool:
        try:
            return self.get("/healthz").ok
        except (requests.ConnectionError, OSError):
            return False


@pytest.fixture
def served(tmp_path: Path, database_url: str, database: Database, encryption_key: str) -> Iterator[Served]:
    port = free_port()
    url = f"https://127.0.0.1:{port}"
    environ = {
        "PATH": os.environ["PATH"],
        "XDG_STATE_HOME": str(tmp_path),
        "DATABASE_URL": database_url.replace("+psycopg2", ""),
        "ENCRYPTION_KEY": encryption_key,
        "LINK_SERVICE_KEY": "key",
        "PUBLIC_URL": url,
        "SCHWAB_CLIENT_ID": "client",
        "SCHWAB_CLIENT_SECRET": "word",
        "SCHWAB_REDIRECT_URI": f"{url}/oauth/callback",
    }
    log = tmp_path / "log"
    # From a folder with modules of the same names as ours.
    (tmp_path / "settings.py").write_text("raise SystemExit('not ours')")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", START, str(port)], cwd=tmp_path, env=environ, stdout=output, stderr=output
        )
    found = Served(url, tmp_path / "brokersync" / "web-certificate.pem", log, process)
    try:
        until(found.answers, process)
        yield found
    finally:
        process.terminate()
        process.wait(20)


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


def test_it_serves_links_over_tls_and_ends_at_ctrl_c(served: Served) -> None:
    assert served.get("/readyz").json() == {"status": "ready"}
    with served.browser() as browser:
        made = browser.post(
            f"{served.url}/links",
            json={"user_id": "42", "broker": "schwab"},
            headers={"Authorization": "Bearer key"},
            timeout=10,
        )
        url = made.json()["url"]
        assert "Charles Schwab" in browser.get(url, timeout=10).text
        started = browser.post(url, allow_redirects=False, timeout=10)
        assert started.status_code == 303
        assert urlsplit(started.headers["Location"]).hostname == "api.schwabapi.com"
        # A browser that keeps to the rules of __Host- took the cookie, and sends it back.
        (cookie,) = browser.cookies
        assert cookie.name.startswith("__Host-link-")
        assert browser.get(url, timeout=10).status_code == 200
        assert served.get(urlsplit(url).path).status_code == 404
    bad = malformed_request(served)
    assert b" 400 " in bad.split(b"\r\n")[0]
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(20) == 0
    log = served.log.read_text()
    assert "Your browser will warn" in log
    assert "127.0.0.1 POST /oauth/start/<token> 303" in log
    assert urlsplit(url).path.rpartition("/")[2] not in log
    assert "code-in-a-bad-line" not in log
    assert not list(served.log.parent.rglob("*.ctl"))


def malformed_request(served: Served) -> bytes:
    address = urlsplit(served.url)
    context = ssl.create_default_context(cafile=str(served.certificate))
    with (
        socket.create_connection((str(address.hostname), address.port or 0), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(b"GET /oauth/callback?code=code-in-a-bad-line HTTP/nonsense\r\n\r\n")
        return secured.recv(4096)


def test_a_setting_that_cannot_be_used_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "nonsense")
    with pytest.raises(settings.NotConfigured, match="PUBLIC_URL"):
        serve("127.0.0.1", 1, tls=True)


def test_the_procfile_serves_the_same_shape_and_logs_the_same_line() -> None:
    (line,) = [line for line in (PROJECT / "Procfile").read_text().splitlines() if line.startswith("web:")]
    assert f"--workers 1 --threads {THREADS} " in line
    assert f"--access-logformat '{ACCESS_LOG_FORMAT}'" in line


@pytest.mark.parametrize(
    ("given", "expected"), [("/var/state", "/var/state"), ("", "~/.local/state"), ("relative", "~/.local/state")]
)
def test_the_certificate_is_kept_where_programs_keep_their_state(
    monkeypatch: pytest.MonkeyPatch, given: str, expected: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", given)
    assert state_folder() == Path(expected).expanduser() / "brokersync"
