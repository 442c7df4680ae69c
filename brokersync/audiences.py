"""Who watches: a person, who reads lines, or a program, which reads documents."""

from __future__ import annotations

from datetime import datetime

import click
from rich.text import Text

from brokersync.demo.notes import note_line
from brokersync.documents import printed
from brokersync.live import Document
from brokersync.live_lines import clock, update_line
from brokersync.screen import show, width
from brokersync.updates import Update


class Person:
    """A line on standard output for everything."""

    def document(self, document: Document) -> None:
        """A person reads the update that it belongs to."""

    def update(self, update: Update, number: str) -> None:
        # Asked anew each time: a terminal's window is made wider and narrower.
        show(update_line(update, number, update.fetched_at, width()))

    def happened(self, document: Document, what: Text) -> None:
        self.note(datetime.fromisoformat(document["at"]), what)

    def note(self, at: datetime, what: Text) -> None:
        show(note_line(at, what))


class Program:
    """Each document is a line of JSON on standard output, where nothing else is; notes are sentences on standard error."""

    def document(self, document: Document) -> None:
        click.echo(printed(document))

    def update(self, update: Update, number: str) -> None:
        """A program compares the documents itself."""

    def happened(self, document: Document, what: Text) -> None:
        click.echo(printed(document))

    def note(self, at: datetime, what: Text) -> None:
        click.echo(f"{clock(at)}  {' '.join(what.plain.splitlines())}", err=True)
