"""Origins, and who may be trusted because of theirs. Always from configuration, never from the Host header."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from werkzeug.datastructures import Headers

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST = 2000
# Browsers read a backslash as a slash and drop line breaks, so a parser and a browser would see two different addresses.
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]|[^\x00-\x7f]")


def origin(url: str) -> str:
    """Scheme, host and port as browsers write them. Raises `ValueError` for what has none."""
    address = urlsplit(url)
    scheme = address.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not address.hostname:
        raise ValueError("not an http or https address with a host")
    host = f"[{address.hostname}]" if ":" in address.hostname else address.hostname
    port = address.port
    return f"{scheme}://{host}" if port in {None, _DEFAULT_PORTS[scheme]} else f"{scheme}://{host}:{port}"


def is_on_this_machine(url: str) -> bool:
    """Whether the address is one that only this machine reaches: a loopback address, or `localhost`."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_same_origin(headers: Headers, public_url: str) -> bool:
    """Whether a form was sent from a page of ours.

    Browsers of today say so in Sec-Fetch-Site. Because our pages give no referrer, Origin is `null` there even from our
    own form, so it only counts where Sec-Fetch-Site is missing. With neither, it is no browser, and nobody to deceive.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    sender = headers.get("Origin")
    return sender is None or sender == origin(public_url)


def may_return_to(url: str, prefixes: Iterable[str]) -> bool:
    """Whether an address is on the allow-list: the same origin, and a path at or below the prefix's."""
    if len(url) > _LONGEST or _UNSAFE.search(url):
        return False
    try:
        address, there = urlsplit(url), origin(url)
    except ValueError:
        return False
    if "@" in address.netloc or {".", ".."} & set(unquote(address.path).replace("\\", "/").split("/")):
        return False
    return any(_is_below(there, address.path, prefix) for prefix in prefixes)


def with_outcome(url: str, connection_id: str, status: str) -> str:
    """The address with the outcome of a link added to its query."""
    address = urlsplit(url)
    asked = [*parse_qsl(address.query, keep_blank_values=True), ("connection_id", connection_id), ("status", status)]
    return urlunsplit(address._replace(query=urlencode(asked)))


def _is_below(there: str, path: str, prefix: str) -> bool:
    try:
        if origin(prefix) != there:
            return False
    except ValueError:
        return False
    folder = urlsplit(prefix).path.rstrip("/")
    return path == folder or path.startswith(f"{folder}/") or not folder
