from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.guards.tree import ROOT

LOCKS = sorted((ROOT / "locks").glob("*.txt"))
PIN = re.compile(r"[a-z0-9-]+==[\w.+!]+( ; [^/\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def pins(lock: Path) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text(), re.MULTILINE)
    return dict(found)


def declared(requirements: list[object]) -> set[str]:
    names = [re.match(r"[A-Za-z0-9_-]+", text) for text in requirements if isinstance(text, str)]
    return {name[0].lower().replace("_", "-") for name in names if name}


def project() -> dict[str, set[str]]:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = declared(document["project"]["dependencies"])
    groups = document["dependency-groups"]
    build = declared(groups["build"])
    embedded = runtime | declared(document["project"]["optional-dependencies"]["embedded"])
    demo = embedded | build
    return {
        "runtime": runtime,
        "build": build,
        "demo": demo,
        "dev": demo | declared(groups["dev"]),
        "peers": embedded | declared(groups["peers"]),
        "uv": {"uv"},
    }


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_holds_pins_and_their_hashes_and_no_host_path_or_option(lock: Path) -> None:
    strange = [line for line in lock.read_text().splitlines() if not PIN.fullmatch(line) and not HASH.fullmatch(line)]
    assert strange == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_holds_what_pyproject_asks_for(lock: Path) -> None:
    assert project()[lock.stem] - set(pins(lock)) == set()


def test_the_demo_installs_nothing_that_only_developers_need() -> None:
    assert set(pins(ROOT / "locks" / "demo.txt")) & (project()["dev"] - project()["demo"]) == set()


def test_what_is_tested_is_what_runs() -> None:
    dev = pins(ROOT / "locks" / "dev.txt")
    for name in ("runtime", "build", "demo"):
        lock = pins(ROOT / "locks" / f"{name}.txt")
        assert {package: dev[package] for package in lock} == lock
