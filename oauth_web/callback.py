"""`/oauth/callback`: where the broker sends the browser back to."""

from __future__ import annotations

import logging

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from brokers.errors import AppMisconfigured, BadAnswer, BrokerError, LoginEnded
from models import links
from models.link import Link
from models.linking import Activated, Dropped, LoginForgotten
from models.same_login import LoginBelongsToAnother, LoginUnknown, WrongLogin
from models.session import Database
from oauth_web import completion, cookies, notices, pages
from oauth_web.notices import Notice
from oauth_web.origins import may_return_to, with_outcome
from oauth_web.parts import Parts, parts

log = logging.getLogger(__name__)

_LONGEST = 4000
"""Of a code or a state: Schwab's codes have some 120 characters, our states 43."""

_NOT_EXCHANGED: tuple[tuple[type[BrokerError], Notice], ...] = (
    (LoginEnded, notices.CODE_REFUSED),
    (BadAnswer, notices.ANSWER_UNUSABLE),
    (AppMisconfigured, notices.APP_MISCONFIGURED),
    (BrokerError, notices.BROKER_AWAY),
)


def get_callback() -> ResponseReturnValue:
    """The state is used up whatever comes next; the code is exchanged in this request, since it lives for seconds."""
    if request.method == "HEAD":
        # Flask adds it to every GET. Somebody who only looks must not use up a state.
        abort(405)
    ours = parts()
    taken = _take(ours.database, _single("state"))
    if taken is None:
        return pages.notice(notices.RETURN_UNKNOWN)
    link, secret = taken
    try:
        answer = _complete(ours, link, secret)
    finally:
        _end(ours.database, link)
    return answer


def _take(database: Database, state: str | None) -> tuple[Link, str] | None:
    """The link that this browser was sent off for, with the browser's secret; one None for whatever is wrong."""
    if state is None:
        return None
    with database.session() as session:
        awaiting = links.link_awaiting(session, state)
        secret = None if awaiting is None else cookies.secret_of(awaiting.token_hash)
        link = links.take_callback(session, state, secret)
        return None if link is None or secret is None else (link, secret)


def _complete(ours: Parts, link: Link, secret: str) -> Response:
    broker = ours.brokers.get(link.broker)
    error = request.args.get("error")
    if error is not None:
        return pages.notice(notices.DENIED if error == "access_denied" else notices.BROKER_REFUSED, link)
    code = _single("code")
    if code is None:
        return pages.notice(notices.BROKER_REFUSED, link)
    try:
        kept = completion.keep_login(ours, broker, link, code, secret)
    except BrokerError as refusal:
        log.warning("a code was not exchanged: %s: %s", refusal.kind, refusal)
        return pages.notice(next(said for kind, said in _NOT_EXCHANGED if isinstance(refusal, kind)), link)
    except LoginForgotten:
        return pages.notice(notices.FORGOTTEN, link)
    # From here on an error page must not say that nothing was linked.
    g.login_is_saved = True
    try:
        done = completion.finish(ours.database, broker, kept)
    except BrokerError as failure:
        log.warning("accounts were not listed, the worker will: %s: %s", failure.kind, failure)
        saved = notices.SAVED_APP_MISCONFIGURED if isinstance(failure, AppMisconfigured) else notices.SAVED
        answer = pages.notice(saved, link)
    except LoginUnknown as unknown:
        log.warning("the broker did not tell whose login it is, the worker asks again: %s", unknown)
        answer = pages.notice(notices.SAVED_UNKNOWN, link)
    except LoginBelongsToAnother:
        answer = pages.notice(notices.BELONGS_TO_ANOTHER, link)
    except WrongLogin:
        answer = pages.notice(notices.WRONG_LOGIN, link)
    except LoginForgotten:
        answer = pages.notice(notices.FORGOTTEN, link)
    else:
        answer = _success(ours, link, done)
    cookies.take_back(answer, link.token_hash)
    return answer


def _success(ours: Parts, link: Link, done: Activated) -> Response:
    if done.dropped is Dropped.DISCONNECTED:
        return pages.notice(notices.FORGOTTEN, link)
    # Looked up once more: the list may have become shorter since the link was made.
    if link.return_url is not None and may_return_to(link.return_url, ours.settings.return_urls):
        return redirect(with_outcome(link.return_url, str(done.connection.id), _status(done)), 303)
    if done.dropped is Dropped.NEWER_LOGIN:
        return pages.notice(notices.NEWER_LOGIN, link)
    if done.another:
        return pages.notice(notices.ANOTHER_RENEWED if done.repaired else notices.ANOTHER_LINKED, link)
    declaration = ours.brokers.get(link.broker).declaration
    return pages.linked(declaration, done)


def _status(done: Activated) -> str:
    """For the host application. `another`: not the connection that its link was made to repair."""
    if done.another:
        return "another"
    return "repaired" if done.repaired else "linked"


def _end(database: Database, link: Link) -> None:
    try:
        with database.session() as session:
            links.end_callback(session, link.id)
    except SQLAlchemyError as error:
        # The page about what was done is worth more; CALLBACK_LIMIT ends the callback too.
        log.error("a callback's end was not noted: %s", type(error).__name__)


def _single(name: str) -> str | None:
    """A parameter that stands there once (RFC 6749, 3.1), is not empty, and could be what it should be."""
    values = request.args.getlist(name)
    return values[0] if len(values) == 1 and 0 < len(values[0]) <= _LONGEST else None
