"""A connection's credentials."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from models.connection import Credential


@pytest.mark.parametrize(("left", "expired"), [(timedelta(seconds=5), False), (timedelta(0), True), (None, False)])
def test_an_access_token_is_expired_when_its_time_is_over(left: timedelta | None, expired: bool) -> None:
    ends = None if left is None else datetime.now(UTC) + left
    assert Credential(access_expires_at=ends).is_expired is expired
