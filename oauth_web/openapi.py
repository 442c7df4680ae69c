"""`/openapi.json`: the app's description for programs. A test holds it to the routes that there are."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from models.links import LONGEST_USER_ID


def get_openapi() -> ResponseReturnValue:
    return jsonify(DESCRIPTION)


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


def _json(description: str, schema: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def _page(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"text/html": {}}}


def _redirect(description: str) -> dict[str, Any]:
    return {"description": description, "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}}}


def _query(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": {"type": "string"}}


_SCHEMAS: dict[str, Any] = {
    "LinkRequest": {
        "type": "object",
        "required": ["user_id", "broker"],
        "additionalProperties": False,
        "properties": {
            "user_id": _text("The user, as the host application names them", minLength=1, maxLength=LONGEST_USER_ID),
            "broker": _text("The broker's name, such as `schwab`"),
            "connection_id": {
                "type": ["string", "null"],
                "format": "uuid",
                "description": "A connection of this user at this broker, to repair: its ids, history and settings stay. "
                "Not one whose status is `linking`",
            },
            "return_url": {
                "type": ["string", "null"],
                "format": "uri",
                "description": "Where the browser goes at the end; at or below an address in RETURN_URLS",
            },
        },
    },
    "Link": {
        "type": "object",
        "required": ["url", "expires_at"],
        "properties": {
            "url": _text("For one person to open, once. Not shown again", format="uri"),
            "expires_at": _text("When it ends, UTC", format="date-time"),
        },
    },
    "Error": {
        "type": "object",
        "required": ["error", "message"],
        "properties": {"error": _text("For programs"), "message": _text("What is wrong and what to do")},
    },
    "Readiness": {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "string"}, "reasons": {"type": "array", "items": {"type": "string"}}},
    },
}

_TOKEN = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}

_PATHS: dict[str, Any] = {
    "/links": {
        "post": {
            "summary": "Make a one-time link",
            "security": [{"service_key": []}],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/LinkRequest"}}},
            },
            "responses": {
                "201": _json("The link", "Link"),
                "400": _json("bad_request, unknown_broker or return_url_not_allowed", "Error"),
                "401": _json("not_authorized", "Error"),
                "409": _json(
                    "link_refused: this user has no such connection at this broker, or it is still being linked",
                    "Error",
                ),
                "413": _json("too_large", "Error"),
                "429": _json("rate_limited or too_many_links", "Error"),
                "503": _json(
                    "service_key_not_set, broker_not_configured, not_configured or database_unavailable", "Error"
                ),
            },
        }
    },
    "/oauth/start/{token}": {
        "get": {
            "summary": "The page with the button; uses nothing up",
            "parameters": [_TOKEN],
            "responses": {"200": _page("The page"), "404": _page("The link cannot be used")},
        },
        "post": {
            "summary": "Bind the link to this browser and go to the broker",
            "parameters": [_TOKEN],
            "responses": {
                "303": _redirect("To the broker's login page"),
                "403": _page("The form was not sent from our page"),
                "404": _page("The link cannot be used"),
            },
        },
    },
    "/oauth/callback": {
        "get": {
            "summary": "Where the broker sends the browser back to",
            "parameters": [
                _query("code", "The broker's authorization code"),
                _query("state", "What we sent to the broker"),
                _query("error", "Instead of a code, as RFC 6749 has it"),
            ],
            "responses": {
                "200": _page("The login is linked, or the person did not allow it"),
                "202": _page("The login is saved; its accounts are read in the background"),
                "303": _redirect(
                    "To return_url, with connection_id and status: linked, repaired, or another (the login belongs to"
                    " another connection than the one to repair, which still waits)"
                ),
                "400": _page("Unknown state, or the broker did not take the code"),
                "409": _page("The login is somebody else's, not the one to repair, or was disconnected meanwhile"),
                "502": _page("The broker answered with an error"),
                "503": _page("The broker, the database or a setting is missing"),
            },
        }
    },
    "/healthz": {"get": {"summary": "The process answers", "responses": {"200": _json("Yes", "Readiness")}}},
    "/readyz": {
        "get": {
            "summary": "Links can be made and used",
            "responses": {"200": _json("Yes", "Readiness"), "503": _json("No, and why", "Readiness")},
        }
    },
    "/openapi.json": {"get": {"summary": "This document", "responses": {"200": {"description": "OpenAPI 3.1"}}}},
}

DESCRIPTION: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "brokersync links",
        "version": "1",
        "description": "One-time links by which a person lets brokersync read a broker login. Every answer is no-store.",
    },
    "paths": _PATHS,
    "components": {"schemas": _SCHEMAS, "securitySchemes": {"service_key": {"type": "http", "scheme": "bearer"}}},
}
