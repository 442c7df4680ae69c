"""The web app, put together. gunicorn calls `create_app()`; tests hand it an environment and brokers of their own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from brokers.interface import Broker
from oauth_web import callback, headers, health, logs, openapi, problems, service, start
from oauth_web.limits import Limits
from oauth_web.parts import Brokers, Parts, keep
from settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JSON_PATHS = frozenset({"/links", "/healthz", "/readyz", "/openapi.json"})


class App(logs.App):
    """Takes the sender's address from as many proxies as are ours, and nothing else: our own address is PUBLIC_URL."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        proxies = self.config["TRUSTED_PROXIES"]
        behind = ProxyFix(self.wsgi_app, x_for=proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0)
        return behind(environ, start_response)


def create_app(
    settings: Settings | None = None,
    environ: Mapping[str, str] | None = None,
    brokers: Mapping[str, Broker] | None = None,
) -> Flask:
    """`brokers`, ready made, stand in for those that `environ` configures. ENCRYPTION_KEY is the process's own.

    Raises `settings.NotConfigured` for a value that cannot be used; one that is missing is told by /readyz and when it
    is needed.
    """
    environ = os.environ if environ is None else environ
    settings = Settings.from_environ(environ) if settings is None else settings
    app = App("oauth_web")
    app.config["TRUSTED_PROXIES"] = settings.trusted_proxies
    app.config["JSON_PATHS"] = JSON_PATHS
    # Flask would redirect `//links` to an address made of the Host header.
    app.url_map.merge_slashes = False
    app.jinja_env.globals["style_sheet"] = f"{urlsplit(settings.public_url).path}/static/style.css"
    keep(app, Parts(settings, Brokers(environ, brokers)))
    logs.install(app)
    headers.install(app, settings)
    problems.install(app)
    _add_routes(app, Limits(app))
    return app


def _add_routes(app: Flask, limits: Limits) -> None:
    app.add_url_rule("/links", view_func=limits.links(service.post_links), methods=["POST"])
    app.add_url_rule("/oauth/start/<token>", view_func=limits.start(start.get_start), methods=["GET"])
    app.add_url_rule("/oauth/start/<token>", view_func=limits.start(start.post_start), methods=["POST"])
    app.add_url_rule("/oauth/callback", view_func=limits.callback(callback.get_callback), methods=["GET"])
    app.add_url_rule("/healthz", view_func=health.get_healthz, methods=["GET"])
    app.add_url_rule("/readyz", view_func=health.get_readyz, methods=["GET"])
    app.add_url_rule("/openapi.json", view_func=openapi.get_openapi, methods=["GET"])
