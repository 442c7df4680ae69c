"""The cases of a connection that the schedule asks, from what stops everything to what passes by itself."""

from __future__ import annotations

from datetime import timedelta

from brokersync.cells import plain
from brokersync.standing.case import Case, Who, repair
from brokersync.standing.facts import Facts, OpenCircuit
from brokersync.standing.words import in_a_row, listed, span
from models.circuit import Opened
from models.connection import Status

NOTHING_TO_DO = "nobody needs to do anything about it"
EXAMINE = "brokersync doctor"
APP_FAULT = Opened.REFUSED.value
KEY_FAULT = "credentials_unreadable"


def case_of(facts: Facts) -> Case:
    if facts.is_overdue:
        return _overdue(facts)
    if facts.circuit is not None and facts.is_held_back:
        return _held_back(facts, facts.circuit)
    if facts.error_kind == KEY_FAULT or (facts.status == Status.CREDENTIALS_UNREADABLE and facts.error_kind is None):
        return _unreadable(facts)
    if facts.error_kind is not None:
        return _failed(facts, facts.error_kind)
    return _undisturbed(facts)


def _overdue(facts: Facts) -> Case:
    said = f"What was due {span(facts.now - (facts.due_at or facts.now))} ago was not done"
    if facts.error_kind is not None:
        said += f" (and what came last was {facts.error_kind})"
    acts = f"an operator looks with `{EXAMINE}` whether beat and enough workers run"
    return Case("nobody asks", said, acts, Who.OPERATOR, EXAMINE)


def _held_back(facts: Facts, circuit: OpenCircuit) -> Case:
    since = span(facts.now - circuit.opened_at)
    if not circuit.is_set_up:
        names = listed(facts.app_variables)
        said = f"A worker has lacked its variables for {facts.title} for {since}, so all connections wait ({APP_FAULT})"
        acts = f"an operator sets {names} where it runs, and starts it anew (`{EXAMINE}` finds what is missing)"
        return Case("app not set up", said, acts, Who.OPERATOR, EXAMINE)
    if circuit.error_kind == Opened.REFUSED:
        said = f"{facts.title} has refused the app key for {since}, so all its connections wait ({APP_FAULT})"
        return Case("app refused", said, _mend_the_app(facts), Who.OPERATOR, EXAMINE)
    said = f"{facts.title} has answered no connection for {since}, so all of them wait ({circuit.error_kind})"
    return Case("broker away", said, NOTHING_TO_DO)


def _unreadable(facts: Facts) -> Case:
    event = facts.happened.get(KEY_FAULT)
    how_long = "" if event is None else f" for {span(facts.now - event.at)}"
    said = f"No key in ENCRYPTION_KEY has opened this login{how_long} ({KEY_FAULT})"
    acts = f"an operator adds the key that sealed it, behind a comma, and starts the worker anew (`{EXAMINE}` tries it)"
    return Case("login unreadable", said, acts, Who.OPERATOR, EXAMINE)


def _failed(facts: Facts, kind: str) -> Case:
    """A failure of this connection's own: mostly it passes by itself."""
    title, text, again = facts.title, plain(facts.error_text).plain, in_a_row(facts.failures)
    if kind == APP_FAULT:
        said = f"{title} refused this app ({kind}: {text}){again}"
        return Case("app refused", said, _mend_the_app(facts), Who.OPERATOR, EXAMINE)
    if kind == "internal":
        said = f"The last run stopped at a fault of ours ({kind}){again}"
        return Case("our fault", said, "an operator finds the cause in the worker's log", Who.OPERATOR)
    if kind == "bad_answer":
        said = f"{title} gave an answer that cannot be true or read, so nothing of it was taken ({kind}: {text}){again}"
        return Case("bad answer", said, NOTHING_TO_DO)
    state, said = _PASSING[kind]
    return Case(state, f"{title} {said} ({kind}){again}", NOTHING_TO_DO)


_PASSING = {
    "unreachable": ("broker unreachable", "could not be reached"),
    "broker_down": ("broker down", "did not answer as it should"),
    "rate_limited": ("broker asked for a pause", "asked for a pause"),
    # Else it would have moved the connection.
    "login_ended": (
        "login in doubt",
        "refused this login, but its tokens were renewed meanwhile, or a new login is being made",
    ),
}


def _undisturbed(facts: Facts) -> Case:
    if facts.status == Status.LINKING:
        said = f"The login was made {span(facts.now - facts.login_at)} ago, and its accounts are not listed yet"
        return Case("being linked", said, NOTHING_TO_DO)
    if facts.is_over:
        command = repair(facts)
        since = span(-(facts.ends_in or timedelta(0)))
        said = f"By our clock this login ended {since} ago, and {facts.title} has not refused it yet"
        acts = f"the person renews it with the link that `{command}` makes"
        return Case("login over by our clock", said, acts, Who.PERSON, command)
    if facts.checked_at is None:
        return Case("linked", "The login is linked, and nothing was fetched yet", NOTHING_TO_DO)
    return Case("all is well", "All is well", f"confirmed {span(facts.now - facts.checked_at)} ago")


def _mend_the_app(facts: Facts) -> str:
    names = listed(facts.app_variables)
    return f"an operator checks {names}, and the app's state and products at the broker, with `{EXAMINE}`"
