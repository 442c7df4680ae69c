"""The picture of the first screen in the README: a real run of the demo, recorded as an SVG that needs nothing else.

`make readme` takes it anew. It has its own dark background, so it is readable on a light page and on a dark one.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from brokersync.demo import output
from brokersync.demo.leftovers import Traces
from brokersync.demo.output import Output
from brokersync.demo.performance import performing
from brokersync.demo.progress import Progress
from brokersync.lease import PROJECT

FILE = PROJECT / "docs" / "first-screen.svg"
COLUMNS = 80
SEED = 1
"""As `brokersync demo` has it."""
TITLE = "brokersync: the first screen of make demo"
# Of the fonts below. A picture drawn with another one has the same columns, by `textLength`.
ASPECT_RATIO = 0.6
END_OF_LINE = re.compile(r"<text [^>]*>\n</text>")

_BLACK, _RED, _GREEN, _YELLOW = (72, 79, 88), (255, 123, 114), (86, 211, 100), (227, 179, 65)
_BLUE, _MAGENTA, _CYAN, _WHITE = (121, 192, 255), (210, 168, 255), (118, 214, 224), (230, 237, 243)
THEME = TerminalTheme((13, 17, 23), _WHITE, [_BLACK, _RED, _GREEN, _YELLOW, _BLUE, _MAGENTA, _CYAN, _WHITE])

# No font and no style from elsewhere: a README's pictures may load nothing.
FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">
<title>%s</title>
<style>
text {{ white-space: pre; font: {char_height}px ui-monospace, Menlo, "DejaVu Sans Mono", "Liberation Mono", monospace }}
.{unique_id}-title {{ font-family: system-ui, sans-serif; font-size: 17px; opacity: .7 }}
{styles}
</style>
<defs>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}{matrix}
</g>
</svg>
"""


def drawn(console: Console) -> str:
    """What this recording console has shown, as an SVG."""
    console.print()  # rich clips no last line
    svg = console.export_svg(
        title="make demo",
        theme=THEME,
        code_format=FORMAT % TITLE,
        font_aspect_ratio=ASPECT_RATIO,
        unique_id="screen",
    )
    # rich draws the ends of lines, too. And one element a line: a new picture differs only where the screens do.
    return END_OF_LINE.sub("", svg).replace("</text><text", "</text>\n<text")


def recording() -> Console:
    """A terminal that nobody sees and that remembers."""
    return Console(
        record=True,
        file=io.StringIO(),
        width=COLUMNS,
        force_terminal=True,
        color_system="standard",
        highlight=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )


def first_screen(folder: Path) -> str:
    """Run the whole demo, with its data in that folder, and draw its first screen. Raises what `performing` raises."""
    console = recording()
    traces = Traces(folder)
    with performing(Progress(output.standard()), SEED, (), traces) as performance:
        console.print(Text.assemble(("$ ", "dim"), "make demo"))
        performance.show(Output(console))
    traces.check()
    return drawn(console)


def main(file: Path = FILE) -> int:
    with tempfile.TemporaryDirectory() as folder:
        file.write_text(first_screen(Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
