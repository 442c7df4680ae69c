from __future__ import annotations

import pytest

from brokers import registry
from brokers.interface import NotConfigured

SET = {
    "SCHWAB_CLIENT_ID": "app-key",
    "SCHWAB_CLIENT_SECRET": "ersecret",
    "SCHWAB_REDIRECT_URI": "https://127.0.0.1:8182/oauth/callback",
    "SCHWAB_BASE_URL": "http://127.0.0.1:8190",
}


@pytest.mark.parametrize("name", SET)
@pytest.mark.parametrize("end", ["\r", " ", "\n"])
def test_a_value_with_something_behind_it_that_nobody_sees_is_refused_by_its_name(name: str, end: str) -> None:
    with pytest.raises(NotConfigured, match=f"Mend {name}: a blank or a line end") as refused:
        registry.build("schwab", SET | {name: f"{SET[name]}{end}"})
    assert refused.value.names == (name,)
    assert "ersecret" not in str(refused.value)
