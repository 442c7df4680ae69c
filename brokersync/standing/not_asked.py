"""The cases of a connection of which nothing is asked: its login has ended, or somebody stopped it."""

from __future__ import annotations

from datetime import timedelta

from brokersync.cells import SHORT_ID, plain
from brokersync.standing.case import Case, Who, repair
from brokersync.standing.facts import Facts
from brokersync.standing.words import span
from models.connection import Status

SHOWS_WITHIN = timedelta(hours=1)
"""That a login was replaced shows at the next refresh: access tokens live for half an hour, and then a sync has to come."""


def login_ended(facts: Facts) -> Case:
    """By the event's reason: who or what ended it. Without that event nobody knows."""
    refused = facts.happened.get("reauth_required")
    ended_at, reason = (facts.now, None) if refused is None else (refused.at, refused.reason)
    when = "" if refused is None else f" {span(facts.now - ended_at)} ago"
    when += f" (it was {span(ended_at - facts.login_at)} old)"
    said = {
        "ended by the broker": f"{facts.title} ended this login{when}",
        "lost in a crash": f"This login was lost in a crash{when}, in the middle of a refresh",
        "lost on the way": f"This login was lost on the way{when}, as the answer to a refresh never came",
    }.get(reason or "", f"This login has ended{when}")
    if _soon_after_another_login(facts):
        said += ", soon after another user of this installation logged in with it"
    command = repair(facts)
    acts = f"nothing is asked any more, and the person logs in again with the link that `{command}` makes"
    return Case("login ended", said, acts, Who.PERSON, command)


def _soon_after_another_login(facts: Facts) -> bool:
    """Whether that login may be why: only where the broker ended this one, and not where that was long after."""
    refused, replaced = facts.happened.get("reauth_required"), facts.happened.get("login_ended")
    return (
        refused is not None
        and replaced is not None
        and (refused.reason, replaced.reason) == ("ended by the broker", "replaced by a newer login")
        and timedelta(0) <= refused.at - replaced.at <= SHOWS_WITHIN
    )


def paused(facts: Facts) -> Case:
    """By a person, or by the worker; a login that ended meanwhile is what has to be mended first."""
    resume = f"brokersync resume {str(facts.connection_id)[:SHORT_ID]}"
    event = facts.happened.get("given_up" if facts.is_given_up else "paused")
    said = f"{'The worker' if facts.is_given_up else 'Somebody'} paused this connection"
    if event is not None:
        said += f" {span(facts.now - event.at)} ago ({plain(event.reason or event.actor)})"
    if facts.is_over:
        command = repair(facts)
        acts = f"the person logs in again with the link that `{command}` makes, as the login has ended meanwhile"
        acts += f", and after that it stays paused until `{resume}`"
        return Case("paused, login over", said, acts, Who.PERSON, command)
    if facts.is_given_up:
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
