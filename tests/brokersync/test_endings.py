from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from brokersync import endings


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_term_and_hup_leave_the_block_with_the_shells_number(number: signal.Signals, code: int) -> None:
    with pytest.raises(SystemExit) as left, endings.unwinding():
        signal.raise_signal(number)
    assert left.value.code == code


def test_further_signals_do_not_disturb_the_putting_away() -> None:
    put_away = []

    @contextmanager
    def something_open() -> Iterator[None]:
        try:
            yield
        finally:
            for number in endings.SIGNALS:
                signal.raise_signal(number)
                put_away.append(number)

    with pytest.raises(KeyboardInterrupt), endings.unwinding(), something_open():
        signal.raise_signal(signal.SIGINT)
    assert put_away == list(endings.SIGNALS)


def test_afterwards_the_signals_do_what_they_did_before() -> None:
    before = [signal.getsignal(number) for number in endings.SIGNALS]
    with endings.unwinding():
        assert [signal.getsignal(number) for number in endings.SIGNALS] != before
    assert [signal.getsignal(number) for number in endings.SIGNALS] == before


def test_what_nohup_has_us_ignore_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with endings.unwinding():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
