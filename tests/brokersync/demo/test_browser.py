from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest

from brokersync.demo.browser import Browser, PageFailed

pytestmark = pytest.mark.sockets


class Site(BaseHTTPRequestHandler):
    """A page with a form, which sets a cookie as ours is set; its target greets whoever brings cookie and field back."""

    def do_GET(self) -> None:
        if self.path == "/oauth/start/secret-link":
            cookie = "__Host-link=1; Secure; HttpOnly; Path=/; SameSite=Lax"
            self._answer(200, '<form method="post" action="/go"><input name="who"></form>', Set_Cookie=cookie)
        elif self.path.startswith("/callback"):
            self._answer(200, f"cookie {self.headers.get('Cookie')}, {self.path.partition('?')[2]}")
        else:
            self._answer(403, "<main>Not for you.</main>")

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        own = self.headers["Origin"] == f"http://{self.headers['Host']}"
        self._answer(303, "", Location=f"/callback?who={sent['who'][0]}&own={own}")

    def _answer(self, status: int, body: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_secure_cookie_comes_back_over_http_on_this_machine_as_real_browsers_do_it(site: str) -> None:
    with Browser() as browser:
        landing = browser.submit(browser.open(f"{site}/oauth/start/secret-link"), {"who": "me"})
    assert landing.status == 200
    assert landing.html == "cookie __Host-link=1, who=me&own=True"


def test_a_page_that_refuses_is_quoted(site: str) -> None:
    with Browser() as browser, pytest.raises(PageFailed, match=r"/other answered 403: Not for you\."):
        browser.submit(browser.open(f"{site}/other"))


def test_no_error_and_no_repr_holds_a_link_or_a_code(site: str) -> None:
    with Browser() as browser:
        page = browser.open(f"{site}/oauth/start/secret-link")
        with pytest.raises(PageFailed) as failed:
            browser.submit(page, {"password": "x"})
        with pytest.raises(PageFailed) as refused:
            browser.open("http://127.0.0.1:1/oauth/start/secret-link?code=secret-code")
    assert "/oauth/start did not answer" in str(refused.value)
    assert "secret" not in f"{failed.value}{refused.value}{page!r}"
