"""The sandbox as a WSGI application."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import uuid4

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from sandbox.api import api_blueprint
from sandbox.authorize import authorize_blueprint
from sandbox.broken_answers import replacement, spoiled
from sandbox.control import control_blueprint
from sandbox.errors import gateway_error, json_response
from sandbox.faults import ENDPOINTS, Asked, Effect, Hit
from sandbox.oauth import token_blueprint
from sandbox.world import Options, World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class SandboxApp(Flask):
    """One request at a time sees and changes the world; sending the answer, however slow, holds nobody up."""

    def __init__(self, world: World) -> None:
        super().__init__(__name__)
        self.world = world

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self.world.lock:
            return super().wsgi_app(environ, start_response)


def create_app(options: Options) -> SandboxApp:
    """A sandbox of its own: nothing is shared with another one in the same process."""
    world = World(options)
    app = SandboxApp(world)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False

    @app.before_request
    def strike() -> Response | None:
        g.hit = None  # first: `finish` asks for it whatever fails here
        world.catch_up()
        endpoint = _endpoint()
        world.requests[endpoint] += 1
        if endpoint not in ENDPOINTS:
            return None
        hit = g.hit = world.faults.take(_asked(world, endpoint))
        if hit and hit.fault.effect is Effect.REPLACE:
            return replacement(hit, request.path, request.environ.get("werkzeug.socket"), world.stopping)
        return None

    @app.after_request
    def finish(response: Response) -> Response:
        hit: Hit | None = g.hit
        if hit and hit.fault.effect is Effect.ALTER:
            if response.status_code == 200:
                response = spoiled(hit, response, world.options.seed, world.stopping)
            else:
                world.faults.give_back(hit)
        response.headers["Schwab-Client-CorrelId"] = str(uuid4())
        return response

    @app.errorhandler(HTTPException)
    def in_json(error: HTTPException) -> Response:
        status = error.code or 500
        if request.path.startswith("/_sandbox"):
            response = json_response({"error": f"{error.name}: see docs/sandbox.md for the control routes"}, status)
        else:
            response = gateway_error(status, error.name)
        if "Allow" in (headers := dict(error.get_headers())):
            response.headers["Allow"] = headers["Allow"]
        return response

    for blueprint in (authorize_blueprint, token_blueprint, api_blueprint, control_blueprint):
        app.register_blueprint(blueprint(world))
    return app


def _asked(world: World, endpoint: str) -> Asked:
    """Whose request it is, by what it carries. A token request counts for its login whatever becomes of it."""
    if endpoint != "token":
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        return Asked(endpoint, user=world.logins.user_of_access_token(token))
    grant_type = request.form.get("grant_type")
    login = world.logins.of_refresh_token(request.form.get("refresh_token", ""))
    if login:
        login.token_calls += 1
    user = login.user if login else world.logins.user_of_code(request.form.get("code", ""))
    return Asked(endpoint, grant_type, user)


def _endpoint() -> str:
    """The endpoint's name without its blueprint's; those of `faults.ENDPOINTS` are the API's own."""
    return (request.endpoint or "unknown").rpartition(".")[2]
