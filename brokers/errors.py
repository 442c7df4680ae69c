"""What can go wrong between us and a broker: one class for each decision a caller makes.

    BrokerError
    ├── Unreachable        no answer: time-out, refused, TLS            back off
    ├── BrokerDown         an answer that is not the broker's API       back off
    ├── RateLimited        too many requests                            wait as told, else back off
    ├── BadAnswer          an answer that cannot be true or read        keep every row as it is
    ├── LoginEnded         the broker's clear word                      a person links again
    └── AppMisconfigured   the app key, its state or its products       an operator acts
        └── AccessRefused  the access token was not taken               refresh once, ask again, else as above

A message names the endpoint and the fault. It is made of our own words only: no token, code, URL with a query, account
number or text from the answer is ever part of it, so it may be logged and stored.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar


class BrokerError(Exception):
    """`endpoint` is a method and a path template (`GET /accounts`), `fault` says in our words what was wrong with it.

    `status` is the HTTP status of an answer that was refused for it or that refuses; None where there was none.

    `unanswered`: the request was sent, the broker may have done what it asks for, and nothing usable came back. What is
    false was not sent, or was refused.
    """

    kind: ClassVar[str]

    def __init__(self, endpoint: str, fault: str, status: int | None = None, *, unanswered: bool = False) -> None:
        super().__init__(f"{endpoint}: {fault}")
        self.endpoint = endpoint
        self.fault = fault
        self.status = status
        self.unanswered = unanswered


class Unreachable(BrokerError):
    kind = "unreachable"


class BrokerDown(BrokerError):
    kind = "broker_down"


class RateLimited(BrokerError):
    """`retry_after` is what the broker asked for, from now; None when it did not say."""

    kind = "rate_limited"

    def __init__(self, endpoint: str, fault: str, retry_after: timedelta | None = None) -> None:
        super().__init__(endpoint, fault, 429)
        self.retry_after = retry_after


class BadAnswer(BrokerError):
    kind = "bad_answer"


class LoginEnded(BrokerError):
    kind = "login_ended"


class AppMisconfigured(BrokerError):
    kind = "app_misconfigured"


class AccessRefused(AppMisconfigured):
    """The access token was refused. After a refresh that worked, it means the app lacks a product or an account."""
