"""The sandbox's pages in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page


def sign_in(page: Page, user: str) -> None:
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill("sandbox")
    page.get_by_role("button", name="Sign in").click()
