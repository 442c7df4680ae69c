"""`brokersync sandbox`: the offline broker, and its control routes as commands."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import click

import settings
from brokersync import options, running_demo, sandbox_control, sandbox_state
from brokersync.commands.sandbox_faults import make_faults
from brokersync.commands.sandbox_start import start
from brokersync.near import did_you_mean
from brokersync.sandbox_state import tell
from sandbox.clock import duration
from sandbox.trade_order import ACTIONS


class StartsByDefault(click.Group):
    """Without the name of a command it is `start`, whose options may be given at once."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.resilient_parsing and not args:
            return super().parse_args(ctx, args)  # a half-typed line: any name may come
        words = [each for each in args if not each.startswith("-")]
        # Its first word is a command, or a mistyped one unless an option stands before it: then it may be a value.
        named = bool(words) and (words[0] in self.commands or not args[0].startswith("-"))
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        return super().parse_args(ctx, args if named or asks_for_help else ["start", *args])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"There is no command {args[0]!r}.{did_you_mean(args[0], self.commands)}", ctx)
        # One that is started is nobody's; the others speak to a running demo's unless the shell names one.
        if args[0] != start.name and not ctx.resilient_parsing:
            running_demo.load(Path.cwd(), unless=sandbox_control.VARIABLE)
        return super().resolve_command(ctx, args)


@click.group("sandbox", cls=StartsByDefault)
def command() -> None:
    """An offline broker: start it, turn its clock, make faults.

    Alone, `brokersync sandbox` starts it. The other commands speak to the sandbox that SCHWAB_BASE_URL names; the one of
    a running demo is found by itself.

    \b
    Example:
      brokersync sandbox clock +6d
    """


command.add_command(start)
command.add_command(make_faults)


@command.command("state")
@options.as_json
def show_state(*, as_json: bool) -> None:
    """Its clock, its people, their logins, and the faults that wait.

    \b
    Example:
      brokersync sandbox state
    """
    state = sandbox_control.configured(os.environ).state()
    tell(state, sandbox_state.state_view, as_json=as_json)


@command.command("clock")
@click.argument("span", metavar="+SPAN")
@options.as_json
def turn_clock(span: str, *, as_json: bool) -> None:
    """Turn its clock forward, for the connections linked to it too.

    The logins of the connections age by the same time: their times are moved back, since the clock here cannot be
    turned. A span is numbers with units: +90s, +31m, +6d, +1d12h.

    \b
    Example:
      brokersync sandbox clock +6d
    """
    sandbox = sandbox_control.configured(os.environ)
    try:
        length = duration(span.removeprefix("+"))
    except ValueError as error:
        raise click.BadParameter(f"{error}; a + may stand before it.", param_hint="+SPAN") from None
    if settings.load().database_url is None:
        answer = {**sandbox.advance(span.removeprefix("+")), "connections": None}
    else:
        # Only here: the other commands of the sandbox shall not wait for a database library.
        answer = import_module("brokersync.sandbox_clock").turn(sandbox, span.removeprefix("+"), length)
    tell(answer, sandbox_state.clock_view, as_json=as_json)


@command.command("market")
@click.option("--tick", type=click.IntRange(min=1), default=1, show_default=True, help="So many moves.")
@options.as_json
def move_market(tick: int, *, as_json: bool) -> None:
    """Move its prices now.

    \b
    Example:
      brokersync sandbox market --tick 10
    """
    tell(sandbox_control.configured(os.environ).tick(tick), sandbox_state.prices_view, as_json=as_json)


@command.command("trade")
@click.argument("action", type=click.Choice(ACTIONS))
@click.argument("symbol")
@click.argument("quantity", required=False)
@click.option("--user", metavar="USER", help="In the first account of this person of the sandbox.")
@click.option("--account", metavar="NUMBER", help="In this account; `brokersync sandbox state` lists them.")
@click.option("--price", metavar="USD", help="At this price instead of the market's.")
@options.as_json
def make_trade(
    action: str,
    symbol: str,
    quantity: str | None,
    user: str | None,
    account: str | None,
    price: str | None,
    *,
    as_json: bool,
) -> None:
    """Trade in one of its accounts, so that there is something to sync.

    Without a QUANTITY, `close` and `assign` take all there is. Shown is the account after it.

    \b
    Example:
      brokersync sandbox trade sell F 100 --user demo
    """
    if (user is None) == (account is None):
        raise click.UsageError("Name either --user or --account.")
    order: dict[str, str | None] = {
        "user": user,
        "account": account,
        "action": action,
        "symbol": symbol,
        "quantity": quantity,
        "price": price,
    }
    sandbox = sandbox_control.configured(os.environ)
    after = sandbox.trade({name: value for name, value in order.items() if value is not None})
    tell(after, sandbox_state.account_view, as_json=as_json)
