"""The form of an HTML page, as far as a person with a keyboard sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

# Not part of what the page says to a person.
AROUND_THE_TEXT = frozenset({"head", "style", "script", "header", "footer"})


@dataclass
class Form:
    """`fields` is what it sends when nothing is typed: hidden fields, ticked boxes, texts as they stand."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, typed: dict[str, str], press: str | None) -> list[tuple[str, str]]:
        """What is sent after typing, with the button of that value pressed. Raises `LookupError` for what is not there."""
        if unknown := sorted(set(typed) - {name for name, _ in self.fields}):
            raise LookupError(f"the form has no field {', '.join(unknown)}")
        pressed = [(name, value) for name, value in self.buttons if value == press]
        if press and not pressed:
            raise LookupError(f"the form has no button {press}")
        return [(name, typed.get(name, value)) for name, value in self.fields] + pressed


class Reader(HTMLParser):
    """Reads a page: its forms, and the text that is not in one of their buttons."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._texts: list[str] = []
        self._unseen = 0
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """What the page says, in one line."""
        return " ".join(" ".join(self._texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._unseen += tag in AROUND_THE_TEXT
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif self.forms and given.get("name"):
            pair = given["name"], given.get("value", "")
            if tag == "button":
                self.forms[-1].buttons.append(pair)
            elif tag == "input" and (given.get("type") not in {"checkbox", "radio"} or "checked" in given):
                self.forms[-1].fields.append(pair)

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in AROUND_THE_TEXT

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._texts.append(data)
