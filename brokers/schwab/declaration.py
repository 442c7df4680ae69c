"""What is true of Schwab whoever uses it, and which calls we make."""

from __future__ import annotations

from datetime import timedelta

from brokers.endpoints import Endpoint
from brokers.interface import Declaration, LinkMethod, Variable

LOGIN_LIFETIME = timedelta(days=7)
"""From the login, whatever is refreshed. Schwab may end it sooner or later; its answer is the truth (schwab-py docs)."""

ACCESS_LIFETIME = timedelta(minutes=30)
"""Of an access token, should an answer not say."""

TOKEN = Endpoint("POST", "/oauth/token", prefix="/v1")
ACCOUNT_NUMBERS = Endpoint("GET", "/accounts/accountNumbers", prefix="/trader/v1")
ACCOUNTS = Endpoint("GET", "/accounts", prefix="/trader/v1")
ACCOUNT = Endpoint("GET", "/accounts/{account}", prefix="/trader/v1")
USER_PREFERENCE = Endpoint("GET", "/userPreference", prefix="/trader/v1")

ENDPOINTS = frozenset({TOKEN, ACCOUNT_NUMBERS, ACCOUNTS, ACCOUNT, USER_PREFERENCE})
"""The allow-list. Orders are not on it, so this program cannot trade."""

DECLARATION = Declaration(
    name="schwab",
    title="Charles Schwab",
    link_method=LinkMethod.OAUTH2,
    variables=(
        Variable("SCHWAB_CLIENT_ID", "the app key of your app on developer.schwab.com"),
        Variable("SCHWAB_CLIENT_SECRET", "the app's secret", secret=True),
        Variable("SCHWAB_REDIRECT_URI", "the app's callback URL, exactly as registered (https)"),
        Variable(
            "SCHWAB_BASE_URL", "moves authorise, token and API calls to a stand-in", default="https://api.schwabapi.com"
        ),
    ),
    credential_fields=("access_token", "refresh_token"),
    login_lifetime=LOGIN_LIFETIME,
    idle_login_lifetime=None,
    requests_per_minute=120,
    # A sync of known accounts is one request: at this pace a connection uses 4 of the app key's 120 requests a minute.
    fastest_cadence=timedelta(seconds=15),
    # Held to the cent in all live answers that were seen (7 of 7).
    proof_terms=(
        "cash",
        "long_market_value",
        "short_market_value",
        "long_option_value",
        "short_option_value",
        "bond_value",
        "mutual_fund_value",
        "money_market_fund",
        "savings",
    ),
    never_given=("as_of", "last price", "acquisition date", "tax lots", "multiplier of an adjusted option"),
    pkce=False,
    revocable=False,
    unlink_advice=(
        "Schwab has no call that revokes a login, so the permission itself is withdrawn by you: sign in at schwab.com, "
        "open the Security Center in your profile, and remove this app under third-party access. "
        "Untouched, the login ends seven days after it was made."
    ),
    app_advice=(
        "On developer.schwab.com see that the app is Ready For Use (each edit of it makes it wait for approval again), and "
        "that SCHWAB_CLIENT_ID and SCHWAB_CLIENT_SECRET are its key and secret; a worker that gets new ones is started "
        "again."
    ),
)
