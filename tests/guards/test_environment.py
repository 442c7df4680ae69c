from __future__ import annotations

import re
import subprocess

import pytest
from honcho.environ import parse

import settings
from brokersync import reference
from tests.guards.tree import ROOT

README = ROOT / "README.md"
EXAMPLE = (ROOT / ".env.example").read_text()


def test_the_readme_holds_the_table_of_now() -> None:
    readme = README.read_text()
    assert reference.with_table(readme) == readme, "run `make readme`"


def test_the_example_names_every_variable_and_no_other() -> None:
    named = re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", EXAMPLE, re.MULTILINE)
    assert sorted(named) == sorted(variable.name for variable in reference.environment())


def test_what_the_example_leaves_out_has_a_default() -> None:
    to_fill_in = set(re.findall(r"^([A-Z][A-Z_]+)=", EXAMPLE, re.MULTILINE))
    assert {variable.name for variable in reference.environment() if variable.default is None} <= to_fill_in


def test_the_example_is_read_by_honcho_as_it_is_written() -> None:
    for line in EXAMPLE.splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            assert parse(line).get(name, "") == value


@pytest.mark.parametrize("value", ["two words", "pass$HOME#word", "a;b&c|d", "back\\slash", 'a "word"'])
def test_single_quotes_are_taken_off_by_honcho_and_by_a_shell_as_the_example_says(value: str) -> None:
    """systemd and compose cannot be asked here: systemd.exec(5) and the Compose manual say the same of them."""
    assert "'single quotes'" in EXAMPLE
    line = f"NAME='{value}'"
    by_shell = subprocess.run(
        ["/bin/sh", "-c", f'{line}; printf %s "$NAME"'], env={}, capture_output=True, text=True, check=True
    ).stdout
    assert parse(line) == {"NAME": by_shell} == {"NAME": value}


def test_the_settings_take_the_example_once_its_key_is_filled_in() -> None:
    filled = settings.Settings.from_environ({**parse(EXAMPLE), "ENCRYPTION_KEY": "a-key"})
    assert filled.database_url
    assert filled.live_data_redis_url
