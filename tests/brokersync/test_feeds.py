from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from brokersync import feeds


def endless(*events: str) -> Iterator[str]:
    """These, and then nothing for ever."""
    yield from events
    threading.Event().wait()


def test_events_come_from_all_sources_though_one_of_them_hangs() -> None:
    events = feeds.merged(endless(), endless("a", "b"))
    assert [next(events), next(events)] == ["a", "b"]


def test_an_error_of_a_source_is_raised_where_its_events_are_read() -> None:
    def failing() -> Iterator[str]:
        yield "a"
        raise LookupError("of the source")

    events = feeds.merged(failing())
    assert next(events) == "a"
    with pytest.raises(LookupError, match="of the source"):
        next(events)


def test_a_source_waits_for_a_reader_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MOST_WAITING", 2)
    made: list[int] = []

    def busy() -> Iterator[int]:
        for each in range(100):
            made.append(each)
            yield each
        threading.Event().wait()

    events = feeds.merged(busy())
    assert [next(events) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert len(made) <= 9
