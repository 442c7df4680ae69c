"""The one HTTP layer of all brokers: what leaves, how long it may take, and which answers are answers at all.

A session is shared by all threads: urllib3's pools are made for that. What one answer could leave to the next request
is left out: requests are prepared without the session, so no cookie is ever sent back (an answer for one person would
colour the next one's request). `trust_env` is off, so that a `.netrc` adds no credentials. Proxies and a CA bundle of
the environment (`HTTPS_PROXY`, `NO_PROXY`, `REQUESTS_CA_BUNDLE`) are read once, because a company's network may have no
other way out; a loopback address is never asked through a proxy.

Nothing of a request or an answer (header, query, body, URL) is part of an error or a log line. Errors of urllib3 and
requests carry URLs, so they end here: each becomes one of `brokers.errors`, without its cause.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from importlib.metadata import version
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from brokers.answers import Answer, answer_of, unreached
from brokers.deadline import Deadline
from brokers.endpoints import Endpoint, NotAllowed
from brokers.errors import BrokerError, Unreachable
from brokers.transport import BoundedAdapter

HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"brokersync/{version('brokersync')}",
}


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
        if not all(value.isascii() and value.isprintable() for value in (headers or {}).values()):
            raise NotAllowed(f"{endpoint}: a header that cannot be sent")
        url = self._base_url + endpoint.location(path or {})
        request = requests.Request(endpoint.method, url, {**HEADERS, **(headers or {})}, params=query, data=form)
        seconds = deadline.left()
        if seconds <= 0:
            raise Unreachable(str(endpoint), "no time was left to ask")
        response = self._sent(endpoint, request.prepare(), seconds)
        if isinstance(response, BrokerError):
            raise response
        with response:
            return answer_of(endpoint, response)

    def _sent(
        self, endpoint: Endpoint, request: requests.PreparedRequest, seconds: float
    ) -> requests.Response | BrokerError:
        """An error is handed back and raised outside, so that nothing of the request hangs on it as its context."""
        try:
            return self._session.send(request, stream=True, timeout=seconds)
        except (requests.RequestException, HTTPError) as error:
            return unreached(endpoint, error)

    def close(self) -> None:
        self._session.close()


def _safe(base_url: str) -> tuple[str, str]:
    """The address without a slash at its end, and its host."""
    try:
        parts = urlsplit(base_url)
        # `urlsplit` drops some control characters silently; what sends the request would stumble over them.
        visible = base_url.isprintable() and " " not in base_url
        plain = visible and parts.port != 0 and not ("@" in base_url or parts.query or parts.fragment)
    except ValueError:
        plain = False
    if not plain or not parts.hostname:
        raise Unsafe("it must be a plain address such as https://api.example.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise Unsafe("it must start with https:// (http:// is taken for this machine only, such as http://127.0.0.1)")
    return base_url.rstrip("/"), parts.hostname


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
