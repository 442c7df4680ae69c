"""`POST /links`: a host application asks for a one-time link."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from datetime import UTC

import msgspec
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from models import links
from oauth_web.origins import may_return_to
from oauth_web.parts import Parts, assert_encryption, parts
from oauth_web.problems import Problem


class LinkRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What is asked for. `user_id` is the host application's own; `connection_id` is a connection of theirs to repair."""

    user_id: str
    broker: str
    connection_id: uuid.UUID | None = None
    return_url: str | None = None


_REQUEST = msgspec.json.Decoder(LinkRequest)


def post_links() -> ResponseReturnValue:
    """201 with the link's address, which is shown here and never again. Raises `Problem`."""
    ours = parts()
    _authenticate(ours.settings.link_service_key)
    asked = _read(request.get_data())
    _check(ours, asked)
    with ours.database.session() as session:
        # Better now than after the person has signed in.
        assert_encryption(session)
        try:
            link = links.make_link(session, asked.user_id, asked.broker, asked.connection_id, asked.return_url)
        except links.UserIdUnusable as refusal:
            raise Problem(400, "bad_request", f"user_id: {refusal}") from None
        except links.TooManyLinks as refusal:
            raise Problem(429, "too_many_links", str(refusal)) from None
        except links.LinkRefused as refusal:
            raise Problem(409, "link_refused", str(refusal)) from None
    expires_at = link.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return jsonify(url=f"{ours.settings.public_url}/oauth/start/{link.token}", expires_at=expires_at), 201


def _authenticate(key: str | None) -> None:
    if key is None:
        raise Problem(503, "service_key_not_set", "Set LINK_SERVICE_KEY: without it nobody can ask for links.")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    # Digests are of one length, so that not even the length of the key shows in the time.
    same = hmac.compare_digest(hashlib.sha256(given.encode()).digest(), hashlib.sha256(key.encode()).digest())
    if scheme.lower() != "bearer" or not same:
        raise Problem(401, "not_authorized", "Send the LINK_SERVICE_KEY as `Authorization: Bearer <key>`.")


def _read(body: bytes) -> LinkRequest:
    try:
        return _REQUEST.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(400, "bad_request", f"The body is not a link request: {error}") from None


def _check(ours: Parts, asked: LinkRequest) -> None:
    """Raises `Problem`, and `brokers.interface.NotConfigured`, which is answered as `broker_not_configured`."""
    if asked.broker not in ours.brokers.names:
        raise Problem(400, "unknown_broker", f"The brokers are: {', '.join(sorted(ours.brokers.names))}.")
    ours.brokers.get(asked.broker)
    if asked.return_url is not None and not may_return_to(asked.return_url, ours.settings.return_urls):
        raise Problem(400, "return_url_not_allowed", "return_url is at or below none of the addresses in RETURN_URLS.")
