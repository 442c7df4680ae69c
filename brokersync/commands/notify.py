"""`brokersync notify`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

import settings
from brokersync import cells, database, notifying, options, running_demo
from brokersync.documents import plain, printed
from brokersync.explanations import FAILED, NotConfigured, for_a_terminal
from brokersync.fitting import new_table
from brokersync.notifying import Target
from brokersync.screen import show, width, wrapped
from brokersync.undelivered import Undelivered, undelivered

TO_SET = (
    "Set NOTIFY_URLS to where people are told (such as ntfy://your-topic, or mailto://user:password@gmail.com), or "
    "WEBHOOK_URL and WEBHOOK_SECRET for a program of yours."
)
TO_START = "Start the demo anew with `brokersync demo --notify URL`."
THE_DEMOS = "A demo runs in this folder: these are its settings (.brokersync/demo.env), not those of this shell."


@click.command("notify")
@click.option("--test", "trial", is_flag=True, help="Send a test message to everybody now.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, *, trial: bool, as_json: bool) -> None:
    """Who is told of logins that end, and of what stops syncs.

    People by NOTIFY_URLS, a program of yours by WEBHOOK_URL, as they are set in this shell; while a demo runs in this
    folder, as that demo has them. Also which events still wait to be delivered, and which were given up after a day.

    \b
    Examples:
      brokersync notify
      brokersync notify --test
    """
    loaded = settings.load()
    is_demo = running_demo.is_used(Path.cwd())
    what_helps = TO_START if is_demo else TO_SET
    if is_demo:
        click.echo(for_a_terminal(THE_DEMOS), err=True)
    if trial:
        _try(ctx, loaded, what_helps, as_json=as_json)
        return
    with database.opened(loaded) as opened:
        left = undelivered(opened, loaded)
    targets = notifying.set_up(loaded)
    if as_json:
        click.echo(printed({"targets": [each.as_json() for each in targets], **_document(left)}))
    else:
        show(Group(*_set_up(targets, what_helps), "", *_left(left)))


def _try(ctx: click.Context, loaded: settings.Settings, what_helps: str, *, as_json: bool) -> None:
    targets = notifying.try_all(loaded)
    if not targets:
        raise NotConfigured(f"There is nobody to be told. {what_helps}")
    if as_json:
        click.echo(printed({"targets": [each.as_json() for each in targets]}))
    else:
        show(_table(targets, well="took the test message"))
    if any(each.said is not None for each in targets):
        ctx.exit(FAILED)


def _set_up(targets: Sequence[Target], what_helps: str) -> Iterator[RenderableType]:
    if not targets:
        yield Text(wrapped(f"Nobody is told of a login that ends. {what_helps}", width()))
        return
    yield _table(targets, well="set up")
    yield Text("`brokersync notify --test` sends each of them a test message.")


def _table(targets: Sequence[Target], well: str) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for each in targets:
        fine = each.said is None
        mark = Text("✓", style="green") if fine else Text("✗", style="bold red")
        grid.add_row(
            mark, cells.plain(each.name), cells.plain(each.service or ""), Text(well if fine else f"{each.said}.")
        )
        if each.remedy is not None:
            grid.add_row("", "", "", Text(f"What helps: {each.remedy}."))
    return grid


def _left(left: Undelivered) -> Iterator[RenderableType]:
    if left.unwanted:
        why = "nobody is set up for them, or what happened was put right before people were told"
        yield Text(f"Not delivered in the last day: {left.unwanted}, since {why}.")
    if not left.waiting and not left.given_up:
        yield Text("No event waits to be delivered, and none was given up.")
        return
    yield Text(f"Waiting to be delivered: {left.waiting}. Given up in the last 30 days: {left.given_up}.")
    table = new_table("Event", "Connection", "To", "State", "Why", droppable=("Connection",))
    for row in left.rows:
        table.add_row(
            Text.assemble(row["event"], " ", cells.ago(row["age"])),
            Text("—") if row["connection_id"] is None else cells.short_id(row["connection_id"]),
            cells.plain(row["target"]),
            _state(row),
            cells.plain(row["last_error"]),
        )
    yield table


def _state(row: Any) -> Text:
    if row["state"] == "given_up":
        return Text("given up", style="bold red")
    attempts = row["attempts"]
    return Text({0: "waits", 1: "tried once"}.get(attempts, f"tried {attempts} times"))


def _document(left: Undelivered) -> dict[str, Any]:
    shown = (
        "event_id",
        "event",
        "at",
        "connection_id",
        "user_id",
        "broker",
        "target",
        "state",
        "attempts",
        "next_try_at",
    )
    return {
        "waiting": left.waiting,
        "given_up": left.given_up,
        "unwanted": left.unwanted,
        "deliveries": [
            {**{name: _value(row[name]) for name in shown}, "last_error": row["last_error"]} for row in left.rows
        ],
    }


def _value(value: Any) -> Any:
    return value if isinstance(value, str | int | None) else plain(value)
