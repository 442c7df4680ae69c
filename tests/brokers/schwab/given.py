"""A configured Schwab, and a network that answers as Schwab does."""

from __future__ import annotations

from brokers.schwab import Schwab
from tests.brokers.fake_transport import FakeTransport, Reply, reply
from tests.brokers.schwab import payloads

BASE_URL = "https://broker.example"
VALUES = {
    "SCHWAB_CLIENT_ID": "app-key-1",
    "SCHWAB_CLIENT_SECRET": "app-secret-1",
    "SCHWAB_REDIRECT_URI": "https://127.0.0.1:8182/oauth/callback",
    "SCHWAB_BASE_URL": BASE_URL,
}
CREDENTIALS = {"access_token": "I0.access-old.x@", "refresh_token": "refresh-old@"}

TOKEN = ("POST", "/v1/oauth/token")
NUMBERS = ("GET", "/trader/v1/accounts/accountNumbers")
ACCOUNTS = ("GET", "/trader/v1/accounts")
ACCOUNT = ("GET", f"/trader/v1/accounts/{payloads.MARGIN_HASH}")
PREFERENCE = ("GET", "/trader/v1/userPreference")


def network(changes: dict[tuple[str, str], Reply] | None = None, every: Reply | None = None) -> FakeTransport:
    """Everything goes well, but for `changes`."""
    routes = {
        TOKEN: reply(payloads.tokens()),
        NUMBERS: reply(payloads.account_numbers()),
        ACCOUNTS: reply(payloads.accounts()),
        ACCOUNT: reply(payloads.margin_account()),
        PREFERENCE: reply(payloads.user_preference()),
    }
    return FakeTransport({**routes, **(changes or {})}, every)


def schwab(transport: FakeTransport, **values: str) -> Schwab:
    return Schwab({**VALUES, **values}, transport)


def answering(changes: dict[tuple[str, str], Reply]) -> Schwab:
    """Schwab on a network with these changes."""
    return schwab(network(changes))


LOGIN_ENDED = (reply(payloads.ended(), 400), reply(payloads.ended_2026(), 400))
WRONG_APP = (reply(payloads.wrong_app(), 401),)
ACCESS_REFUSED = reply(payloads.not_authorized(), 401)
WITHOUT_REFRESH_TOKEN = reply(payloads.tokens(refresh_token=...))
