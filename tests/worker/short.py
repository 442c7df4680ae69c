"""What `tests.worker.hurried` sets in its own process; a test that is to know these values cannot import that module."""

from __future__ import annotations

from datetime import timedelta

HTTP_TOTAL = timedelta(seconds=1)
WATCHDOG_LIMIT = timedelta(seconds=2)
NEVER_FOUND = "never-found.invalid"
"""A host that the resolver never answers about."""
