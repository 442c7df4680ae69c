"""The token endpoint: what Schwab issues, to whom, and how it refuses."""

from __future__ import annotations

import base64
import hmac
import secrets
from hashlib import sha256

from flask import Blueprint, Response, g, request

from sandbox.errors import invalid_client, json_response, refresh_refused, token_error
from sandbox.faults import Effect, Hit
from sandbox.logins import ACCESS_LIFETIME, CodeRefused, Login, LoginRefused
from sandbox.numbers import encode
from sandbox.world import World


def token_blueprint(world: World) -> Blueprint:
    oauth = Blueprint("oauth", __name__, url_prefix="/v1/oauth")

    @oauth.post("/token", endpoint="token")
    def give_tokens() -> Response:
        if not _app_is_known(world):
            return invalid_client()
        grant_type = request.form.get("grant_type")
        if grant_type == "authorization_code":
            return _exchange(world)
        if grant_type == "refresh_token":
            return _refresh(world)
        if grant_type == "client_credentials":
            # It is accepted, which is a trap: a token of an hour, the number as a string, and nothing to refresh.
            return json_response({"access_token": secrets.token_urlsafe(21), "expires_in": "3600"})
        return token_error(400, "unsupported_grant_type", "grant_type is missing or not supported")

    return oauth


def _app_is_known(world: World) -> bool:
    """Key and secret count only in the Basic header, never in the body."""
    given = request.authorization
    if given is None:
        return False
    wanted = (world.options.client_id, world.options.client_secret)
    pairs = zip((given.username, given.password), wanted, strict=True)
    return all(hmac.compare_digest((has or "").encode(), needs.encode()) for has, needs in pairs)


def _exchange(world: World) -> Response:
    try:
        login = world.logins.exchange(request.form.get("code", ""), request.form.get("redirect_uri", ""))
    except CodeRefused:
        return token_error(400, "invalid_grant", "The authorization code is invalid, expired or used")
    return _tokens(world, login)


def _refresh(world: World) -> Response:
    refresh_token = request.form.get("refresh_token", "")
    hit: Hit | None = g.hit
    if hit and hit.fault.effect is Effect.END_LOGIN:
        world.logins.end(refresh_token, newer_wording=hit.name == "login_ended_2026")
    try:
        login = world.logins.refresh(refresh_token)
    except LoginRefused as refusal:
        digest = base64.b64encode(sha256(refresh_token.encode()).digest()).decode()
        return refresh_refused(digest, newer_wording=refusal.newer_wording)
    return _tokens(world, login)


def _tokens(world: World, login: Login) -> Response:
    return json_response(
        {
            "expires_in": int(ACCESS_LIFETIME.total_seconds()),
            "token_type": "Bearer",
            "scope": "api",
            "refresh_token": login.refresh_token,
            "access_token": world.logins.new_access_token(login),
            "id_token": _id_token(world, login),
        }
    )


def _id_token(world: World, login: Login) -> str:
    """It has the form of a JWT; its signature is no one's."""
    head = {"alg": "RS256", "typ": "JWT"}
    claims = {"sub": world.customer_id(login.user), "iat": int(login.began_at.timestamp())}
    parts = (encode(head), encode(claims), secrets.token_bytes(32))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
