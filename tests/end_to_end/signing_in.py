"""A login at the sandbox without a browser and without the web app, for tests that need many."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from brokers.interface import Broker

WAIT = 30


def allowed_code(broker: Broker, person: str) -> str:
    """Sign in as that person of the sandbox and allow all accounts, as its pages ask; the code that comes back."""
    sign_in = broker.authorize_url("state", None)
    page = requests.post(sign_in, data={"username": person, "password": "sandbox"}, timeout=WAIT).text
    (ticket,) = re.findall(r'name="ticket" value="([^"]+)"', page)
    accounts = re.findall(r'name="accounts" value="(\d+)"', page)
    allowed = {"ticket": ticket, "accounts": accounts, "decision": "allow"}
    sent_back = requests.post(urljoin(sign_in, "consent"), data=allowed, timeout=WAIT, allow_redirects=False)
    return parse_qs(urlsplit(sent_back.headers["Location"]).query)["code"][0]
