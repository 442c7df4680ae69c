"""Fixtures of the brokers' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.brokers.certificate import Certificate, make_certificate


@pytest.fixture
def own_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """A certificate for 127.0.0.1 that the environment vouches for."""
    made = make_certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.certificate))
    return made
