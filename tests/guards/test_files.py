from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guards.tree import ROOT, tracked

LONGEST = 250
CODE = {".py", ".html", ".css", ".lua", ".sql", ".sh", ""}
# Home folders and workplaces: such a path is right on one machine only.
OF_ONE_MACHINE = re.compile(r"(?<![\w.:/])/(home|Users|root|work|workspace)/\w")


def test_no_file_of_code_is_so_long_that_it_holds_two_things() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in tracked()
        if path.suffix in CODE and path.parent.name != "versions"
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_file_names_a_path_of_one_machine() -> None:
    found = {}
    for path in tracked():
        text = path.read_text(errors="replace")
        if str(ROOT) + "/" in text or (match := OF_ONE_MACHINE.search(text)):
            found[str(path.relative_to(ROOT))] = str(ROOT) if str(ROOT) in text else match
    assert found == {}


@pytest.mark.parametrize("text", [f"/{home}/ann/code" for home in ("home", "Users", "root", "work")])
def test_the_pattern_for_such_a_path_finds_one(text: str) -> None:
    assert OF_ONE_MACHINE.search(f"see {text}")
    assert not OF_ONE_MACHINE.search(f"https://example.org{text}")


def test_each_tests_folder_is_a_package_so_that_two_files_may_share_a_name() -> None:
    folders = {path.parent for path in tracked() if path.suffix == ".py" and "tests" in path.relative_to(ROOT).parts}
    assert [folder for folder in sorted(folders) if not (Path(folder) / "__init__.py").exists()] == []
