"""`brokersync demo`."""

from __future__ import annotations

from pathlib import Path

import click

from brokersync import endings, options
from brokersync.demo import output
from brokersync.demo.given import given_servers
from brokersync.demo.leftovers import Traces
from brokersync.demo.output import Output
from brokersync.demo.performance import Performance, performing
from brokersync.demo.progress import Progress
from brokersync.documents import printed


@click.command("demo")
@click.option("--once", is_flag=True, help="End when the first rows and messages are there.")
@options.as_json
@click.option("--seed", type=int, default=1, show_default=True, help="Where account numbers and prices come from.")
@click.option(
    "--notify", multiple=True, metavar="URL", help="Whom to tell when the login ends, as in NOTIFY_URLS; several times."
)
def command(*, once: bool, as_json: bool, seed: int, notify: tuple[str, ...]) -> None:
    """Link, sync and watch a make-believe broker, with no account.

    It starts all that a real installation has, on this machine only: PostgreSQL, Valkey, the link page, worker, beat and
    Flower, and an offline broker whose market moves. Then it links a login, and shows the rows and each live message. With
    DATABASE_URL and REDIS_URL set, it uses those servers. Ctrl-C ends it, and nothing is left running. Of its make-believe
    login it tells nobody but whom --notify names.

    \b
    Examples:
      brokersync demo
      brokersync demo --once --json
      brokersync demo --notify ntfys://ntfy.sh/a-topic-of-yours
    """
    traces = Traces(Path.cwd())
    out = output.aside() if as_json else output.standard()
    try:
        with endings.unwinding(), performing(Progress(out), seed, notify, traces) as performance:
            try:
                _perform(performance, out, once=once, as_json=as_json)
            except KeyboardInterrupt:
                out.print("\nStopping …")
                raise
    except KeyboardInterrupt:
        # The usual end, so not a failure.
        pass
    traces.check()
    out.print("\nAll stopped: no process, no open port and no file of the demo is left.")
    if given_servers():
        out.print("Its rows stay in your database, disconnected, until the next demo there.")


def _perform(performance: Performance, out: Output, *, once: bool, as_json: bool) -> None:
    if as_json:
        click.echo(printed(performance.document()))
    else:
        performance.show(out)
    if once:
        return
    if not as_json:
        performance.show_the_way_on(out)
    performance.watch(out)
