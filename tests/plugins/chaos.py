"""Long fault runs are for `make chaos`: whoever does not ask for them by `-m chaos` runs the others."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Left out like what `-m` leaves out, not skipped: where a skip is a failure, this is none."""
    if "chaos" in str(config.option.markexpr):
        return
    long_runs = [item for item in items if item.get_closest_marker("chaos")]
    if long_runs:
        config.hook.pytest_deselected(items=long_runs)
        items[:] = [item for item in items if item not in long_runs]
