"""`make check` holds the packages to the import table (`[tool.importlinter]`); here are the modules it cannot enter."""

from __future__ import annotations

import ast
import tomllib

import pytest

from tests.guards.tree import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = set(PYPROJECT["tool"]["importlinter"]["root_packages"])


def imported(module: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / f"{module}.py").read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize(
    ("module", "may"), [("environment", set()), ("settings", {"environment"}), ("celeryconfig", {"settings"})]
)
def test_a_module_of_settings_imports_no_more_of_ours_than_it_may(module: str, may: set[str]) -> None:
    assert imported(module) & (PACKAGES | {"environment", "settings", "celeryconfig"}) <= may


def test_every_package_stands_in_the_import_table() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages == PACKAGES
