"""The two keys that the environment holds."""

from __future__ import annotations

import base64
import binascii

from brokersync.doctor.findings import Finding, fault, ok, warning

ENCRYPTION_KEY = "ENCRYPTION_KEY"
LINK_SERVICE_KEY = "LINK_SERVICE_KEY"
KEY_BYTES = 32
SHORTEST_SERVICE_KEY = 16
"""Characters. Who guesses it can make links for anybody."""

_NEW = "`brokersync new-key` prints a good one."
_RIGHT = "Copy it anew. Only where nothing was linked yet: `brokersync new-key` prints another."


def encryption_key(keys: tuple[str, ...]) -> Finding:
    """Each must be 32 bytes in URL-safe Base64, as Fernet has it."""
    if not keys:
        return fault(ENCRYPTION_KEY, "It is not set, so no token can be kept.", f"Set it: {_NEW}")
    for place, key in enumerate(keys, start=1):
        which = "It" if len(keys) == 1 else f"Key {place} of {len(keys)}"
        if key != key.strip("\"'"):
            return fault(ENCRYPTION_KEY, f"{which} has a quote at its end.", "Take the quotes away.")
        try:
            length = len(base64.b64decode(key.encode("ascii"), altchars=b"-_", validate=True))
        except (binascii.Error, UnicodeEncodeError):
            return fault(ENCRYPTION_KEY, f"{which} is not a Fernet key: it is not URL-safe Base64.", _RIGHT)
        if length != KEY_BYTES:
            said = f"{which} is not a Fernet key: it holds {length} bytes instead of {KEY_BYTES}."
            return fault(ENCRYPTION_KEY, said, _RIGHT)
    return ok(ENCRYPTION_KEY, "One key." if len(keys) == 1 else f"{len(keys)} keys: the first writes, all read.")


def link_service_key(key: str | None) -> Finding:
    if key is None:
        return warning(
            LINK_SERVICE_KEY,
            "It is not set, so a host application cannot make links; `brokersync link` can.",
            "Set it to a long random text, and give it to the application too.",
        )
    if len(key) < SHORTEST_SERVICE_KEY:
        return warning(
            LINK_SERVICE_KEY,
            f"It has only {len(key)} characters, and who guesses it makes links for anybody.",
            f"Make it a random text of at least {SHORTEST_SERVICE_KEY} characters.",
        )
    return ok(LINK_SERVICE_KEY, "It is set.")
