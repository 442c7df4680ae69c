"""Not how long things take, which no test can hold on a busy machine: what is counted, and that all of it is there."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest

from benchmarks.__main__ import FIGURES
from benchmarks.answers import Shape
from benchmarks.figures import per_position_us, statements_per_sync, unchanged, worker
from benchmarks.report import ABOUT_AIMS, Line, Report, Spoiled, document, table
from benchmarks.rounds import Work
from benchmarks.stage import Stage
from benchmarks.turns import linked

pytestmark = pytest.mark.processes


def shape_of(document: Any) -> Any:
    """The keys of a document, with the kind of what stands there."""
    if isinstance(document, dict):
        return {key: shape_of(value) for key, value in document.items()}
    return "number" if isinstance(document, int | float) else type(document).__name__


def test_a_whole_run_gives_every_figure_by_its_name(on_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LOGINS", 8)
    monkeypatch.setattr(per_position_us, "MANY", Shape(2, 50))
    reports = {name: import_module(f"benchmarks.figures.{name}").take(on_stage, 1) for name in FIGURES}
    assert shape_of(json.loads(document(reports))) == {
        "sync_vs_floor": {"cpu": "number", "wall": "number"},
        "statements_per_sync": {"10": "number", "100": "number", "1000": "number"},
        "per_position_us": "number",
        "unchanged_rows_written": "number",
        "unchanged_vs_changed": "number",
        "first_unchanged_vs_changed": "number",
        "worker_vs_floor": {"ratio": "number", "syncs_per_s": "number"},
        "worker_rss_mb": "number",
        "commit_to_message_ms": {"p50": "number", "p99": "number"},
        "import_ms": {"worker_app": "number", "brokersync_help": "number"},
    }


def test_a_sync_sends_as_many_statements_for_a_thousand_positions_as_for_ten(on_stage: Stage) -> None:
    few, many = (statements_per_sync.statements(on_stage, positions) for positions in (10, 1000))
    assert len(few) == len(many)
    assert few.count("BEGIN") == few.count("COMMIT") > 0


def test_an_unchanged_sync_writes_no_account_or_position_row(on_stage: Stage) -> None:
    turns = linked(on_stage, Shape(2, 10))
    database = on_stage.parts.database
    assert unchanged.rows_written(database, turns.changed) >= 2 + 2 * 10
    assert unchanged.rows_written(database, turns.first_unchanged) == 0
    assert unchanged.rows_written(database, turns.unchanged) == 0


def test_a_sync_that_ends_otherwise_than_it_should_is_no_figure(on_stage: Stage) -> None:
    turns = linked(on_stage, Shape(1, 3))
    still = Work(turns.unchanged.prepare, turns.changed.run, turns.changed.check)
    with pytest.raises(Spoiled, match="ended as unchanged, not as ok"):
        still.check(still.run(still.prepare()))


def test_the_table_says_which_aims_are_met() -> None:
    report = Report({}, [Line("a", 1.4, "×", 1.5), Line("b", 0.6, "×", 0.7, at_least=True), Line("c", 12)])
    name, *lines, about = table({"figure": report})
    assert (name.strip(), about.strip()) == ("figure", ABOUT_AIMS)
    assert [line.split()[1:] for line in lines] == [
        ["1.40", "×", "≤", "1.5", "met"],
        ["0.60", "×", "≥", "0.7", "missed"],
        ["12"],
    ]


def test_where_no_figure_has_an_aim_nothing_is_said_of_aims() -> None:
    assert ABOUT_AIMS not in "".join(table({"figure": Report({}, [Line("c", 12)])}))
