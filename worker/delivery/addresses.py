"""The addresses in NOTIFY_URLS: told apart, and named without anything that is secret in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from models.event import Target

_BETWEEN = re.compile(r"[\s,;]+(?=[a-z0-9]+://)", re.IGNORECASE)
"""As Apprise has it: a comma within an address belongs to it."""

_WITH_A_HOST = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"})
"""Where what stands behind the slashes is always a host. Of many others it is the token itself."""


@dataclass(frozen=True)
class Address:
    """`place` counts from 1. `url` may hold secrets from its third slash on, for most services from its second."""

    place: int
    url: str = field(repr=False)

    @property
    def target(self) -> str:
        """As the outbox has it: `people/2`."""
        return f"{Target.PEOPLE}/{self.place}"

    @property
    def name(self) -> str:
        """`2 mailto://gmail.com`, `3 slack://…`: scheme, and host where that is one."""
        scheme, separator, _ = self.url.partition("://")
        if not separator or not re.fullmatch(r"[A-Za-z0-9]{1,32}", scheme):
            return f"{self.place} (not an address)"
        return f"{self.place} {scheme.lower()}://{self._host(scheme.lower()) or '…'}"

    def _host(self, scheme: str) -> str | None:
        if scheme not in _WITH_A_HOST:
            return None
        try:
            parts = urlsplit(self.url)
            # Else a password that is not percent-encoded was cut in its middle.
            return parts.hostname if self.url.count("@") == parts.netloc.count("@") <= 1 else None
        except ValueError:
            return None


def addresses(notify_urls: str) -> tuple[Address, ...]:
    """Every address in the text of NOTIFY_URLS, usable or not, in its order."""
    texts = (text.strip(" \t\r\n,;") for text in _BETWEEN.split(notify_urls))
    return tuple(Address(place, text) for place, text in enumerate((text for text in texts if text), start=1))
