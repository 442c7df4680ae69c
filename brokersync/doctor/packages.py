"""Whether Python finds our packages, and not those of another distribution with the same names.

Imports nothing of ours: it is asked first, since nothing else can be looked at when it fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

from brokersync.doctor.findings import Finding, fault, ok

CHECK = "Packages"
NAMES = ("brokers", "brokersync", "celeryconfig", "models", "oauth_web", "sandbox", "settings", "worker")
OURS = "brokersync"
HOME = Path(__file__).resolve().parents[2]
"""Where all of them lie, side by side."""


def examine() -> list[Finding]:
    return judged({name: _found(name) for name in NAMES}, HOME)


def in_the_way() -> str | None:
    """What is wrong with them and what helps, in sentences; None where nothing is."""
    return " ".join(f"{each.said} {each.remedy}" for each in examine() if each.remedy is not None) or None


def judged(found: dict[str, Path | None], home: Path) -> list[Finding]:
    """`found` is where Python would import each name from; None: nowhere."""
    strangers = {name: place for name, place in found.items() if place is None or place.parent != home}
    if not strangers:
        return [ok(CHECK, "Python finds ours.")]
    owners = packages_distributions()
    return [_stranger(name, place, owners.get(name, ())) for name, place in strangers.items()]


def _stranger(name: str, place: Path | None, owners: Iterable[str]) -> Finding:
    if place is None:
        return fault(CHECK, f"Python does not find `{name}`.", "Install brokersync anew, in an environment of its own.")
    others = sorted(set(owners) - {OURS})
    if others:
        said = f"`{name}` is taken from another distribution: {', '.join(others)}."
        return fault(CHECK, said, f"pip uninstall {' '.join(others)} (or give brokersync an environment of its own)")
    return fault(
        CHECK,
        f"`{name}` is taken from {place}, which is not ours.",
        "Start brokersync in another folder, and unset PYTHONPATH.",
    )


def _found(name: str) -> Path | None:
    spec = find_spec(name)
    if spec is None:
        return None
    if spec.origin is not None:
        origin = Path(spec.origin).resolve()
        return origin.parent if origin.name == "__init__.py" else origin
    return next((Path(place) for place in spec.submodule_search_locations or ()), None)
