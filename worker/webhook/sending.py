"""Sends one document to the webhook, and says in our own words why it was not taken.

The adapter is used without a session of `requests`: so there are no redirects, cookies, logins from a `.netrc` or proxies
of the environment. A proxy would look up the name by itself, and where it then leads nobody here could check. A CA bundle
of the environment (`REQUESTS_CA_BUNDLE`) is used: a receiver in a private network often has a private CA.

Of an answer the status is all that is looked at. Its body is not read, whatever its size.
"""

from __future__ import annotations

import os
import uuid
from datetime import datetime
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from brokers.answers import unreached
from brokers.endpoints import Endpoint
from brokers.http import HEADERS
from settings import webhook_key
from worker.webhook.guarded import Refused, guarded_adapter
from worker.webhook.reach import Reach
from worker.webhook.signature import signed_headers

_WEBHOOK = Endpoint("POST", "/")
_FIXED_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": HEADERS["User-Agent"],
    "Connection": "close",
}

REMEDIES = {
    Reach.PUBLIC: "http:// to the internet would be read on its way: use https://",
    Reach.PRIVATE: "set WEBHOOK_PRIVATE=yes if your receiver is there",
    Reach.NOWHERE: "correct WEBHOOK_URL, or what its name resolves to",
}
"""What helps where WEBHOOK_URL leads to one that is not allowed."""


class NotDelivered(Exception):
    """The document was not taken. `text` says why, without the address, a secret or anything of the answer.

    `retry`: it may be taken later.
    """

    def __init__(self, text: str, retry: bool) -> None:
        super().__init__(text)
        self.text = text
        self.retry = retry


class Webhook:
    """The receiver at `url`. Made once, used by all threads.

    Raises `settings.Unusable` for a `secret` that is none.
    """

    def __init__(self, url: str, secret: str, allow_private: bool) -> None:
        self._url = url
        self._key = webhook_key(secret)
        self._adapter = guarded_adapter(allowed(url, allow_private))

    def send(self, document: bytes, event_id: uuid.UUID, now: datetime, deadline: float) -> None:
        """POST the JSON `document`, within `deadline` seconds from looking up the name to the answer's headers.

        The same event has the same id each time; `now` is signed, and has to be near the receiver's clock. Raises
        `NotDelivered` for all but an answer with status 2xx.
        """
        if deadline <= 0:
            raise NotDelivered("no time was left to send", retry=True)
        headers = _FIXED_HEADERS | signed_headers(self._key, str(event_id), now, document)
        failure = self._failure(document, headers, deadline)
        if failure is not None:
            raise failure

    def _failure(self, document: bytes, headers: dict[str, str], seconds: float) -> NotDelivered | None:
        """Handed back and raised outside, so that nothing of the request hangs on it as its context."""
        try:
            request = requests.Request("POST", self._url, headers, data=document).prepare()
            verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
            answer = self._adapter.send(request, stream=True, timeout=seconds, verify=verify)
        except Refused as refused:
            return NotDelivered(f"WEBHOOK_URL leads to {refused.found.value}: {REMEDIES[refused.found]}", retry=True)
        except (requests.exceptions.InvalidURL, UnicodeError):
            return NotDelivered("WEBHOOK_URL is no address that can be looked up", retry=True)
        except (requests.RequestException, HTTPError) as error:
            return NotDelivered(unreached(_WEBHOOK, error).fault, retry=True)
        except OSError:
            return NotDelivered("the file that REQUESTS_CA_BUNDLE names cannot be read", retry=True)
        answer.close()
        return _failure_of(answer.status_code)


def allowed(url: str, allow_private: bool) -> frozenset[Reach]:
    """Without TLS only to a private network: a document names people, if only by ids."""
    safe = urlsplit(url).scheme == "https"
    return frozenset(([Reach.PUBLIC] if safe else []) + ([Reach.PRIVATE] if allow_private else []))


def _failure_of(status: int) -> NotDelivered | None:
    """410 is a receiver's clear word that it wants this no more. Any other refusal may be a receiver that is being changed,
    or a secret that only one side has yet: losing an event then would be worse than a day of vain attempts.
    """
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return NotDelivered(
            f"a redirect (status {status}), which is never followed: set WEBHOOK_URL to where it leads", retry=True
        )
    if status in {400, 401, 403}:
        return NotDelivered(f"refused (status {status}): has the receiver the same WEBHOOK_SECRET?", retry=True)
    return NotDelivered(f"not taken (status {status})", retry=status != 410)
