"""Asking several servers at once, and waiting for none of them longer than a person would."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class _Asked(threading.Thread, Generic[T]):
    """A daemon: who hangs in a library does not hold up the end of the program. `with` keeps its error for the asker."""

    def __init__(self, question: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._question = question
        self.answer: T | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        with self:
            self.answer = self._question()

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self.error = error
        return True


def ask(questions: Mapping[str, Callable[[], T]], seconds: float) -> dict[str, T | None]:
    """The answer to each question, None to one that had none in time. An error of a question is raised here."""
    asked = {name: _Asked(question) for name, question in questions.items()}
    end = time.monotonic() + seconds
    for each in asked.values():
        each.start()
    for each in asked.values():
        each.join(max(0.0, end - time.monotonic()))
        if each.error is not None:
            raise each.error
    return {name: each.answer for name, each in asked.items()}
