from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokersync import envfile

NASTY = {
    "PLAIN": "redis://:pw@127.0.0.1:6379/0",
    "QUOTES": """it's "so" `so` $HOME ${HOME} \\ #no comment""",
    "SPACES": "  two  ",
    "EMPTY": "",
    "EQUALS": "a=b=c",
}


@given(st.dictionaries(st.from_regex(r"[A-Z][A-Z_]{0,8}", fullmatch=True), st.text().filter(lambda v: "\n" not in v)))
def test_what_is_written_is_read_again(environ: dict[str, str]) -> None:
    environ = {name: value for name, value in environ.items() if "\0" not in value}
    assert envfile.parsed(envfile.written(environ)) == environ


@pytest.mark.processes
def test_a_shell_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text(envfile.written(NASTY))
    shown = subprocess.run(
        ["/bin/sh", "-c", "set -a; . ./demo.env; exec env -0"], cwd=tmp_path, env={}, capture_output=True, check=True
    ).stdout.decode()
    seen = dict(line.split("=", 1) for line in shown.split("\0") if line)
    assert {name: seen[name] for name in NASTY} == NASTY


def test_comments_and_empty_lines_are_passed_over() -> None:
    assert envfile.parsed("# NAME=no\n\nNAME=yes\n") == {"NAME": "yes"}


def test_a_value_of_several_lines_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="KEY has more than one line"):
        envfile.written({"KEY": "a\nb"})
