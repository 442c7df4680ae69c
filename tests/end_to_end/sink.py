"""Where an installation sends what it tells: a server that takes everything and remembers it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_KEY = b"a key that only the tests know."
WEBHOOK_SECRET = f"whsec_{base64.b64encode(_KEY).decode()}"


@dataclass(frozen=True)
class Post:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def is_signed(self) -> bool:
        """As a receiver checks it: Standard Webhooks 1.0."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        wanted = base64.b64encode(hmac.digest(_KEY, signed, hashlib.sha256)).decode()
        return hmac.compare_digest(self.headers["webhook-signature"], f"v1,{wanted}")


@dataclass
class Sink:
    port: int
    posts: list[Post] = field(default_factory=list)

    def people(self, *words: str) -> list[dict[str, Any]]:
        """The notices to people, as Apprise posts them, in which all of these words stand."""
        notices = [post.document for post in self.posts if post.path == "/people"]
        return [notice for notice in notices if all(word in f"{notice['title']} {notice['message']}" for word in words)]

    def webhook(self, event: str, **fields: Any) -> list[Post]:
        """What the webhook got of one kind of event."""
        wanted = {"event": event, **fields}
        return [post for post in self.posts if post.path == "/webhook" and wanted.items() <= post.document.items()]


@contextmanager
def sink() -> Iterator[Sink]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            kept.posts.append(Post(self.path.rstrip("/"), headers, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Nothing: a test's output is the test's."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept = Sink(server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
