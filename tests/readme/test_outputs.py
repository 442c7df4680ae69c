"""What the documents print as output is what comes out now, but for ids, numbers and times."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import sqlalchemy

from tests.readme import printed
from tests.readme.masks import masked
from tests.readme.newcomer import LASTING, Newcomer

pytestmark = pytest.mark.processes

BLOCKS = [block for document in printed.DOCUMENTS for block in printed.blocks(document)]


def of(language: str) -> list[printed.Block]:
    return [block for block in BLOCKS if block.language == language]


@pytest.mark.parametrize("block", of("python"), ids=lambda block: block.heading)
def test_a_printed_program_runs_and_prints_what_is_printed_below_it(block: printed.Block, linked: Newcomer) -> None:
    out = linked.run(block.heading, instead=f"python - <<'END'\n{block.text}\nEND")
    # One that only defines something is printed without an output, and prints none.
    assert masked(out) == masked(block.output or "")


@pytest.mark.parametrize("block", of("sql"), ids=lambda block: block.heading)
def test_a_printed_query_finds_rows(block: printed.Block, linked: Newcomer) -> None:
    engine = sqlalchemy.create_engine(linked.values["database url"], poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(block.text).all()


@pytest.mark.parametrize("block", [block for block in of("sh") if block.output], ids=lambda block: block.heading)
def test_what_is_printed_below_a_command_is_what_it_prints(
    block: printed.Block, linked: Newcomer, system_program: Callable[[str], str]
) -> None:
    (command,) = printed.commands_of(block)
    system_program(command.partition(" ")[0])
    assert block.output
    expected = masked(block.output)
    if command not in LASTING:
        assert masked(linked.run(command)) == expected
        return
    with linked.running(command) as running:
        running.wait_for(lambda: masked(running.output) == expected)


def test_a_printed_line_of_the_log_is_one_of_the_log(linked: Newcomer) -> None:
    outputs = {block.output for block in BLOCKS}
    lines = [line for block in of("text") if block.text not in outputs for line in masked(block.text)]
    log = masked("\n".join(line.partition(" | ")[2] for line in linked.log.read_text().splitlines()))
    assert lines
    assert set(lines) <= set(log)


@pytest.mark.parametrize("block", of("ini"), ids=lambda block: block.heading)
def test_a_printed_setting_is_taken(block: printed.Block, linked: Newcomer) -> None:
    name, _, value = block.text.strip().partition("=")
    shown = linked.run(block.heading, instead=f"{name}='{value}' brokersync notify --json")
    assert all(target["said"] is None for target in json.loads(shown)["targets"])


def test_every_block_is_of_a_language_that_these_tests_know() -> None:
    # What is printed as JSON is held to what is sent by the tests of the events.
    assert {block.language for block in BLOCKS} == {"sh", "python", "sql", "text", "caddyfile", "ini", "json"}
