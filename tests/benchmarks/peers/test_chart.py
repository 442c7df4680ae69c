from __future__ import annotations

import re

from benchmarks.peers.chart import Bar, drawn

BARS = [Bar("floor", 4.04), Bar("ours", 8.0, ours=True), Bar("<slow> & sure", 160.4)]


def widths(picture: str) -> list[float]:
    return [float(width) for width in re.findall(r'<rect [^>]*width="([0-9.]+)"', picture)]


def test_the_length_of_a_bar_is_its_time() -> None:
    per_millisecond = [
        width / bar.milliseconds for width, bar in zip(widths(drawn("One sync", BARS)), BARS, strict=True)
    ]
    assert max(per_millisecond) - min(per_millisecond) < 0.02


def test_each_bar_has_its_name_and_its_figure_beside_it() -> None:
    shown = re.findall(r"<text x=[^>]*>([^<]*)</text>", drawn("One sync", BARS))
    assert shown == ["floor", "4.0 ms", "ours", "8.0 ms", "&lt;slow&gt; &amp; sure", "160 ms"]


def test_who_cannot_see_the_bars_is_told_their_figures() -> None:
    assert '<desc id="figures">floor 4.0 ms, ours 8.0 ms, &lt;slow&gt; &amp; sure 160 ms</desc>' in drawn("Sync", BARS)


def test_only_ours_stands_out() -> None:
    assert re.findall(r'class="bar ours" x="\d+" y="(\d+)"', drawn("One sync", BARS)) == ["90"]


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    assert re.findall(r"(?:href|src|url\()", drawn("One sync", BARS)) == []
