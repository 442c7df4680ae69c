"""Bars with their names and figures, as an SVG that reads well on light and on dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 720
_NAMES, _FIGURES = 250, 90
_ROW, _BAR, _TOP = 38, 20, 52

_STYLE = """\
text { font: 14px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 16px; }
.bar { fill: #8c959f; }
.ours { fill: #1a7f37; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .bar { fill: #6e7681; }
  .ours { fill: #3fb950; }
}"""


@dataclass(frozen=True)
class Bar:
    """`ours` is the bar that stands out."""

    name: str
    milliseconds: float
    ours: bool = False


def drawn(title: str, bars: Sequence[Bar]) -> str:
    """The picture. The longest bar fills the width; shorter is better."""
    longest = max(bar.milliseconds for bar in bars)
    height = _TOP + _ROW * len(bars)
    figures = ", ".join(f"{bar.name} {_figure(bar)}" for bar in bars)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' role="img" aria-labelledby="title figures">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="figures">{escape(figures)}</desc>',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="0" y="22">{escape(title)}, in milliseconds (shorter is better)</text>',
    ]
    for place, bar in enumerate(bars):
        top = _TOP + _ROW * place
        length = max(1.0, bar.milliseconds / longest * (WIDTH - _NAMES - _FIGURES))
        baseline = top + _BAR - 5
        lines += [
            f'<text x="{_NAMES - 12}" y="{baseline}" text-anchor="end">{escape(bar.name)}</text>',
            f'<rect class="{"bar ours" if bar.ours else "bar"}" x="{_NAMES}" y="{top}" width="{length:.1f}"'
            f' height="{_BAR}" rx="3"/>',
            f'<text x="{_NAMES + length + 8:.1f}" y="{baseline}">{_figure(bar)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


def _figure(bar: Bar) -> str:
    return f"{bar.milliseconds:.1f} ms" if bar.milliseconds < 10 else f"{bar.milliseconds:.0f} ms"
