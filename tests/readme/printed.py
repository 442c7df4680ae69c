"""What README.md and the pages in docs/ print for a reader to type, and what they print as its output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.guards.tree import ROOT

README = ROOT / "README.md"
DOCUMENTS = (README, *sorted((ROOT / "docs").glob("*.md")))

# A span of code that begins with one of these is something to type; others are names.
PROGRAMS = ("brokersync", "make", "celery", "honcho", "gunicorn", "docker", "systemctl", "sudo", "curl")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
COMMENT = re.compile(r"\s+#\s.*")


@dataclass(frozen=True)
class Block:
    """A fenced block, the heading above it, and the block of plain text right below it: its output."""

    language: str
    text: str
    heading: str
    output: str | None


def blocks(document: Path) -> list[Block]:
    text = document.read_text()
    found = list(FENCE.finditer(text))
    made = []
    for number, match in enumerate(found):
        after = found[number + 1] if number + 1 < len(found) else None
        follows = after is not None and after[1] == "text" and not text[match.end() : after.start()].strip()
        heading = re.findall(r"^## (.*)$", text[: match.start()], re.MULTILINE)
        made.append(Block(match[1], match[2], heading[-1] if heading else "", after[2] if after and follows else None))
    return made


def commands_of(block: Block) -> list[str]:
    """The commands of a block for the shell: continued lines in one, comments left out."""
    lines = block.text.replace("\\\n", " ").splitlines()
    commands = (" ".join(COMMENT.sub("", line).split()) for line in lines)
    return [command for command in commands if command and not command.startswith("#")]


def inline_commands(document: Path) -> Iterator[str]:
    """The commands within sentences and tables."""
    for span in SPAN.findall(FENCE.sub("", document.read_text())):
        command = " ".join(span.split())
        program, _, arguments = command.partition(" ")
        if program in PROGRAMS and (arguments or program == "make"):
            yield command


def commands() -> list[str]:
    """Every command that is printed anywhere, once, in the order of reading."""
    found = []
    for document in DOCUMENTS:
        found += [command for block in blocks(document) if block.language == "sh" for command in commands_of(block)]
        found += inline_commands(document)
    return list(dict.fromkeys(found))


def steps() -> list[list[str]]:
    """The commands of each of the five steps that has any."""
    return [
        commands_of(block)
        for block in blocks(README)
        if block.heading == "Link your own Schwab login" and block.language == "sh"
    ]
