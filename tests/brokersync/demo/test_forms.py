from __future__ import annotations

import pytest

from brokersync.demo.forms import Reader

CONSENT = """
<html><head><title>Not said</title><style>body { color: red }</style></head><body><main>
<h1>Which accounts?</h1>
<form method="post" action="/consent">
  <input type="hidden" name="ticket" value="t&amp;1">
  <input type="checkbox" name="accounts" value="11" checked>
  <input type="checkbox" name="accounts" value="22">
  <input type="checkbox" name="accounts" value="33" checked>
  <input name="nickname" value="">
  <button name="decision" value="allow">Allow</button>
  <button name="decision" value="deny">Deny</button>
</form></main></body></html>
"""


def test_a_form_sends_what_is_hidden_ticked_and_typed_and_the_one_button_that_was_pressed() -> None:
    (form,) = Reader(CONSENT).forms
    assert form.action == "/consent"
    assert form.filled({"nickname": "mine"}, "allow") == [
        ("ticket", "t&1"),
        ("accounts", "11"),
        ("accounts", "33"),
        ("nickname", "mine"),
        ("decision", "allow"),
    ]


@pytest.mark.parametrize(
    ("typed", "press", "missing"), [({"password": "x"}, None, "field password"), ({}, "maybe", "button maybe")]
)
def test_a_field_or_button_that_is_not_there_is_named(typed: dict[str, str], press: str | None, missing: str) -> None:
    (form,) = Reader(CONSENT).forms
    with pytest.raises(LookupError, match=missing):
        form.filled(typed, press)


def test_the_text_of_a_page_is_what_a_person_reads() -> None:
    assert Reader(CONSENT).text == "Which accounts? Allow Deny"
