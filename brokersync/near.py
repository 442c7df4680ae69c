"""What a person meant who mistyped a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches


def did_you_mean(typed: str, names: Iterable[str], heard: Callable[[str], str] = str) -> str:
    """` Did you mean 'sync'?`, to stand behind an error; empty where nothing is near.

    `heard` is what of a name people go by, where that is not all of it.
    """
    known = {heard(name): name for name in names}
    near = [repr(known[each]) for each in get_close_matches(heard(typed), known, n=2)]
    return f" Did you mean {' or '.join(near)}?" if near else ""
