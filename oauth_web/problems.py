"""What goes wrong, told to who asked: JSON to programs, a page to people; the operator's words go to the log."""

from __future__ import annotations

import logging

from flask import Flask, g, jsonify
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

import settings
from brokers import interface
from models.sealing import CredentialsUnreadable
from oauth_web import notices, pages

log = logging.getLogger(__name__)

_PAGES = {
    400: notices.BAD_REQUEST,
    404: notices.NO_SUCH_PAGE,
    405: notices.WRONG_METHOD,
    413: notices.TOO_LARGE,
    429: notices.TOO_OFTEN,
}
_CODES = {
    400: ("bad_request", "The request cannot be read."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method: see /openapi.json."),
    413: ("too_large", "The request is larger than any that makes sense here."),
    429: ("rate_limited", "Too many requests: wait as long as Retry-After says."),
}
_CRASHED = ("internal", "A fault of this service; it is in its log. Nothing was made.")


class Problem(Exception):
    """What a program did wrong, or cannot have. `code` is for the program, `message` for its developer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def install(app: Flask) -> None:
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(settings.NotConfigured, _not_configured)
    app.register_error_handler(interface.NotConfigured, _not_configured)
    app.register_error_handler(CredentialsUnreadable, _not_configured)
    app.register_error_handler(SQLAlchemyError, _database_away)


def _problem(problem: Problem) -> Response:
    answer = jsonify(error=problem.code, message=problem.message)
    answer.status_code = problem.status
    if problem.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _http(error: HTTPException) -> Response:
    """Also every crash, as a 500, which Flask has logged by then."""
    status = error.code or 500
    if pages.is_for_programs():
        answer = _problem(Problem(status, *_CODES.get(status, _CRASHED)))
    elif g.get("login_is_saved"):
        answer = pages.notice(notices.SAVED)
    else:
        answer = pages.notice(_PAGES.get(status, notices.CRASHED))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


def _not_configured(error: Exception) -> Response:
    log.error("a request was refused, since this service is not set up: %s", error)
    if pages.is_for_programs():
        code = "broker_not_configured" if isinstance(error, interface.NotConfigured) else "not_configured"
        return _problem(Problem(503, code, str(error)))
    return pages.notice(notices.SAVED if g.get("login_is_saved") else notices.NOT_CONFIGURED)


def _database_away(error: SQLAlchemyError) -> Response:
    # Only the class: the driver's words may quote a row.
    log.error("a request failed at the database: %s", type(error).__name__)
    if pages.is_for_programs():
        return _problem(Problem(503, "database_unavailable", "The database does not answer: try again in a moment."))
    return pages.notice(notices.SAVED if g.get("login_is_saved") else notices.DATABASE_AWAY)
