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

_NOT_FOR_THE_PATH = {401, 429}


def body(endpoint: Endpoint, answer: Answer) -> bytes:
    """Of a success. Raises what any other answer means."""
    if answer.status != 200:
        raise _refusal(endpoint, answer)
    return answer.body


def may_be_for_the_path(error: BrokerError) -> bool:
    """Whether a request for one account may have been refused for the hash in its path.

    A wrong one is known to get a 400 (schwab-py #203). In which words another gateway refuses it nobody has told.
    """
    return error.status is not None and 400 <= error.status < 500 and error.status not in _NOT_FOR_THE_PATH


def _refusal(endpoint: Endpoint, answer: Answer) -> BrokerError:
    if not _is_structured(answer):
        return BrokerDown(str(endpoint), f"a refusal that proves nothing (status {answer.status})", answer.status)
    if answer.status == 401:
        return AccessRefused(str(endpoint), "the access token was refused (status 401)", answer.status)
    return BadAnswer(str(endpoint), f"the request was refused (status {answer.status})", answer.status)


def _is_structured(answer: Answer) -> bool:
    """Whether Schwab wrote this error itself."""
    try:
        return bool(_ENVELOPE_KEYS & decode(_ENVELOPE, answer.body).keys())
    except Unreadable:
        return False
