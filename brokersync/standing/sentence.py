"""From facts to one sentence. Pure: the same facts always say the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from brokersync import cells
from brokersync.standing import asked, not_asked
from brokersync.standing.case import Who, repair
from brokersync.standing.facts import Facts
from brokersync.standing.next import Next, next_of
from brokersync.standing.words import moment, span, until
from models.connection import SCHEDULED, Status
from models.event import DeliveryState


@dataclass(frozen=True)
class Standing:
    """How a connection stands. `sentence` holds all of it; `command` is what `who` types, where there is one."""

    state: str
    sentence: str
    next: Next
    who: Who
    command: str | None


def standing(facts: Facts) -> Standing:
    is_scheduled = facts.status in SCHEDULED
    case = asked.case_of(facts) if is_scheduled else not_asked.CASES[facts.status](facts)
    then = next_of(facts) if is_scheduled else Next("nothing is asked")
    who, command = case.who, case.command
    if is_scheduled and who is Who.NOBODY and (facts.is_near_its_end or facts.is_over):
        who, command = Who.PERSON, repair(facts)
    clauses = [case.acts, *([then.said] if is_scheduled else [])]
    clauses += [*_unfinished(facts), *_data(facts, case.state), *_login(facts, case.command), *_notice(facts)]
    return Standing(case.state, f"{case.said}: {'; '.join(clauses)}.", then, who, command)


def _unfinished(facts: Facts) -> Iterator[str]:
    """Runs that vanished. The one at work counts itself beforehand."""
    vanished = facts.unfinished_attempts - facts.is_at_work
    if facts.status in SCHEDULED and vanished > 0:
        yield f"its last {'run' if vanished == 1 else f'{vanished} runs'} did not come to an end"


def _data(facts: Facts, state: str) -> Iterator[str]:
    """How old the data are, where the case itself does not say it."""
    if facts.checked_at is None:
        if state not in {"linked", "being linked"}:
            yield "there are no data yet" if facts.status in SCHEDULED else "no data were ever fetched"
    elif facts.status not in SCHEDULED:
        yield f"the data stay as of {moment(facts.checked_at, facts.now)}"
    elif state != "all is well":
        yield f"the data are {span(facts.now - facts.checked_at)} old"


def _login(facts: Facts, already: str | None) -> Iterator[str]:
    """What is left of the login by our clock, and near its end who renews it; once the command stands already, only how
    long ago it ended. A login that the broker ended or that is forgotten has nothing left.
    """
    at, left = facts.login_expires_at, facts.ends_in
    if at is None or left is None or facts.status in {Status.REAUTH_REQUIRED, Status.DISCONNECTED}:
        return
    command = repair(facts)
    renewed = "" if command == already else f", and the person renews it with the link that `{command}` makes"
    if facts.is_over:
        if command != already:
            yield f"by our clock the login ended {span(-left)} ago ({moment(at, facts.now)}){renewed}"
    elif facts.is_near_its_end:
        yield f"the login ends {cells.login_end(left)} ({moment(at, facts.now)}){renewed}"
    else:
        yield f"the login ends {cells.login_end(left)} ({moment(at, facts.now)})"


_OF_LOGIN_ENDS = frozenset({"login_ending", "login_ended"})


def _notice(facts: Facts) -> Iterator[str]:
    """Whether people have heard of what they have to act upon. Older notices are no matter any more."""
    notice = facts.notice
    if notice is None or not _still_matters(facts, notice.kind):
        return
    ago = span(facts.now - notice.at)
    if notice.state == DeliveryState.DELIVERED:
        yield f"a notice of it went out {ago} ago"
    elif notice.state == DeliveryState.UNWANTED:
        yield "nobody was told of it" + ("" if notice.had_addresses else ", as NOTIFY_URLS and WEBHOOK_URL were empty")
    elif notice.state == DeliveryState.GIVEN_UP:
        yield f"the notice of it, {ago} old, got through to nobody (`brokersync notify --test` tries the way)"
    elif notice.attempts:
        again = "" if notice.next_try_at is None else f", and is tried again {until(notice.next_try_at, facts.now)}"
        yield f"the notice of it has failed {_times(notice.attempts)}{again}"
    else:
        yield f"the notice of it has waited for {ago} to be sent"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _still_matters(facts: Facts, kind: str) -> bool:
    if kind in _OF_LOGIN_ENDS:
        return facts.status in {*SCHEDULED, Status.PAUSED} and (facts.is_near_its_end or facts.is_over)
    if kind == "given_up":
        return facts.status == Status.PAUSED and facts.is_given_up
    return kind == facts.status
