"""What each fault makes of a request: an answer instead of the real one, or the real one spoiled."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from flask import Response

from sandbox.errors import gateway_error, invalid_client, json_response, service_error
from sandbox.faults import Hit
from sandbox.numbers import encode
from sandbox.seeded import number_below
from sandbox.wire_faults import Connection, delayed, dripping, resetting, stalling, truncated

# A bare NaN does not parse as JSON at all; 1e400 does, and is infinite as soon as it is a float.
NOT_NUMBERS = (b"NaN", b"1e400")
PARTS = 10_000


def replacement(hit: Hit, path: str, connection: Connection | None, stopping: threading.Event) -> Response:
    """The answer of a fault that does not look at the request."""
    if hit.name == "stall":
        return Response(stalling(connection, stopping))
    if hit.name == "reset":
        return Response(resetting(connection))
    if hit.name == "rate_limited":
        response = _too_many()
        response.headers["Retry-After"] = str(hit.fault.retry_after)
        return response
    if hit.name in {"html_error", "token_html"}:
        return _html(403 if hit.count % 2 == 0 else 503, path)
    return _REPLACEMENTS[hit.name]()


def spoiled(hit: Hit, response: Response, seed: int, stopping: threading.Event) -> Response:
    """A good answer, made bad, or late by a time that follows from the seed."""
    body = response.get_data()
    if hit.name == "drip":
        return _same_head(response, Response(dripping(body, stopping)), body)
    if hit.name == "slow":
        return _same_head(response, Response(delayed(body, delay(hit, seed), stopping)), body)
    if hit.name == "truncated":
        return _same_head(response, Response(truncated(body)), body)
    document = json.loads(body, parse_float=Decimal)
    response.set_data(encode(_SPOILERS[hit.name](document, hit)))
    return response


def delay(hit: Hit, seed: int) -> float:
    """Seconds: half of them are hardly noticed, one in twenty is longer than two thirds of the longest."""
    drawn = number_below(PARTS, seed, "slow", hit.count) / PARTS
    return float(hit.fault.slowest * drawn**8)


def _same_head(real: Response, sent: Response, body: bytes) -> Response:
    sent.content_type = real.content_type
    sent.headers["Content-Length"] = str(len(body))
    return sent


def _too_many() -> Response:
    return gateway_error(429, "Too Many Requests")


def _html(status: int, path: str) -> Response:
    if status == 503:
        page = (
            "<html><head><title>503 Service Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>"
        )
    else:
        page = (
            "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to "
            f'access "http://api.schwabapi.com{path}" on this server.</BODY></HTML>'
        )
    return Response(page, status, content_type="text/html")


def _maintenance() -> Response:
    page = "<html><head><title>Schwab</title></head><body><h1>We will be right back</h1></body></html>"
    return Response(page, 200, content_type="text/html; charset=utf-8")


def _no_route() -> Response:
    text = "404 Not Found: Requested route ('traderapi-accounts.apigx-origin.schwab.com') does not exist."
    return Response(text, 404, content_type="text/plain")


_REPLACEMENTS: dict[str, Callable[[], Response]] = {
    "unauthorized": lambda: gateway_error(401, "Unauthorized", "Client not authorized"),
    "rate_limited_silent": _too_many,
    "server_error": lambda: service_error(500, "Internal Server Error", "The request could not be completed"),
    "html_ok": _maintenance,
    "text_404": _no_route,
    "not_json": lambda: Response("upstream request timeout", 200, content_type="application/json"),
    "empty_object": lambda: json_response({}),
    "empty_list": lambda: json_response([]),
    "wrong_app": invalid_client,
}


def _without_positions(document: Any, _hit: Hit) -> Any:
    for entry in _entries(document):
        entry["securitiesAccount"].pop("positions", None)
    return document


def _without_last_account(document: Any, _hit: Hit) -> Any:
    return document[:-1]


def _with_no_number(document: Any, hit: Hit) -> Any:
    entry = _entries(document)[0]["securitiesAccount"]
    wrong = msgspec.Raw(NOT_NUMBERS[hit.count % len(NOT_NUMBERS)])
    if "positions" in entry:
        entry["positions"][0]["marketValue"] = wrong
    else:
        entry["currentBalances"]["liquidationValue"] = wrong
    return document


def _without_refresh_token(document: Any, _hit: Hit) -> Any:
    document.pop("refresh_token", None)
    return document


def _entries(document: Any) -> list[Any]:
    return document if isinstance(document, list) else [document]


_SPOILERS: dict[str, Callable[[Any, Hit], Any]] = {
    "missing_positions": _without_positions,
    "missing_account": _without_last_account,
    "nan": _with_no_number,
    "no_refresh_token": _without_refresh_token,
}
