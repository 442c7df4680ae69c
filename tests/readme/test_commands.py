"""Every command that the documents print is run, as it is printed; one that no test knows how to run fails here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from tests.end_to_end.installation import until
from tests.guards.tree import ROOT
from tests.oauth_web.served import free_port
from tests.readme import printed
from tests.readme.newcomer import LASTING, SHORTER, WAIT, Newcomer
from tests.worker.receiver import receiver

pytestmark = pytest.mark.processes

# `make -n` for these: make can read the recipe, and the programs in it are there. That is all.
ONLY_NAMED = {
    "make test": "it would run these tests again, without an end",
    "make check": "CI runs it beside the tests",
    "make chaos": "it takes some ten minutes",
    "make system-deps": "it changes the machine and needs root; CI runs it before the tests",
    "make bench-peers": "it downloads what it compares with, and draws docs/bench.svg anew",
}
# test_server.py types these.
ELSEWHERE = ("sudo ", "docker ")
STEPS = {command for step in printed.steps() for command in step}
DEMOS = {"make demo", "make readme"}


@pytest.mark.parametrize("command", [each for each in printed.commands() if not each.startswith(ELSEWHERE)])
def test_a_printed_command_does_what_it_is_printed_for(
    command: str,
    linked: Newcomer,
    visitor: Newcomer,
    demos: list[Future[str]],
    system_program: Callable[[str], str],
) -> None:
    if command in STEPS:
        assert command in linked.typed
    elif command in DEMOS:
        assert all(demo.result() for demo in demos)
        assert command in visitor.typed
    elif command == "brokersync demo":
        assert command in visitor.run(command, instead="make -n demo")
    elif command == "make bench":
        # One figure of it: all of them take minutes.
        *_, figures = linked.run(command, instead="make bench ARGS=statements_per_sync").splitlines()
        assert list(json.loads(figures)) == ["statements_per_sync"]
    elif command in ONLY_NAMED:
        recipe = linked.run(command, instead=f"make -n {command.removeprefix('make ')}")
        assert [name for name in re.findall(r"\.venv/bin/\S+", recipe) if not (linked.folder / name).exists()] == []
    elif command in LASTING:
        instead, said = LASTING[command]
        with linked.running(command, instead.format(port=free_port())) as running:
            running.wait_for(lambda: said in running.output)
    elif command == "brokersync notify --test":
        with receiver() as target:
            linked.run(command, instead=f"NOTIFY_URLS=json://127.0.0.1:{target.port} {command}")
        assert target.received
    elif "<command>" in command:
        assert "Example:" in linked.run(command, instead=command.replace("<command>", "accounts"))
    elif command.startswith("celery") and " result " in command:
        assert until(lambda: "outcome" in linked.run(command), WAIT)
    elif command.startswith("curl"):
        system_program("curl")
        assert '"url"' in linked.run(command)
    elif command.startswith("celery"):
        linked.values["task id"] = linked.run(command).strip()
    else:
        linked.run(command, instead=SHORTER.get(command))


def test_a_command_that_does_not_exist_is_found(linked: Newcomer) -> None:
    for command in ("brokersync positons", "brokersync sync --al", "make dmo", "celery -A worker.ap report"):
        with pytest.raises(AssertionError, match=re.escape(command)):
            linked.run(command)


def test_no_target_of_make_that_is_printed_is_only_named_without_a_reason() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for command in ONLY_NAMED:
        assert f"\n{command.removeprefix('make ')}:" in makefile
