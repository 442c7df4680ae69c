"""`make bench-peers`: one sync of 100 positions by four means, on the same answers in one run; draws docs/bench.svg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import click
from sqlalchemy import column, select

from benchmarks import logins, stage
from benchmarks.answers import Shape
from benchmarks.peers.chart import Bar, drawn
from benchmarks.peers.django_loop import DjangoLoop
from benchmarks.peers.dlt_merge import DltMerge
from benchmarks.peers.reading import fetch
from benchmarks.report import Spoiled, head
from benchmarks.rounds import Work, medians
from benchmarks.stage import Stage
from benchmarks.turns import Turns, linked
from brokersync.lease import KeeperFailed

SHAPE = Shape(2, 50)
ROUNDS = 30
OURS = "brokersync"
PICTURE = Path("docs", "bench.svg")

Peer = DjangoLoop | DltMerge

_COMPARED = ("account_id", "instrument_key", "quantity", "market_value")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rounds", type=click.IntRange(min=1), default=ROUNDS, show_default=True, help="How often each is run.")
def main(rounds: int) -> None:
    """Keep the same answers by four means, and draw how long each takes.

    Claims, checks and a record of the run are brokersync's alone; it and the floor also publish to Redis.
    """
    click.echo(f"{head()}\n")
    try:
        with stage.with_own_servers() as on:
            bars = _bars(on, rounds)
    except Spoiled as error:
        raise click.ClickException(str(error)) from None
    except KeeperFailed as error:
        raise click.ClickException(f"Nothing was measured, because something did not start: {error}") from None
    title = f"One sync of {SHAPE.accounts * SHAPE.positions} positions"
    click.echo(f"{title}, every price moved; medians of {rounds} rounds")
    for bar in bars:
        click.echo(f"  {bar.name:<40}{bar.milliseconds:>8.1f} ms")
    PICTURE.write_text(drawn(title, bars))
    click.echo(f"\nDrawn into {PICTURE}.")


def _bars(on: Stage, rounds: int) -> list[Bar]:
    turns = linked(on, SHAPE)
    accounts = logins.accounts(on.parts.database, [turns.login])[turns.login.connection_id]
    url = on.parts.settings.require_database_url()
    peers: Mapping[str, Peer] = {
        "Django, update_or_create loop": DjangoLoop(url),
        "dlt, merge": DltMerge(url, on.folder),
    }
    try:
        works = [_work(turns, accounts, peer) for peer in peers.values()]
        costs = medians(rounds, turns.floor, turns.changed, *works)
        for peer in peers.values():
            _require_same_rows(turns, accounts, peer)
    finally:
        for peer in peers.values():
            peer.close()
    names = ("a hand-written floor", OURS, *peers)
    return [Bar(name, cost.wall * 1000, ours=name == OURS) for name, cost in zip(names, costs, strict=True)]


def _work(turns: Turns, accounts: Mapping[str, str], peer: Peer) -> Work:
    stand_in, token = turns.stage.stand_in, turns.login.token
    # Ticks of its own: whoever else moves the prices, this one's next answer differs from its last.
    ticks = count()
    return Work(
        lambda: stand_in.answer(tick=next(ticks)),
        lambda _: peer.write(fetch(stand_in.url, token, accounts)),
        lambda _: None,
    )


def _require_same_rows(turns: Turns, accounts: Mapping[str, str], peer: Peer) -> None:
    """Who keeps something else does not do the same work."""
    held = fetch(turns.stage.stand_in.url, turns.login.token, accounts)
    peer.write(held)
    with turns.stage.parts.database.session() as session:
        rows: Sequence[Any] = session.execute(
            select(*[column(name) for name in _COMPARED]).select_from(peer.table)
        ).all()
    kept = {(str(account_id), *values) for account_id, *values in rows}
    wanted = {tuple(row[name] for name in _COMPARED) for _, positions in held for row in positions}
    if kept != wanted:
        raise Spoiled(f"{peer.table} does not hold the positions of the last answer, so its time says nothing.")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.peers")
