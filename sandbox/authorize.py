"""The pages a person sees: sign in, choose the accounts, allow or deny."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode
from uuid import uuid4

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.users import SIGN_IN_WORD
from sandbox.world import World

Page = tuple[str, int]


def authorize_blueprint(world: World) -> Blueprint:
    pages = Blueprint("authorize", __name__, url_prefix="/v1/oauth")

    @pages.get("/authorize", endpoint="authorize")
    def show_sign_in() -> Page:
        return _refusal(world) or _sign_in_page(world)

    @pages.post("/authorize", endpoint="sign_in")
    def sign_in() -> Page:
        refusal = _refusal(world)
        if refusal:
            return refusal
        user = world.users.get(request.form.get("username", "").strip())
        given = request.form.get("password", "")
        if user is None or not secrets.compare_digest(given.encode(), SIGN_IN_WORD.encode()):
            return _sign_in_page(world, "That user name or password is not right. The names are listed below.", 401)
        return _consent_page(world, user.name, request.values["redirect_uri"], request.values.get("state"))

    @pages.post("/consent", endpoint="consent")
    def answer() -> Page | BaseResponse:
        consent = world.consents.take(request.form.get("ticket", ""))
        if consent is None:
            return _refused("This page was used before or is too old. Start again from the app that sent you here.")
        if request.form.get("decision") != "allow":
            return _sent_back(consent.redirect_uri, {"error": "access_denied"}, consent.state)
        own = {account.number for account in world.users[consent.user].accounts}
        chosen = frozenset(request.form.getlist("accounts")) & own
        if not chosen:
            return _consent_page(
                world, consent.user, consent.redirect_uri, consent.state, "Choose at least one account."
            )
        code = world.logins.issue_code(consent.user, chosen, consent.redirect_uri)
        return _sent_back(consent.redirect_uri, {"code": code, "session": str(uuid4())}, consent.state)

    return pages


def _refusal(world: World) -> Page | None:
    """A wrong app or address is never sent back to: the person is told here."""
    asked = request.values
    if asked.get("client_id") != world.options.client_id:
        return _refused("No app with this client_id is registered here.")
    if asked.get("redirect_uri") not in world.options.redirect_uris:
        return _refused(
            "The redirect_uri is not one that this app has registered. It must be the same to the letter: scheme, "
            "host, port, path and slash."
        )
    if asked.get("response_type", "code") != "code":
        return _refused("response_type must be code.")
    return None


def _refused(reason: str) -> Page:
    return render_template("refused.html", reason=reason), 400


def _sign_in_page(world: World, problem: str | None = None, status: int = 200) -> Page:
    names = ("client_id", "redirect_uri", "response_type", "state")
    carried = {name: request.values[name] for name in names if name in request.values}
    page = render_template(
        "sign_in.html", carried=carried, users=world.users.values(), sign_in_word=SIGN_IN_WORD, problem=problem
    )
    return page, status


def _consent_page(world: World, user: str, redirect_uri: str, state: str | None, problem: str | None = None) -> Page:
    ticket = world.consents.open(user, redirect_uri, state)
    accounts = world.users[user].accounts
    page = render_template("consent.html", user=user, ticket=ticket, accounts=accounts, problem=problem)
    return page, 400 if problem else 200


def _sent_back(redirect_uri: str, answer: dict[str, str], state: str | None) -> BaseResponse:
    """302 to the app; the state it sent comes last, as live."""
    query = urlencode(answer | ({} if state is None else {"state": state}))
    return redirect(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}", 302, Response)
