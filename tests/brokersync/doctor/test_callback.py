from __future__ import annotations

import pytest

from brokersync.doctor.callback import callback_url
from brokersync.doctor.findings import Level

NAME = "SCHWAB_REDIRECT_URI"
GOOD = "https://127.0.0.1:8182/oauth/callback"
PUBLIC = "https://127.0.0.1:8182"


def said(url: str, public_url: str = PUBLIC, *, real_broker: bool = True) -> list[tuple[Level, str]]:
    return [(each.level, each.said) for each in callback_url(NAME, url, public_url, real_broker=real_broker)]


def test_the_usual_one_is_good() -> None:
    assert said(GOOD) == [(Level.OK, GOOD)]


def test_a_domain_with_a_path_in_front_is_good_where_people_start_there_too() -> None:
    url = "https://app.example/sync/oauth/callback"
    assert said(url, "https://app.example/sync") == [(Level.OK, url)]


def test_http_is_a_fault_at_the_real_broker_and_nowhere_else() -> None:
    url, public = GOOD.replace("https", "http"), PUBLIC.replace("https", "http")
    assert said(url, public) == [(Level.FAULT, "It is http, and the broker takes only https.")]
    assert said(url, public, real_broker=False) == [(Level.OK, url)]


def test_a_slash_at_the_end_is_a_fault() -> None:
    assert said(GOOD + "/") == [(Level.FAULT, "It ends with a slash, which makes it another URL.")]


def test_localhost_is_a_fault_at_the_real_broker_and_a_warning_at_the_sandbox() -> None:
    url, public = GOOD.replace("127.0.0.1", "localhost"), PUBLIC.replace("127.0.0.1", "localhost")
    sentence = "It names localhost, which Schwab does not register."
    assert said(url, public) == [(Level.FAULT, sentence)]
    assert said(url, public, real_broker=False) == [(Level.WARNING, sentence)]


@pytest.mark.parametrize("public", ["http://127.0.0.1:8182", "https://127.0.0.1", "https://127.0.0.2:8182"])
def test_another_origin_than_the_start_page_is_a_fault(public: str) -> None:
    ((level, sentence),) = said(GOOD, public)
    assert level is Level.FAULT
    assert "PUBLIC_URL" in sentence


def test_the_default_port_written_out_is_the_same_origin() -> None:
    url = "https://app.example:443/oauth/callback"
    assert said(url, "https://app.example") == [(Level.OK, url)]


def test_a_scheme_in_capitals_is_a_fault() -> None:
    url = GOOD.replace("https", "HTTPS")
    assert said(url) == [(Level.FAULT, "It begins with HTTPS in capitals, and the broker compares letter by letter.")]


@pytest.mark.parametrize("url", ["https://127.0.0.1:8182", "https://127.0.0.1:8182/callback"])
def test_a_path_where_nobody_answers_is_a_fault(url: str) -> None:
    ((level, sentence),) = said(url)
    assert (level, "nobody answers" in sentence) == (Level.FAULT, True)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8182/oauth/callback", "https://", "ftp://x/oauth/callback", "https://x:abc/"]
)
def test_what_is_no_address_is_a_fault(url: str) -> None:
    assert said(url) == [(Level.FAULT, "It is not a full address.")]


def test_a_query_is_a_fault() -> None:
    assert said(GOOD + "?a=b") == [(Level.FAULT, "It has a query or a fragment.")]


def test_several_traps_are_all_told_with_a_remedy_each() -> None:
    found = callback_url(NAME, "HTTP://localhost:8182/oauth/callback/", PUBLIC, real_broker=True)
    assert len(found) == 5
    assert all(each.remedy for each in found)


@pytest.mark.parametrize(
    "url", ["https://me:ersecret@127.0.0.1:8182/oauth/callback", "https://127.0.0.1:8182/ersecret@h/oauth/callback"]
)
def test_a_login_is_a_fault_and_not_shown(url: str) -> None:
    assert said(url) == [(Level.FAULT, "It holds a login (what stands before an @).")]
