"""`brokersync sandbox faults`."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click
from click.core import ParameterSource

from brokersync import completing, options, sandbox_control, sandbox_state
from brokersync.near import did_you_mean
from brokersync.sandbox_control import SandboxControl
from brokersync.sandbox_state import tell
from sandbox import faults


@click.command("faults")
@click.argument("name", required=False, shell_complete=completing.fault_names)
@click.option("--times", type=click.IntRange(min=1), default=1, show_default=True, help="For so many requests.")
@click.option(
    "--where",
    metavar="ENDPOINT",
    shell_complete=completing.fault_places,
    help="Only there: accounts, account, accountNumbers, token … or any.",
)
@click.option("--user", metavar="USER", help="Only for this person of the sandbox; the others are left alone.")
@click.option("--retry-after", type=click.IntRange(min=1), metavar="SECONDS", help="What `rate_limited` asks for.")
@click.option("--slowest", type=click.IntRange(min=1), metavar="SECONDS", help="How long `slow` lasts at most.")
@click.option("--clear", is_flag=True, help="Take back all faults that wait.")
@options.as_json
@click.pass_context
def make_faults(
    ctx: click.Context,
    name: str | None,
    times: int,
    where: str | None,
    user: str | None,
    retry_after: int | None,
    slowest: int | None,
    *,
    clear: bool,
    as_json: bool,
) -> None:
    """Make the next requests fail in a way that real brokers do.

    Without a NAME it lists the faults that wait. A name that does not exist is answered with those that do.

    \b
    Examples:
      brokersync sandbox faults rate_limited --times 3 --where accounts
      brokersync sandbox faults login_ended --user bob
      brokersync sandbox faults --clear
    """
    if clear and name:
        raise click.UsageError("Either name a fault, or --clear them.")
    given = [each for each in ctx.params if ctx.get_parameter_source(each) is ParameterSource.COMMANDLINE]
    _check_fault(name, where, given)
    sandbox = sandbox_control.configured(os.environ)
    if clear:
        sandbox.clear_faults()
    elif name:
        _check_person(sandbox, user)
        sandbox.add_fault(name, times=times, where=where, user=user, retry_after=retry_after, slowest=slowest)
    waiting = {"faults": sandbox.state()["faults"]}
    tell(waiting, lambda answer: sandbox_state.faults_view(answer["faults"]), as_json=as_json)


def _check_fault(name: str | None, where: str | None, given: Sequence[str]) -> None:
    """Raises `click.UsageError` for what does not exist, and for an option that would change nothing."""
    if name is None:
        of_a_fault = [each for each in ("times", "where", "user", "retry_after", "slowest") if each in given]
        if of_a_fault:
            raise click.UsageError(f"--{of_a_fault[0].replace('_', '-')} belongs to a fault: name it before.")
        return
    if name not in faults.KINDS:
        known = ", ".join(faults.KINDS)
        raise click.UsageError(f"There is no fault {name!r}.{did_you_mean(name, faults.KINDS)} There are: {known}.")
    if where is not None and where not in (places := faults.places(name)):
        raise click.UsageError(f"{name} cannot be had at {where!r}, but at: {', '.join(places)}.")
    if "retry_after" in given and name not in faults.WITH_RETRY_AFTER:
        only = ", ".join(faults.WITH_RETRY_AFTER)
        raise click.UsageError(f"--retry-after changes nothing about {name}: only {only} says when to come back.")
    if "slowest" in given and name not in faults.WITH_SLOWEST:
        only = ", ".join(faults.WITH_SLOWEST)
        raise click.UsageError(f"--slowest changes nothing about {name}: only {only} lasts a while.")


def _check_person(sandbox: SandboxControl, user: str | None) -> None:
    """Raises `click.UsageError` for one who does not live there."""
    people = [] if user is None else [each["user"] for each in sandbox.state()["users"]]
    if user is not None and user not in people:
        raise click.UsageError(
            f"There is no {user!r} there.{did_you_mean(user, people)} There are: {', '.join(people)}."
        )
