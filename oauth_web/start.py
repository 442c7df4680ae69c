"""`/oauth/start/<token>`: the page with the button, and what the button does."""

from __future__ import annotations

from flask import redirect, request
from flask.typing import ResponseReturnValue

from brokers.interface import Broker
from models import links
from models.connection import Connection
from models.link import Link
from models.sharing import shared_accounts
from oauth_web import cookies, headers, notices, pages
from oauth_web.origins import is_same_origin, origin
from oauth_web.parts import assert_encryption, parts


def get_start(token: str) -> ResponseReturnValue:
    """Looking uses nothing up: previewers and virus scanners open links too."""
    ours = parts()
    with ours.database.session() as session:
        link = links.open_link(session, token, cookies.secret_of(links.hash_of(token)))
        if link is None:
            return pages.notice(notices.LINK_UNUSABLE)
        repaired = None if link.connection_id is None else session.get(Connection, link.connection_id)
        accounts = [] if repaired is None else shared_accounts(session, repaired.id)
    broker = ours.brokers.get(link.broker)
    headers.allow_form_targets(*_form_targets(broker, link))
    return pages.start(broker.declaration, link, repaired, accounts)


def post_start(token: str) -> ResponseReturnValue:
    """Bind the link to this browser and send it to the broker."""
    ours = parts()
    if not is_same_origin(request.headers, ours.settings.public_url):
        return pages.notice(notices.FORM_FROM_ELSEWHERE)
    token_hash = links.hash_of(token)
    secret = cookies.new_secret()
    with ours.database.session() as session:
        assert_encryption(session)
        started = links.start_link(session, token, secret, cookies.secret_of(token_hash))
        if started is None:
            return pages.notice(notices.LINK_UNUSABLE)
        link, state = started
        broker = ours.brokers.get(link.broker)
    challenge = cookies.code_challenge(secret) if broker.declaration.pkce else None
    answer = redirect(broker.authorize_url(state, challenge), 303)
    cookies.give(answer, token_hash, secret)
    return answer


def _form_targets(broker: Broker, link: Link) -> list[str]:
    """Where the button may lead.

    Chrome holds every redirect behind a form to this list. Brokers send the browser on to login pages on hosts of their
    own choice, which nobody publishes, so any https address is taken; a stand-in without TLS is named.
    """
    targets = ["'self'", "https:", origin(broker.authorize_url("", None))]
    return [*targets, origin(link.return_url)] if link.return_url else targets
