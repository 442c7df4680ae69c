"""Where the web app is reached, where it may send people back to, and how Flower is entered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from brokersync.doctor.findings import Finding, fault, warning
from oauth_web.origins import origin

DEFAULT_WEB_PORT = "8182"
"""The Procfile's."""
HIGHEST_PORT = 65535


def is_full(url: str) -> bool:
    """Whether it has a scheme (http or https), a host, and a port that can be, if any."""
    try:
        origin(url)
    except ValueError:
        return False
    return True


def public_url(url: str) -> list[Finding]:
    """Whether it is an origin: a path in it is right only behind a proxy that takes it off again."""
    path = urlsplit(url).path
    if not path:
        return []
    said = f"It has a path ({path}), and the web app answers at the top of its address."
    return [warning("PUBLIC_URL", said, f"Write {origin(url)}, unless a proxy of yours takes the path off.")]


def return_urls(prefixes: Iterable[str]) -> list[Finding]:
    """Those that no address can be below. Told by their place: an address may hold what is nobody's business."""
    check = "RETURN_URLS"
    remedy = "Write it with its scheme, such as https://app.example.org/"
    return [
        fault(check, f"Number {place} is not a full address, so it allows nothing.", remedy)
        for place, prefix in enumerate(prefixes, start=1)
        if not is_full(prefix)
    ]


def web_port(environ: Mapping[str, str], public_url: str) -> list[Finding]:
    """Whether the Procfile's web process listens where people are sent, as far as this machine itself serves them."""
    check = "WEB_PORT"
    written = environ.get(check) or DEFAULT_WEB_PORT
    if not (written.isascii() and written.isdigit() and len(written) <= 5 and 0 < int(written) <= HIGHEST_PORT):
        return [fault(check, "It is not a port.", f"Write a number from 1 to {HIGHEST_PORT}, such as 8182.")]
    parts = urlsplit(public_url)
    wanted = parts.port or (443 if parts.scheme == "https" else 80)
    if not _is_loopback(parts.hostname or "") or int(written) == wanted:
        return []
    said = f"The web process listens at port {written}, and PUBLIC_URL sends people to port {wanted}."
    return [warning(check, said, "Make the two alike, unless a proxy of yours stands between them.")]


def flower_login(environ: Mapping[str, str]) -> list[Finding]:
    """Whether Flower has a login; it does not start without."""
    check = "FLOWER_BASIC_AUTH"
    written = environ.get(check)
    if not written:
        return [warning(check, "It is not set, so Flower does not start.", "Set it to user:password.")]
    user, _, password = written.partition(":")
    if not user or not password:
        return [warning(check, "It is not user:password, so nobody can enter Flower.", "Write both, with a colon.")]
    return []


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
