from __future__ import annotations

from pathlib import Path

import pytest

from oauth_web.tls import people_come_straight_here, state_folder


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"PUBLIC_URL": "https://127.0.0.1:8182"}, True),
        ({"PUBLIC_URL": "https://127.0.0.1:8182", "WEB_PORT": ""}, True),
        ({"PUBLIC_URL": "https://localhost:9000", "WEB_PORT": "9000"}, True),
        ({"PUBLIC_URL": "https://127.0.0.1", "WEB_PORT": "443"}, True),
        ({"PUBLIC_URL": "https://127.0.0.1:9000"}, False),
        ({"PUBLIC_URL": "https://localhost"}, False),
        ({"PUBLIC_URL": "http://127.0.0.1:8182"}, False),
        ({"PUBLIC_URL": "https://sync.example.org:8182"}, False),
        ({}, False),
    ],
)
def test_tls_is_ours_where_no_proxy_can_stand_between(environ: dict[str, str], expected: bool) -> None:
    assert people_come_straight_here(environ) is expected


@pytest.mark.parametrize(
    ("given", "expected"), [("/var/state", "/var/state"), ("", "~/.local/state"), ("relative", "~/.local/state")]
)
def test_the_certificate_is_kept_where_programs_keep_their_state(
    monkeypatch: pytest.MonkeyPatch, given: str, expected: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", given)
    assert state_folder() == Path(expected).expanduser() / "brokersync"
