"""Linking a login as a host application and a person would: one call for a link, then a browser."""

from __future__ import annotations

import time
from collections.abc import Mapping

import requests

from brokersync.demo.browser import Browser, PageFailed
from sandbox.users import SIGN_IN_WORD

SANDBOX_USER = "demo"
WAIT = (2, 10)


def link(environ: Mapping[str, str], user_id: str) -> float:
    """Link the sandbox's demo person to that user of ours. When *Allow* was pressed, on the monotonic clock.

    Raises `PageFailed`, whose message says on which page it went wrong.
    """
    with Browser() as browser:
        start = browser.open(_ask_for_link(environ, user_id))
        sign_in = browser.submit(start)
        consent = browser.submit(sign_in, {"username": SANDBOX_USER, "password": SIGN_IN_WORD})
        allowed_at = time.monotonic()
        landing = browser.submit(consent, press="allow")
    if landing.status != 200 or not landing.address.startswith(environ["SCHWAB_REDIRECT_URI"]):
        raise PageFailed(f"The login was not linked: {landing}")
    return allowed_at


def _ask_for_link(environ: Mapping[str, str], user_id: str) -> str:
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                f"{environ['PUBLIC_URL']}/links",
                json={"user_id": user_id, "broker": "schwab"},
                headers={"Authorization": f"Bearer {environ['LINK_SERVICE_KEY']}"},
                timeout=WAIT,
            )
            document = answer.json()
        except requests.RequestException as error:
            raise PageFailed(f"The web app gave no link: POST /links failed ({type(error).__name__}).") from None
    if answer.status_code != 201:
        raise PageFailed(f"The web app gave no link: {document.get('message', answer.status_code)}")
    return str(document["url"])
