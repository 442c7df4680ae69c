"""The signature of a message, after the Standard Webhooks specification 1.0 (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime


def signed_headers(key: bytes, message_id: str, sent_at: datetime, document: bytes) -> dict[str, str]:
    """`message_id` holds no dot. `sent_at` is the time of this attempt, not of what the message tells."""
    seconds = str(int(sent_at.timestamp()))
    signed = f"{message_id}.{seconds}.".encode() + document
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {"webhook-id": message_id, "webhook-timestamp": seconds, "webhook-signature": f"v1,{signature}"}
