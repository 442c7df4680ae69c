from __future__ import annotations

from pathlib import Path

import pytest

from brokersync import reference

README = f"# Title\n\n{reference.BEGIN}\nwhat was there\n{reference.END}\n\nmore\n"


def test_the_table_replaces_what_was_between_the_marks_and_nothing_else(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(README)
    assert reference.main(readme) == 0
    written = readme.read_text()
    assert written.startswith(f"# Title\n\n{reference.BEGIN}\n| name |")
    assert written.endswith(f"|\n{reference.END}\n\nmore\n")
    assert "what was there" not in written
    assert reference.with_table(written) == written


def test_a_readme_without_the_marks_is_told_which_ones_it_needs() -> None:
    with pytest.raises(reference.NoMarks, match="/environment"):
        reference.with_table("# Title\n")


def test_no_variable_is_declared_twice() -> None:
    names = [variable.name for variable in reference.environment()]
    assert len(names) == len(set(names))
