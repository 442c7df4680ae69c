"""What may be logged of a request: its method, its route's template and its status. Paths hold links, queries hold codes."""

from __future__ import annotations

import logging
from types import TracebackType

from flask import Flask, request

ROUTE_IN_ENVIRON = "brokersync.route"
"""Under this name the WSGI environment carries what gunicorn's access log writes in place of the path."""

log = logging.getLogger(__name__)


class App(Flask):
    """Flask, but a crash is logged by route: Flask would write the path."""

    def log_exception(self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
        log.error("a request crashed: %s %s", request.method, route(), exc_info=exc_info)


def install(app: Flask) -> None:
    """Name the route for the access log."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    app.before_request(_name_route)


def route() -> str:
    """The template of the route that was asked for, such as `/oauth/start/<token>`."""
    return request.url_rule.rule if request.url_rule is not None else "(no route)"


def _name_route() -> None:
    request.environ[ROUTE_IN_ENVIRON] = route()
