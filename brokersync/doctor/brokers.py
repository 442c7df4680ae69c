"""What each broker needs of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from brokers.errors import AppMisconfigured, BrokerError
from brokers.interface import Declaration, NotConfigured, Variable
from brokers.registry import build
from brokersync.cells import spelled
from brokersync.doctor import clocks
from brokersync.doctor.addresses import is_full
from brokersync.doctor.callback import callback_url
from brokersync.doctor.findings import APP_REFUSED, Finding, fault, note, ok, warning
from brokersync.places import holds_login

BASE_URL, REDIRECT_URI = "_BASE_URL", "_REDIRECT_URI"


def variables(declaration: Declaration, environ: Mapping[str, str]) -> Finding:
    """Whether all are set that have no default."""
    unset = missing(declaration, environ)
    if not unset:
        return ok(declaration.title, "Its variables are set.")
    names = ", ".join(each.name for each in unset)
    remedy = "; ".join(f"{each.name}: {each.meaning}" for each in unset)
    return fault(declaration.title, f"Not set: {names}.", f"Set {remedy}. Or try `brokersync demo` without.")


def missing(declaration: Declaration, environ: Mapping[str, str]) -> list[Variable]:
    """The variables that must be set before this broker can be used, and are not."""
    return [each for each in declaration.variables if each.default is None and not environ.get(each.name)]


def callbacks(declaration: Declaration, environ: Mapping[str, str], public_url: str) -> list[Finding]:
    """The traps of its callback URL, where it is set."""
    found = _values(declaration, environ, REDIRECT_URI)
    is_real = not is_stand_in(declaration, environ)
    return [each for name, url in found for each in callback_url(name, url, public_url, real_broker=is_real)]


def base_urls(declaration: Declaration, environ: Mapping[str, str]) -> list[Finding]:
    """Those addresses of the broker that cannot be called."""
    defaults = {each.name: each.default for each in declaration.variables}
    return [
        fault(name, _uncallable(url), f"Write it with its scheme, such as {defaults[name]}, or unset it.")
        for name, url in _base_urls(declaration, environ)
        if not _is_callable(url)
    ]


def cadence(declaration: Declaration, environ: Mapping[str, str], interval: timedelta) -> list[Finding]:
    """Whether connections are asked more often than makes sense at this broker, where it is set up and the real one."""
    fastest = declaration.fastest_cadence
    if interval >= fastest or missing(declaration, environ) or is_stand_in(declaration, environ):
        return []
    said = f"{spelled(interval, 2)} is shorter than the fastest sensible cadence of {declaration.title}"
    remedy = f"Set it to {int(fastest.total_seconds())} or more; the broker's limit is for all connections together."
    return [warning("SYNC_INTERVAL", f"{said}, {spelled(fastest, 2)}.", remedy)]


def is_stand_in(declaration: Declaration, environ: Mapping[str, str]) -> bool:
    """Whether the calls go elsewhere than to the broker itself: to the sandbox, say. An address that cannot be called is
    no stand-in, so the broker's own rules are told along with it.
    """
    defaults = {each.name: each.default or "" for each in declaration.variables}
    hosts = [
        (urlsplit(url).hostname, urlsplit(defaults[name]).hostname)
        for name, url in _base_urls(declaration, environ)
        if _is_callable(url)
    ]
    return any(here != real for here, real in hosts)


def clock(declaration: Declaration, environ: Mapping[str, str]) -> list[Finding | clocks.Reading]:
    return [clocks.broker(declaration.title, url) for _, url in _base_urls(declaration, environ) if _is_callable(url)]


def app(declaration: Declaration, environ: Mapping[str, str]) -> list[Finding]:
    """Whether the broker takes the app, where it is set up. Asked with a login that was never issued."""
    title = declaration.title
    if missing(declaration, environ) or any(not _is_callable(url) for _, url in _base_urls(declaration, environ)):
        return []
    try:
        broker = build(declaration.name, environ)
    except NotConfigured as error:
        return [fault(title, str(error), "Correct it, or unset it.")]
    try:
        broker.check_app(deadline=clocks.SECONDS)
    except AppMisconfigured as error:
        said = f"{error.fault[0].upper()}{error.fault[1:]}."
        return [
            fault(title, said, "Approved – Pending takes days, and comes back with every edit of the app.", APP_REFUSED)
        ]
    except BrokerError as error:
        said = f"Whether it takes the app could not be seen ({error.kind}: {error.fault})."
        return [note(title, said, "Try again in some minutes.")]
    finally:
        broker.close()
    return [ok(title, "It takes the app's key and secret; its callback URL and products only a link can prove.")]


def _is_callable(url: str) -> bool:
    return is_full(url) and not holds_login(url)


def _uncallable(url: str) -> str:
    return "It holds a login (what stands before an @)." if holds_login(url) else "It is not a full address."


def _base_urls(declaration: Declaration, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    return _values(declaration, environ, BASE_URL)


def _values(declaration: Declaration, environ: Mapping[str, str], ending: str) -> list[tuple[str, str]]:
    named = [each for each in declaration.variables if each.name.endswith(ending)]
    return [(each.name, value) for each in named if (value := environ.get(each.name) or each.default)]
