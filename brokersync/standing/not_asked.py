"""The cases of a connection of which nothing is asked: its login has ended, or somebody stopped it."""

from __future__ import annotations

from brokersync.cells import SHORT_ID, plain
from brokersync.standing.case import Case, Who, repair
from brokersync.standing.facts import Facts
from brokersync.standing.words import span
from models.connection import Status


def login_ended(facts: Facts) -> Case:
    """By the event's reason: who or what ended it. Without that event nobody knows."""
    refused, replaced = facts.happened.get("reauth_required"), facts.happened.get("login_ended")
    ended_at, reason = (facts.now, None) if refused is None else (refused.at, refused.reason)
    when = "" if refused is None else f" {span(facts.now - ended_at)} ago"
    when += f" (it was {span(ended_at - facts.login_at)} old)"
    said = {
        "ended by the broker": f"{facts.title} ended this login{when}",
        "lost in a crash": f"This login was lost in a crash{when}, in the middle of a refresh",
        "lost on the way": f"This login was lost on the way{when}, as the answer to a refresh never came",
    }.get(reason or "", f"This login has ended{when}")
    if replaced is not None and replaced.reason == "replaced by a newer login":
        said += ", when another user of this installation logged in with it"
    command = repair(facts)
    acts = f"nothing is asked any more, and the person logs in again with the link that `{command}` makes"
    return Case("login ended", said, acts, Who.PERSON, command)


def paused(facts: Facts) -> Case:
    """By a person, or by the worker; a login that ended meanwhile is what has to be mended first."""
    resume = f"brokersync resume {str(facts.connection_id)[:SHORT_ID]}"
    by_a_person, by_the_worker = facts.happened.get("paused"), facts.happened.get("given_up")
    is_given_up = by_the_worker is not None and (by_a_person is None or by_the_worker.at > by_a_person.at)
    event = by_the_worker if is_given_up else by_a_person
    said = f"{'The worker' if is_given_up else 'Somebody'} paused this connection"
    if event is not None:
        said += f" {span(facts.now - event.at)} ago ({plain(event.reason or event.actor)})"
    if facts.is_over:
        command = repair(facts)
        acts = f"the person logs in again with the link that `{command}` makes, as the login has ended meanwhile"
        return Case("paused, login over", said, acts, Who.PERSON, command)
    if is_given_up:
        acts = f"an operator finds the cause in the worker's log, and starts it again with `{resume}`"
        return Case("paused by the worker", said, acts, Who.OPERATOR, resume)
    return Case("paused", said, f"nothing is asked until an operator types `{resume}`", Who.OPERATOR, resume)


def disconnected(facts: Facts) -> Case:
    event = facts.happened.get("disconnected")
    when = "" if event is None else f" {span(facts.now - event.at)} ago"
    command = repair(facts)
    acts = f"its login is forgotten, and it goes on only with the link that `{command}` makes"
    return Case("disconnected", f"This connection was disconnected{when}", acts, Who.NOBODY, command)


CASES = {Status.REAUTH_REQUIRED: login_ended, Status.PAUSED: paused, Status.DISCONNECTED: disconnected}
"""By status: all that are not scheduled."""
