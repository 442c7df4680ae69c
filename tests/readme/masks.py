"""What of an output must vary from run to run, and what of it may not."""

from __future__ import annotations

import html
import re

ID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?\b")
SECRET = re.compile(r"(/oauth/start/)[\w…-]+")
WEEKDAY = re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b")
MONTH = re.compile(r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b")
NUMBER = re.compile(r"\d[\d,.]*")
TEXT_ELEMENT = re.compile(r'<text class="screen-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', re.DOTALL)


def masked(output: str) -> list[str]:
    """Its lines, with ids, numbers, dates and the widths that follow from them made equal; no empty lines."""
    lines = []
    for line in output.splitlines():
        shown = ID.sub("id", SECRET.sub(r"\1…", line))
        shown = NUMBER.sub("0", MONTH.sub("month", WEEKDAY.sub("day", shown)))
        shown = " ".join(re.sub("─+", "─", shown).split())
        if shown:
            lines.append(shown)
    return lines


def text_of(svg: str, character_width: float = 12.0) -> str:
    """The lines of a screen that was drawn by `brokersync.picture`."""
    rows: dict[float, dict[int, str]] = {}
    for x, y, content in TEXT_ELEMENT.findall(svg):
        rows.setdefault(float(y), {})[round(float(x) / character_width)] = html.unescape(content).replace("\xa0", " ")
    lines = []
    for _, pieces in sorted(rows.items()):
        line = ""
        for column, piece in sorted(pieces.items()):
            line = line.ljust(column) + piece
        lines.append(line)
    return "\n".join(lines)
