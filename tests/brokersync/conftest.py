from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.session import Database
from tests.plugins.servers import Addresses

SCHWAB = {
    "SCHWAB_CLIENT_ID": "app-key",
    "SCHWAB_CLIENT_SECRET": "app-secret",
    "SCHWAB_REDIRECT_URI": "https://127.0.0.1:8182/oauth/callback",
}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A shell in an empty folder, where nothing is configured; the folder."""
    for name in list(os.environ):
        if name.startswith(("SCHWAB_", "SANDBOX_", "FLOWER_")) or name.endswith(
            ("_URL", "_KEY", "_URLS", "_PORT", "_INTERVAL")
        ):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def installed(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell in which Schwab's variables are set."""
    for name, value in SCHWAB.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def stored(
    installed: None,
    database: Database,
    database_url: str,
    servers: Addresses,
    encryption_key: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Database:
    """A shell that is configured for the run's servers; their database, empty."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", servers.redis_url)
    monkeypatch.setenv("ENCRYPTION_KEY", encryption_key)
    return database
