"""The link in a real browser: its cookie rules, its content policy and its redirects are those that people meet."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.chromium import sign_in
from tests.end_to_end.installation import Installation, Linked

pytestmark = [pytest.mark.processes, pytest.mark.browser]


def test_a_person_links_a_login_and_sees_masked_accounts(installation: Installation, demo: Linked, page: Page) -> None:
    page.goto(installation.new_link(demo.user_id))
    expect(page.locator("body")).to_contain_text("Charles Schwab")
    expect(page.locator("body")).to_contain_text("cannot")
    page.get_by_role("button").click()
    sign_in(page, "demo")
    page.get_by_role("button", name="Allow").click()
    body = page.locator("body")
    for ending in demo.accounts():
        expect(body).to_contain_text(ending)
    for account in installation.sandbox_accounts("demo"):
        expect(body).not_to_contain_text(account["number"])
    assert demo.status() == "active"


def test_who_denies_reads_that_nothing_was_linked(installation: Installation, page: Page) -> None:
    page.goto(installation.new_link("user-who-denies"))
    page.get_by_role("button").click()
    sign_in(page, "carol")
    page.get_by_role("button", name="Deny").click()
    expect(page.locator("body")).to_contain_text("othing was linked")
    assert installation.rows("SELECT 1 FROM connections WHERE user_id = 'user-who-denies'") == []
