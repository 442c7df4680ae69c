"""What a person meant who mistyped a name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(typed: str, names: Iterable[str]) -> str:
    """` Did you mean 'sync'?`, to stand behind an error; empty where nothing is near."""
    near = get_close_matches(typed, list(names), n=2)
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
