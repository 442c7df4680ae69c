"""What each broker needs of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from brokers.interface import Declaration
from brokersync.doctor import clocks
from brokersync.doctor.callback import callback_url
from brokersync.doctor.findings import Finding, fault, ok

BASE_URL, REDIRECT_URI = "_BASE_URL", "_REDIRECT_URI"


def variables(declaration: Declaration, environ: Mapping[str, str]) -> Finding:
    """Whether all are set that have no default."""
    missing = [each for each in declaration.variables if each.default is None and not environ.get(each.name)]
    if not missing:
        return ok(declaration.title, "Its variables are set.")
    names = ", ".join(each.name for each in missing)
    remedy = "; ".join(f"{each.name}: {each.meaning}" for each in missing)
    return fault(declaration.title, f"Not set: {names}.", f"Set {remedy}. Or try `brokersync demo` without.")


def callbacks(declaration: Declaration, environ: Mapping[str, str], public_url: str) -> list[Finding]:
    """The traps of its callback URL, where it is set."""
    found = _values(declaration, environ, REDIRECT_URI)
    is_real = not is_stand_in(declaration, environ)
    return [each for name, url in found for each in callback_url(name, url, public_url, real_broker=is_real)]


def is_stand_in(declaration: Declaration, environ: Mapping[str, str]) -> bool:
    """Whether the calls go elsewhere than to the broker itself: to the sandbox, say."""
    defaults = {each.name: each.default or "" for each in declaration.variables}
    hosts = [
        (urlsplit(url).hostname, urlsplit(defaults[name]).hostname) for name, url in _base_urls(declaration, environ)
    ]
    return any(here != real for here, real in hosts)


def clock(declaration: Declaration, environ: Mapping[str, str]) -> list[Finding]:
    return [clocks.broker(declaration.title, url) for _, url in _base_urls(declaration, environ)]


def _base_urls(declaration: Declaration, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    return _values(declaration, environ, BASE_URL)


def _values(declaration: Declaration, environ: Mapping[str, str], ending: str) -> list[tuple[str, str]]:
    named = [each for each in declaration.variables if each.name.endswith(ending)]
    return [(each.name, value) for each in named if (value := environ.get(each.name) or each.default)]
