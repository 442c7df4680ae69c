from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def tell(request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Say a line of what was seen, whatever pytest captures."""
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")

    def line(words: str) -> None:
        with capfd.disabled():
            reporter.ensure_newline()
            reporter.write_line(words)

    return line
