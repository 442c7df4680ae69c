"""A stand-in for the network at the seam where `requests` would open a connection."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter

JSON = {"Content-Type": "application/json"}


class Reply(NamedTuple):
    """What a fake answers; `error` is raised instead of it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = JSON
    error: Exception | None = None


class Sent(NamedTuple):
    """A request as it would have left."""

    method: str
    url: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]
    timeout: float
    proxies: dict[str, str]


def reply(document: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(document).encode())


def page(status: int = 200, text: str = "<HTML><BODY>Access Denied</BODY></HTML>", kind: str = "text/html") -> Reply:
    return Reply(status, text.encode(), {"Content-Type": f"{kind}; charset=utf-8"})


class FakeTransport(BaseAdapter):
    """Answers by method and path; `every` answers all of them. `sent` holds the requests in their order."""

    def __init__(self, routes: dict[tuple[str, str], Reply], every: Reply | None = None) -> None:
        super().__init__()
        self.routes = dict(routes)
        self.every = every
        self.sent: list[Sent] = []
        self.before: Callable[[], object] = lambda: None
        self.closed = False

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        body = request.body or ""
        form = dict(parse_qsl(body if isinstance(body, str) else body.decode(), keep_blank_values=True))
        query = dict(parse_qsl(parts.query))
        method = str(request.method)
        headers, timeout, proxies = dict(request.headers), options["timeout"], dict(options["proxies"])
        self.sent.append(Sent(method, str(request.url), parts.path, query, form, headers, timeout, proxies))
        self.before()
        answer = self.every or self.routes[method, parts.path]
        if answer.error is not None:
            raise answer.error
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.raw = urllib3.HTTPResponse(
            io.BytesIO(answer.body), headers=answer.headers, status=answer.status, preload_content=False
        )
        response.request = request
        response.url = str(request.url)
        return response

    def close(self) -> None:
        self.closed = True
