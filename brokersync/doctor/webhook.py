"""Where the webhook leads, as far as that can be told without sending anything."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from brokersync.doctor.findings import Finding, fault, ok, sentence, warning
from worker.webhook.reach import Reach, reach
from worker.webhook.sending import REMEDIES, allowed

CHECK = "WEBHOOK_URL"


def examine(url: str | None, *, allow_private: bool) -> list[Finding]:
    """`url` as `settings` has it. The name is looked up as the worker will: here, so behind another DNS it may differ."""
    if url is None:
        return []
    if not allowed(url, allow_private):
        said = "It goes without TLS, and so to private networks only, which WEBHOOK_PRIVATE does not allow."
        return [
            fault(CHECK, said, "Use https://, or set WEBHOOK_PRIVATE=yes if your receiver is in a private network.")
        ]
    host = urlsplit(url).hostname or ""
    try:
        found = {reach(str(address[0])) for *_, address in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return [warning(CHECK, "Its name cannot be looked up from here.", "Correct it, or see to DNS on this machine.")]
    barred = found - allowed(url, allow_private)
    if barred:
        return [_barred(next(each for each in Reach if each in barred))]
    return [ok(CHECK, "It leads to where it may; nothing was sent (`brokersync notify --test` does).")]


def _barred(found: Reach) -> Finding:
    return fault(CHECK, f"It leads to {found.value}, and is not sent to.", sentence(REMEDIES[found]))
