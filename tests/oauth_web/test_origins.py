from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth_web.origins import may_return_to, origin, with_outcome

ALLOWED = ["https://good.example", "https://host.example/app/", "http://127.0.0.1:3000", "nonsense"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Good.Example/x", "https://good.example"),
        ("https://good.example:443", "https://good.example"),
        ("http://good.example:8182/?q", "http://good.example:8182"),
        ("http://[::1]:80/", "http://[::1]"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url: str, expected: str) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize("url", ["", "good.example", "//good.example", "javascript:1", "https://", "https://a:x"])
def test_what_has_no_origin_is_told(url: str) -> None:
    with pytest.raises(ValueError, match=r"host|[Pp]ort"):
        origin(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://good.example",
        "https://good.example/",
        "https://good.example?a=1",
        "https://GOOD.example:443/deep/er",
        "https://host.example/app",
        "https://host.example/app/",
        "https://host.example/app/settings?tab=1#top",
        "http://127.0.0.1:3000/done",
    ],
)
def test_an_address_at_or_below_a_prefix_is_allowed(url: str) -> None:
    assert may_return_to(url, ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "https://good.example.evil.com/",
        "https://evil.com/https://good.example",
        "https://good.example@evil.com/",
        "https://evil.com@good.example/",
        "https://good.example:444/",
        "http://good.example/",
        "https://evil.com\\@good.example/",
        "https://good.example\\.evil.com/",
        "https://good.example\t.evil.com/",
        "https://good.example/\r\nSet-Cookie: a=b",
        "https://g\u043e\u043ed.example/",
        "https://host.example/application",
        "https://host.example/",
        "https://host.example/app/../admin",
        "https://host.example/app/%2e%2e/admin",
        "https://host.example/app/..%2fadmin",
        "https://host.example/app/%5c..%5cadmin",
        "//good.example/",
        "javascript:alert(1)//good.example",
        "data:text/html,x",
        "/app",
        "nonsense",
        "",
        "https://good.example/" + "a" * 2000,
    ],
)
def test_any_other_address_is_not(url: str) -> None:
    assert not may_return_to(url, ALLOWED)


@given(st.text())
def test_no_text_at_all_breaks_the_check(url: str) -> None:
    assert not may_return_to(f"https://{url}", ["https://good.example/app"]) or url.startswith("good.example")
    assert not may_return_to(url, [])


def test_the_outcome_is_added_to_the_query_that_is_there() -> None:
    there = with_outcome("https://host.example/app?a=1&b=&a=%20%26#top", "0b", "linked")
    assert there == "https://host.example/app?a=1&b=&a=+%26&connection_id=0b&status=linked#top"
