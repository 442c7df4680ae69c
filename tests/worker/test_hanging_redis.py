"""A Redis that takes connections and never answers."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.sockets

SEND = """
import sys
from worker.tasks import sync_account
try:
    sync_account.apply_async(("an id",), ignore_result={ignore_result})
except Exception as error:
    sys.exit(f"gave up: {{type(error).__name__}}")
"""


@pytest.fixture
def silent() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_a_send_to_a_redis_that_hangs_is_given_up(silent: str) -> None:
    environ = {"REDIS_URL": silent, "DATABASE_URL": "postgresql:///nowhere", "PATH": ""}
    began = time.monotonic()
    # Side by side: the dispatcher's way to send, and that of somebody who waits for the result.
    senders = [
        subprocess.Popen(
            [sys.executable, "-c", SEND.format(ignore_result=ignored)], env=environ, stderr=subprocess.PIPE, text=True
        )
        for ignored in (True, False)
    ]
    for sender in senders:
        assert "gave up" in sender.communicate(timeout=100)[1]
    assert time.monotonic() - began < 60
