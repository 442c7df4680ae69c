"""A small browser: pages, forms, redirects and cookies, as a person's browser would handle them on this machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.cookiejar import Cookie
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests
from requests.cookies import RequestsCookieJar

from brokersync.demo.forms import Form, Reader

# To connect, to answer. The callback asks the broker in the same request and may take its time over it.
WAIT = (2, 30)


class PageFailed(Exception):
    """A page is not what a person needs to go on. The message says which page, and what it says."""


@dataclass(frozen=True)
class Page:
    """What the browser shows. Address and page may hold a code, a state or a link: they are not in the repr."""

    address: str = field(repr=False)
    status: int
    html: str = field(repr=False)

    def form(self) -> Form:
        """The page's one form. Raises `PageFailed` when there is none, or the page reports an error."""
        forms = Reader(self.html).forms
        if self.status != 200 or len(forms) != 1:
            raise PageFailed(f"Expected a page with one form, but {self}")
        return forms[0]

    def __str__(self) -> str:
        return f"{_place(self.address)} answered {self.status}: {Reader(self.html).text[:300]}"


class _Jar(RequestsCookieJar):
    """Like real browsers, it takes the loopback device for secure; requests would send no Secure cookie over http.

    (A cookie policy of the jar would not do: requests copies the cookies of a session into a jar with the usual one.)
    """

    def set_cookie(self, cookie: Cookie, *args: Any, **options: Any) -> None:
        cookie.secure = False
        super().set_cookie(cookie, *args, **options)


class Browser:
    """One browser profile. Raises `PageFailed` when a server does not answer."""

    def __init__(self) -> None:
        self._session = requests.Session()
        # A proxy of the caller's environment has no business between two programs of this machine.
        self._session.trust_env = False
        self._session.cookies = _Jar()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._session.close()

    def open(self, address: str) -> Page:
        return self._go("get", address)

    def submit(self, page: Page, typed: dict[str, str] | None = None, press: str | None = None) -> Page:
        """Fill in the page's form, press the button of that value, and follow wherever it leads."""
        form = page.form()
        try:
            sent = form.filled(typed or {}, press)
        except LookupError as error:
            raise PageFailed(f"{page} ({error.args[0]})") from None
        here = urlsplit(page.address)
        origin = {"Origin": f"{here.scheme}://{here.netloc}"}
        return self._go("post", urljoin(page.address, form.action), sent, origin)

    def _go(
        self,
        method: str,
        address: str,
        sent: list[tuple[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Page:
        try:
            answer = self._session.request(method, address, data=sent, headers=headers, timeout=WAIT)
        except requests.RequestException as error:
            # Its text would quote the whole address.
            raise PageFailed(f"{_place(address)} did not answer ({type(error).__name__}).") from None
        return Page(answer.url, answer.status_code, answer.text)


def _place(address: str) -> str:
    """Host and first part of the path: the rest of a link's path, and a query, are secret."""
    parts = urlsplit(address)
    return f"{parts.netloc}{'/'.join(parts.path.split('/')[:3])}"
