"""The file `.env` of this folder: whether it was loaded, and whether honcho and a shell read the same in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from pathlib import Path

from honcho.environ import parse

from brokersync.doctor.findings import Finding, warning

CHECK = ".env"
NAME = ".env"
LOAD = "set -a; . ./.env; set +a"
_ASSIGNMENT = re.compile(r"\s*(?P<export>export\s+)?(?P<name>[A-Za-z_]\w*)(?P<gap>\s*)=(?P<value>.*)")
_SHELL_ACTS_ON = re.compile(r"[$`&;()<>|]|\s")


def examine(folder: Path, environ: Mapping[str, str], ours: Collection[str]) -> list[Finding]:
    """Nothing where there is no such file."""
    text = _text(folder)
    return [] if text is None else [*lines(text, ours), *loaded(text, environ, ours)]


def is_unloaded(folder: Path, environ: Mapping[str, str], ours: Collection[str]) -> bool:
    """Whether the file there sets variables that this shell does not have."""
    text = _text(folder)
    return text is not None and bool(_missing(_written(text, ours), environ))


def lines(text: str, ours: Collection[str]) -> list[Finding]:
    """What honcho and a shell read differently, by line; a value is never shown."""
    findings = []
    if "\r\n" in text:
        said = "It has Windows line ends; a shell takes them into the values."
        findings.append(warning(CHECK, said, "sed -i 's/\\r$//' .env"))
    for number, line in enumerate(text.splitlines(), start=1):
        found = _ASSIGNMENT.fullmatch(line)
        if found and found["name"] in ours and (told := _differs(line, found)):
            said, remedy = told
            findings.append(warning(CHECK, f"Line {number} ({found['name']}): {said}", remedy))
    return findings


def loaded(text: str, environ: Mapping[str, str], ours: Collection[str]) -> list[Finding]:
    """Whether the environment has what the file sets."""
    written = _written(text, ours)
    missing = _missing(written, environ)
    if missing:
        return [warning(CHECK, f"It was not loaded into this shell: {_listed(missing)} not set.", LOAD)]
    other = [name for name, value in written.items() if environ[name].strip() != value]
    if other:
        said = f"The shell has other values than the file: {_listed(other)}; honcho takes the file's."
        return [warning(CHECK, said, f"{LOAD} (or start a new shell)")]
    return []


def _text(folder: Path) -> str | None:
    try:
        return (folder / NAME).read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def _written(text: str, ours: Collection[str]) -> dict[str, str]:
    return {name: value for name, value in parse(text).items() if name in ours and value}


def _missing(written: Mapping[str, str], environ: Mapping[str, str]) -> list[str]:
    return [name for name in written if not environ.get(name)]


def _differs(line: str, found: re.Match[str]) -> tuple[str, str] | None:
    value = found["value"].strip()
    if found["export"]:
        return "honcho passes over lines that begin with export.", "Take `export` away; `set -a` does the same."
    if found["gap"] or found["value"][:1].isspace():
        return "a shell takes no blanks around the =.", "Take them away."
    if not value:
        return None
    try:
        (by_shell,) = shlex.split(value) or [""]
        by_honcho = parse(line).get(found["name"], "")
    except ValueError:
        return "a quote or a second word stands open in it.", "Put the value into single quotes."
    bare = value[0] not in "\"'"
    if by_shell != by_honcho or (bare and _SHELL_ACTS_ON.search(value)):
        return "a shell and honcho read it differently.", "Put the value into single quotes."
    return None


def _listed(names: list[str]) -> str:
    most = 3
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
