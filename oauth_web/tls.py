"""Whether the web app does the TLS itself, and the certificate with which it does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import click

from oauth_web.certificate import own_certificate
from oauth_web.origins import is_on_this_machine
from settings import Settings

PORT = "8182"
"""Where the Procfile listens, unless WEB_PORT says otherwise."""

_ABOUT_THE_CERTIFICATE = """\
Your browser will warn that this certificate is not from an authority it knows, and it is right: it was made here, on
this machine, a moment or some weeks ago. That is fine for a page on your own machine, which no authority can vouch for.
Go on once ("Advanced", then "Proceed" or "Accept the risk"). Key and certificate, for your eyes only: {file}
"""


def people_come_straight_here(environ: Mapping[str, str]) -> bool:
    """PUBLIC_URL is https, on this machine, at the very port that we listen on: no proxy in between can do the TLS."""
    public_url = Settings.from_environ(environ).public_url
    address = urlsplit(public_url)
    port = str(address.port or 443)
    return address.scheme == "https" and is_on_this_machine(public_url) and port == (environ.get("WEB_PORT") or PORT)


def certificate_of_our_own() -> str:
    """The file with key and certificate, in the user's state folder; says what a browser will say of it."""
    file = own_certificate(state_folder())
    click.echo(_ABOUT_THE_CERTIFICATE.format(file=file), err=True)
    return str(file)


def state_folder() -> Path:
    """Where this user's programs keep what they made themselves (XDG Base Directory Specification)."""
    given = os.environ.get("XDG_STATE_HOME", "")
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"
    return base / "brokersync"
