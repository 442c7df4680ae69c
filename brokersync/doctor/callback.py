"""The callback URL of an OAuth broker: the broker compares it character by character with the one it has registered."""

from __future__ import annotations

from urllib.parse import urlsplit

from brokersync.doctor.findings import Finding, fault, ok, warning
from brokersync.places import holds_login
from oauth_web.origins import origin

PATH = "/oauth/callback"
"""Where the web app takes the browser back."""


def callback_url(name: str, url: str, public_url: str, *, real_broker: bool) -> list[Finding]:
    """All traps that the URL in the variable `name` is in. `real_broker`: the calls go to the broker itself, which takes
    only https (Schwab: also not `localhost`, and a slash at the end is not the same URL).
    """
    if holds_login(url):
        return [fault(name, "It holds a login (what stands before an @).", "Write it without, as it is registered.")]
    try:
        there = origin(url)
    except ValueError:
        example = f"https://127.0.0.1:8182{PATH}"
        return [fault(name, "It is not a full address.", f"Set it as it is registered, such as {example}")]
    parts = urlsplit(url)
    findings = [
        *_scheme(name, url, parts.scheme, real_broker=real_broker),
        *_host(name, url, parts.hostname, real_broker=real_broker),
        *_path(name, parts.path, urlsplit(public_url).path),
    ]
    if there != origin(public_url):
        findings.append(
            fault(
                name,
                f"It is at {there}, but people start at {origin(public_url)} (PUBLIC_URL), and a browser does not "
                "carry the start's cookie from one to the other.",
                "Make the two begin alike: scheme, host and port.",
            )
        )
    if parts.query or parts.fragment:
        findings.append(fault(name, "It has a query or a fragment.", f"End it with {PATH}"))
    return findings or [ok(name, url)]


def _scheme(name: str, url: str, scheme: str, *, real_broker: bool) -> list[Finding]:
    findings = []
    written = url.partition(":")[0]
    if written != scheme:
        said = f"It begins with {written} in capitals, and the broker compares letter by letter."
        findings.append(fault(name, said, f"Write {written.lower()}, here and where it is registered."))
    if scheme == "http" and real_broker:
        remedy = "Register and set an https address; on your own machine `brokersync web --tls` serves it."
        findings.append(fault(name, "It is http, and the broker takes only https.", remedy))
    return findings


def _host(name: str, url: str, host: str | None, *, real_broker: bool) -> list[Finding]:
    if host != "localhost":
        return []
    told = fault if real_broker else warning
    return [told(name, "It names localhost, which Schwab does not register.", "Write 127.0.0.1, here and there.")]


def _path(name: str, path: str, public_path: str) -> list[Finding]:
    wanted = f"{public_path.rstrip('/')}{PATH}"
    if path == wanted:
        return []
    if path.rstrip("/") == wanted:
        remedy = "Take the slash away, here and where it is registered."
        return [fault(name, "It ends with a slash, which makes it another URL.", remedy)]
    return [fault(name, f"Its path is {path or 'missing'}, where nobody answers.", f"End it with {wanted}")]
