from __future__ import annotations

import pytest

from brokersync.doctor import addresses
from brokersync.doctor.findings import Finding, Level

LOCAL = "https://127.0.0.1:8182"


def levels(findings: list[Finding]) -> list[Level]:
    assert all(each.remedy for each in findings)
    return [each.level for each in findings]


def test_a_return_url_without_a_scheme_is_a_fault_by_its_place() -> None:
    found = addresses.return_urls(["https://app.example.org/", "app.example.org", "http://[bad"])
    assert levels(found) == [Level.FAULT, Level.FAULT]
    assert [each.said.split(" is ")[0] for each in found] == ["Number 2", "Number 3"]


@pytest.mark.parametrize(
    ("port", "public_url", "found"),
    [
        ("", LOCAL, []),
        ("8182", LOCAL, []),
        ("8183", LOCAL, [Level.WARNING]),
        ("8183", "http://[::1]:8182", [Level.WARNING]),
        ("8182", "http://localhost", [Level.WARNING]),
        ("80", "http://localhost", []),
        ("443", "https://127.0.0.1", []),
        ("8183", "https://sync.example.org", []),
        ("0", LOCAL, [Level.FAULT]),
        ("http", "https://sync.example.org", [Level.FAULT]),
        ("9" * 5000, LOCAL, [Level.FAULT]),
    ],
)
def test_the_web_process_listens_where_people_of_this_machine_are_sent(
    port: str, public_url: str, found: list[Level]
) -> None:
    assert levels(addresses.web_port({"WEB_PORT": port}, public_url)) == found


@pytest.mark.parametrize("login", ["", "ersecret", ":ersecret", "ersecret:"])
def test_flower_without_user_and_password_is_a_warning_that_shows_neither(login: str) -> None:
    found = addresses.flower_login({"FLOWER_BASIC_AUTH": login})
    assert levels(found) == [Level.WARNING]
    assert "ersecret" not in str(found)


def test_flower_with_user_and_password_is_good() -> None:
    assert addresses.flower_login({"FLOWER_BASIC_AUTH": "me:a:b"}) == []
