from __future__ import annotations

import shlex
import subprocess

import click

from tests.brokersync.command_line import commands, examples, run, takes_json
from tests.guards.tree import ROOT

README = ROOT / "README.md"


WITHOUT_JSON = {
    "brokersync web": "it becomes gunicorn, whose log says where it listens",
    "brokersync completion": "its script is for a shell already",
}
"""Commands that print nothing for programs, and why."""


def test_every_command_and_every_option_has_help() -> None:
    silent = []
    for name, command in commands():
        if not command.help:
            silent.append(name)
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.help:
                silent.append(f"{name} {parameter.opts[0]}")
    assert silent == []


def test_the_help_of_every_command_fits_80_columns() -> None:
    wide = [name for name, _ in commands() if max(map(len, run(*name.split()[1:], "--help").out.splitlines())) > 80]
    assert wide == []


def test_every_command_shows_an_example_of_itself() -> None:
    without = [name for name, command in commands() if not any(line.startswith(name) for line in examples(command))]
    assert without == []


def test_every_example_is_a_line_that_the_command_takes() -> None:
    every = dict(commands())
    for command in every.values():
        for line in examples(command):
            # The longest name: `sandbox clock`, not `sandbox`.
            name = max((each for each in every if line.startswith(each)), key=len)
            with every[name].make_context(name, shlex.split(line.removeprefix(name))):
                pass


def test_every_command_prints_json_or_has_a_reason_not_to() -> None:
    assert {name for name, command in commands() if not takes_json(command)} == WITHOUT_JSON.keys()


def test_every_command_stands_in_the_readme() -> None:
    readme = README.read_text()
    assert [name for name, _ in commands() if name not in readme] == []


def test_make_alone_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = makefile.partition(".PHONY:")[2].partition("\n")[0].split()
    listed = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in listed.splitlines()] == targets
