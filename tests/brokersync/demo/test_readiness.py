from __future__ import annotations

from pathlib import Path

import pytest

from brokersync.demo import readiness
from brokersync.demo.readiness import NotReady, wait_for
from brokersync.supervisor import State


class Fakes:
    """Processes whose states are set by the test."""

    def __init__(self, folder: Path, **restarts: int) -> None:
        self._folder = folder
        self._restarts = restarts

    def states(self) -> dict[str, State]:
        return {name: State(alive=True, restarts=count) for name, count in self._restarts.items()}

    def log(self, name: str) -> Path:
        return self._folder / f"{name}.log"


def nothing() -> None:
    pass


def test_each_is_asked_until_it_says_yes_and_then_no_more(tmp_path: Path) -> None:
    answers = {"web": iter([False, True]), "sandbox": iter([True])}
    passed: list[None] = []
    wait_for(
        {name: lambda each=each: next(each) for name, each in answers.items()},
        Fakes(tmp_path, web=0, sandbox=0),
        lambda: passed.append(None),
    )
    assert len(passed) == 2


def test_one_that_keeps_ending_is_named_at_once_with_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("".join(f"line {number}\n" for number in range(40)) + "port is taken\n")
    with pytest.raises(NotReady) as failed:
        wait_for({"web": lambda: False}, Fakes(tmp_path, web=3), nothing)
    message = str(failed.value)
    assert message.startswith("web ends as soon as it is started. The end of its log:\n  line ")
    assert message.endswith("port is taken")
    assert "line 20\n" not in message


def test_one_that_never_answers_is_named_when_patience_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "PATIENCE", 0.01)
    with pytest.raises(NotReady, match=r"worker did not answer within .* Its log is empty"):
        wait_for({"worker": lambda: False}, Fakes(tmp_path, worker=0), nothing)
