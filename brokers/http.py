"""The one HTTP layer of all brokers: what leaves, how long it may take, and which answers are answers at all.

A session is shared by all threads: urllib3's pools are made for that, and what is not safe to share is off. Cookies are
never kept (an answer for one person would colour the next one's request). `trust_env` is off, so that a `.netrc` adds
no credentials. Proxies and a CA bundle of the environment (`HTTPS_PROXY`, `NO_PROXY`, `REQUESTS_CA_BUNDLE`) are read
once, because a company's network may have no other way out; a loopback address is never asked through a proxy.

Nothing of a request or an answer (header, query, body, URL) is part of an error or a log line. Errors of urllib3 and
requests carry URLs, so they end here: each becomes one of `brokers.errors`, without its cause.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import DecodeError, HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

from brokers.deadline import Deadline
from brokers.endpoints import Endpoint, NotAllowed
from brokers.errors import BadAnswer, BrokerDown, BrokerError, RateLimited, Unreachable
from brokers.retry_after import retry_after
from brokers.transport import BoundedAdapter

MOST_BYTES = 16 * 1024 * 1024
"""Some 20,000 positions; an answer beyond that is not one."""

HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"brokersync/{version('brokersync')}",
}


class Answer(NamedTuple):
    """A JSON answer as it came: status 200, or 4xx for the broker to tell what it means."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"Answer(status={self.status}, {len(self.body)} bytes)"


class Unsafe(Exception):
    """A base URL that requests with secrets must not go to. The message says what to write instead."""


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect is followed, and none is looked into (`requests` would read its body, of any size)."""


class HttpClient:
    """Sends the requests of one broker to its `base_url`, and only those on its allow-list.

    Raises `Unsafe` for a base URL without TLS that is not on this machine.
    """

    def __init__(self, base_url: str, allowed: frozenset[Endpoint], transport: BaseAdapter | None = None) -> None:
        self._base_url, host = _safe(base_url)
        self._allowed = allowed
        self._session = _Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._session.proxies = {} if _is_loopback(host) else dict(get_environ_proxies(self._base_url))
        self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        adapter = transport or BoundedAdapter()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter)

    def call(
        self,
        endpoint: Endpoint,
        deadline: Deadline,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, within what is left of `deadline`.

        Raises `NotAllowed` before anything is sent; `Unreachable`, `RateLimited`, `BrokerDown`, or `BadAnswer` (status
        200 that is no JSON, or too big) afterwards.
        """
        if endpoint not in self._allowed:
            raise NotAllowed(f"{endpoint} is not on the allow-list")
        url = self._base_url + endpoint.location(path or {})
        request = requests.Request(endpoint.method, url, {**HEADERS, **(headers or {})}, params=query, data=form)
        seconds = deadline.left()
        if seconds <= 0:
            raise Unreachable(str(endpoint), "no time was left to ask")
        try:
            response = self._session.send(request.prepare(), stream=True, timeout=seconds)
        except (requests.RequestException, HTTPError) as error:
            raise _unreached(endpoint, error) from None
        with response:
            _require_answer(endpoint, response)
            return Answer(response.status_code, _body(endpoint, response))

    def close(self) -> None:
        self._session.close()


def _safe(base_url: str) -> tuple[str, str]:
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if not host or parts.username or parts.query or parts.fragment:
        raise Unsafe("it must be a plain address such as https://api.example.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise Unsafe("it must start with https:// (http:// is taken for this machine only, such as http://127.0.0.1)")
    return base_url.rstrip("/"), host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _unreached(endpoint: Endpoint, error: Exception) -> BrokerError:
    """What became of a request without an answer. The words tell whether it may have been sent."""
    name = str(endpoint)
    if isinstance(error, requests.exceptions.SSLError):
        return Unreachable(name, "no safe connection (TLS): the broker's certificate was not accepted")
    if isinstance(error, requests.exceptions.ProxyError):
        return Unreachable(name, "no connection through the proxy")
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Unreachable(name, "no connection in time")
    if isinstance(error, requests.exceptions.Timeout):
        return Unreachable(name, "the request was sent, and no answer came in time")
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, NewConnectionError):
        return Unreachable(name, "no connection")
    return Unreachable(name, "the connection broke before an answer came")


def _require_answer(endpoint: Endpoint, response: requests.Response) -> None:
    """Let only what a broker's own code can read pass: JSON with status 200 or 4xx."""
    name, status = str(endpoint), response.status_code
    if status == 429:
        raise RateLimited(name, "too many requests (status 429)", retry_after(response.headers))
    if status >= 500:
        raise BrokerDown(name, f"the broker failed (status {status})")
    if 300 <= status < 400:
        raise BrokerDown(name, f"a redirect, which is never followed (status {status})")
    what = _not_json(response.headers.get("Content-Type", ""))
    if status == 200:
        if what:
            raise BadAnswer(name, f"{what} instead of JSON (status 200)")
    elif status < 400:
        raise BadAnswer(name, f"an answer without content (status {status})")
    elif what:
        raise BrokerDown(name, f"{what} instead of JSON (status {status})")


def _not_json(content_type: str) -> str | None:
    """What an answer is by its content type, in our words; None for JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind.endswith(("/json", "+json")):
        return None
    if kind in {"text/html", "application/xhtml+xml"}:
        return "an HTML page"
    if kind.startswith("text/"):
        return "a text"
    return "something else" if kind else "an answer without a content type"


def _body(endpoint: Endpoint, response: requests.Response) -> bytes:
    """The whole body, unpacked. One read: the deadline is kept by the socket's own reader, the size by urllib3."""
    raw: urllib3.HTTPResponse = response.raw
    name = str(endpoint)
    too_big = BadAnswer(name, f"an answer of more than {MOST_BYTES // 1024 // 1024} MB")
    if (raw.length_remaining or 0) > MOST_BYTES:
        raise too_big
    try:
        body = raw.read(MOST_BYTES + 1, decode_content=True)
    except ReadTimeoutError:
        raise Unreachable(name, "the answer was not complete in time") from None
    except DecodeError:
        raise BadAnswer(name, "an answer that cannot be unpacked") from None
    except (ProtocolError, HTTPError):
        raise Unreachable(name, "the connection broke in the middle of the answer") from None
    if len(body) > MOST_BYTES:
        raise too_big
    return body
