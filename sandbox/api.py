"""The account API: what a Bearer token may read. Nothing can be written."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from sandbox.errors import gateway_error, json_response, service_error
from sandbox.faults import Effect, Hit
from sandbox.payloads import account_document, account_numbers, user_preference
from sandbox.portfolio import Account
from sandbox.world import World


def api_blueprint(world: World) -> Blueprint:
    """The endpoint names are those of `faults.API`."""
    api = Blueprint("api", __name__, url_prefix="/trader/v1")

    @api.before_request
    def check_the_request() -> Response | None:
        if request.headers.get("Content-Type"):
            return service_error(400, "Content-Type is not allowed on a GET")
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        login = world.logins.of_access_token(token) if scheme == "Bearer" else None
        if login is None:
            return gateway_error(401, "Unauthorized", "Client not authorized")
        g.login = login
        return None

    @api.get("/accounts/accountNumbers", endpoint="accountNumbers")
    def list_numbers() -> Response:
        return json_response(account_numbers(_linked(world)))

    @api.get("/accounts", endpoint="accounts")
    def list_accounts() -> Response:
        refusal = _refused_fields()
        if refusal:
            return refusal
        documents = [_document(world, account) for account in _linked(world)]
        return json_response(documents)

    @api.get("/accounts/<account_hash>", endpoint="account")
    def show_account(account_hash: str) -> Response:
        account = next((each for each in _linked(world) if each.hash == account_hash), None)
        hit: Hit | None = g.hit
        if account and hit and hit.fault.effect is Effect.NEW_HASH:
            account.take_new_hash()
        if account is None or account.hash != account_hash:
            return service_error(400, "Invalid account number")
        return _refused_fields() or json_response(_document(world, account))

    @api.get("/userPreference", endpoint="userPreference")
    def show_preference() -> Response:
        return json_response(user_preference(_linked(world), world.customer_id(g.login.user)))

    return api


def _linked(world: World) -> list[Account]:
    """The accounts that were ticked on the consent page."""
    return [each for each in world.users[g.login.user].accounts if each.number in g.login.accounts]


def _document(world: World, account: Account) -> dict[str, object]:
    return account_document(account, world.market, with_positions=request.args.get("fields") == "positions")


def _refused_fields() -> Response | None:
    fields = request.args.get("fields")
    if fields in {None, "positions"}:
        return None
    return service_error(400, f"'{fields}' is not a valid value for fields")
