"""The web app as `brokersync web` starts it: gunicorn, over TLS, with a certificate of its own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import settings
from models.session import Database
from oauth_web.serve import serve
from tests.oauth_web.served import Served, serving

pytestmark = [pytest.mark.servers, pytest.mark.processes]


@pytest.fixture
def served(tmp_path: Path, database_url: str, database: Database, encryption_key: str) -> Iterator[Served]:
    environ = {
        "DATABASE_URL": database_url.replace("+psycopg2", ""),
        "ENCRYPTION_KEY": encryption_key,
        "LINK_SERVICE_KEY": "key",
    }
    with serving(tmp_path, environ) as served:
        yield served


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
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(20) == 0
    log = served.log.read_text()
    assert "Your browser will warn" in log
    assert f"Listening at: {served.url} " in log
    assert "127.0.0.1 POST /oauth/start/<token> 303" in log
    assert urlsplit(url).path.rpartition("/")[2] not in log


def test_nothing_is_left_open_to_whoever_shares_the_home_folder(served: Served) -> None:
    # gunicorn would make a socket there through which it can be stopped.
    assert not list(served.log.parent.rglob("*.ctl"))
    assert not (served.log.parent / ".gunicorn").exists()


def test_a_setting_that_cannot_be_used_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "nonsense")
    with pytest.raises(settings.NotConfigured, match="PUBLIC_URL"):
        serve("127.0.0.1", 1, tls=True)
