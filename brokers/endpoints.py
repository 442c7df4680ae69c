"""Which calls a broker may make: a method and a path template each. What is not on the list is never sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote


class NotAllowed(Exception):
    """Our own fault: a call that the broker's allow-list does not hold, or a value that would turn it into another."""


class Endpoint(NamedTuple):
    """`path` is a template such as `/accounts/{account}`; `prefix` stands before it on the wire and not in messages."""

    method: str
    path: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def location(self, values: Mapping[str, str]) -> str:
        """The path on the wire. Raises `NotAllowed` where a value would leave its own segment of the path."""
        if any(value in {"", ".", ".."} for value in values.values()):
            raise NotAllowed(f"{self}: a value that is no part of a path")
        quoted = {name: quote(value, safe="") for name, value in values.items()}
        return self.prefix + self.path.format_map(quoted)
