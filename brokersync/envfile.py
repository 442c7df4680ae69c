"""Lines `NAME=value` that a shell (`set -a; . demo.env`) and we read alike."""

from __future__ import annotations

import shlex
from collections.abc import Mapping


def written(environ: Mapping[str, str]) -> str:
    """The lines. Raises `ValueError` for a value of several lines."""
    for name, value in environ.items():
        if "\n" in value or "\0" in value:
            raise ValueError(f"{name} has more than one line, which an environment file cannot hold.")
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in environ.items())


def parsed(text: str) -> dict[str, str]:
    """What `written` wrote; empty lines and comments are passed over."""
    environ = {}
    for line in text.split("\n"):
        name, separator, value = line.partition("=")
        if separator and not name.startswith("#"):
            environ[name] = "".join(shlex.split(value))
    return environ
