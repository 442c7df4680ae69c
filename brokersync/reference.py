"""The README's table of the environment, made from what `settings` and the brokers declare.

`make readme` puts it between the two marks; a test holds README and declarations together.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import settings
from brokers import registry
from brokersync.lease import PROJECT

BEGIN = "<!-- environment: written by `make readme` -->"
END = "<!-- /environment -->"
# What only the Procfile, the units and the compose file in deploy/ read; the defaults stand there.
PROCFILE_VARIABLES = (
    settings.Variable("WEB_PORT", "8182", "the port of the Procfile's web process, on 127.0.0.1"),
    settings.Variable("FLOWER_PORT", "5555", "the port of Flower, on 127.0.0.1"),
    settings.Variable("FLOWER_BASIC_AUTH", None, "Flower's login as `user:password`; without it Flower does not start"),
)
COMPOSE_VARIABLES = (
    settings.Variable(
        "POSTGRES_PASSWORD",
        None,
        "for `deploy/compose.yaml` only: a password of letters and digits for its PostgreSQL",
    ),
)


class NoMarks(Exception):
    """The README does not say where the table goes."""


def environment() -> Iterator[settings.Variable]:
    """Every variable that this project reads."""
    yield from settings.VARIABLES
    for declaration in registry.declarations():
        for variable in declaration.variables:
            yield settings.Variable(variable.name, variable.default, f"{declaration.title}: {variable.meaning}")
    yield from PROCFILE_VARIABLES
    yield from COMPOSE_VARIABLES


def environment_table() -> str:
    """The table in Markdown."""
    rows = [f"| `{variable.name}` | {variable.default or '–'} | {variable.meaning} |\n" for variable in environment()]
    return "| name | default | what |\n|---|---|---|\n" + "".join(rows)


def with_table(readme: str) -> str:
    """The README with the table of now. Raises `NoMarks`."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoMarks(f"README.md needs a line {BEGIN} and, below it, a line {END}.")
    return f"{before}{begin}\n{environment_table()}{end}{after}"


def main(readme: Path = PROJECT / "README.md") -> int:
    readme.write_text(with_table(readme.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
