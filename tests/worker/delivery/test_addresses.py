"""NOTIFY_URLS, told apart and named without what is secret in it."""

from __future__ import annotations

import pytest
from apprise.utils.parse import parse_urls

from worker.delivery.addresses import addresses

SEVERAL = [
    "mailto://me:pass@gmail.com",
    "mailto://me:pass@gmail.com, ntfy://topic",
    "mailto://me:pass@gmail.com?to=a@x.org,b@y.org,ntfy://topic",
    "slack://TokenA/TokenB/TokenC/ json://localhost:8080/path?+X-Key=a;b",
    "ntfy://one\n tgram://123:abc/456 ;\tjsons://h/",
    " \n",
    "",
]


@pytest.mark.parametrize("text", SEVERAL)
def test_they_are_told_apart_as_apprise_does(text: str) -> None:
    assert [each.url for each in addresses(text)] == parse_urls(text)


def test_what_is_no_address_is_not_passed_over() -> None:
    told = addresses("me@example.org, ntfy://topic")
    assert [(each.place, each.name) for each in told] == [(1, "1 (not an address)"), (2, "2 ntfy://…")]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("mailto://me:S3CRET@gmail.com", "1 mailto://gmail.com"),
        ("jsons://me:S3CRET@hooks.example.org:8443/S3CRET?+X=S3CRET", "1 jsons://hooks.example.org"),
        ("json://127.0.0.1:8000/S3CRET", "1 json://127.0.0.1"),
        ("slack://S3CRET/S3CRET/S3CRET", "1 slack://…"),
        ("tgram://S3CRET:S3CRET/1", "1 tgram://…"),
        ("ntfy://S3CRET", "1 ntfy://…"),
        ("discord://S3CRET/S3CRET", "1 discord://…"),
        # What is special in a password was not percent-encoded.
        ("mailto://S3CRET@S3CRET@gmail.com", "1 mailto://…"),
        ("mailto://S3CRET/S3CRET@gmail.com", "1 mailto://…"),
        ("mailto://S3CRET?S3CRET@gmail.com", "1 mailto://…"),
        ("mailto://me:[S3CRET@gmail.com", "1 mailto://…"),
    ],
)
def test_a_name_holds_the_scheme_and_a_host_where_that_is_one(url: str, name: str) -> None:
    (address,) = addresses(url)
    assert address.name == name
    assert "S3CRET" not in repr(address)
