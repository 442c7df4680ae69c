from __future__ import annotations

import uuid

import pytest

import worker.tasks
from worker.arguments import a_flag, a_user, an_id
from worker.outcomes import CannotSync

ID = uuid.UUID("0b6e2f41-0000-4000-8000-000000000001")


def test_what_is_an_id_a_flag_or_a_user_is_taken() -> None:
    assert (an_id(str(ID), "account_id"), a_flag(False, "force"), a_user("42")) == (ID, False, "42")


@pytest.mark.parametrize("value", ["77310452", "0b6e2f41", "", None, 7, ["x"]])
def test_what_is_no_id_is_refused_and_not_repeated(value: object) -> None:
    with pytest.raises(CannotSync) as refused:
        an_id(value, "account_id")
    assert str(refused.value) == "account_id must be a UUID, whole, as text: `--json` of the command line shows them."


@pytest.mark.parametrize("value", ["false", "true", 0, 1, None])
def test_a_text_that_would_mean_yes_erases_nothing(value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.tasks, "parts", lambda: None)
    with pytest.raises(CannotSync, match="erase must be true or false"):
        worker.tasks.disconnect(str(ID), value)


@pytest.mark.parametrize("value", [42, 4.2, ["42"]])
def test_a_user_is_text(value: object) -> None:
    with pytest.raises(CannotSync, match="user_id must be text"):
        a_user(value)


@pytest.mark.parametrize("task", ["sync_connection", "sync_account", "disconnect", "account_summary"])
def test_a_task_called_with_what_is_no_id_says_so(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.tasks, "parts", lambda: None)
    with pytest.raises(CannotSync, match="must be a UUID"):
        getattr(worker.tasks, task)("nonsense")
