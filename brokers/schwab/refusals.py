"""What a JSON answer with a 4xx status means. Only an error that Schwab wrote itself is more than an outage."""

from __future__ import annotations

import msgspec

from brokers.answers import Answer
from brokers.decoding import Unreadable, decode
from brokers.endpoints import Endpoint
from brokers.errors import AccessRefused, BadAnswer, BrokerDown, BrokerError

_ENVELOPE = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENVELOPE_KEYS = {"message", "errors", "fault", "error"}
"""One of them is in every error that Schwab's own services or their gateway write."""

_NO_SUCH_ACCOUNT = {400, 404}
"""400 is what a path with a wrong hash is known to get (schwab-py #203); 404 is what it could as well."""


def body(endpoint: Endpoint, answer: Answer) -> bytes:
    """Of a success. Raises what any other answer means."""
    if answer.status != 200:
        raise _refusal(endpoint, answer)
    return answer.body


def names_no_account(answer: Answer) -> bool:
    """Whether a request for one account was refused for the hash in its path, as far as that can be told."""
    return answer.status in _NO_SUCH_ACCOUNT and _is_structured(answer)


def _refusal(endpoint: Endpoint, answer: Answer) -> BrokerError:
    if not _is_structured(answer):
        return BrokerDown(str(endpoint), f"a refusal that proves nothing (status {answer.status})")
    if answer.status == 401:
        return AccessRefused(str(endpoint), "the access token was refused (status 401)")
    return BadAnswer(str(endpoint), f"the request was refused (status {answer.status})")


def _is_structured(answer: Answer) -> bool:
    """Whether Schwab wrote this error itself."""
    try:
        return bool(_ENVELOPE_KEYS & decode(_ENVELOPE, answer.body).keys())
    except Unreadable:
        return False
