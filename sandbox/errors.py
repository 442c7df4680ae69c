"""The bodies of refusals, each in the envelope that Schwab uses at that place."""

from __future__ import annotations

from uuid import uuid4

from flask import Response

from sandbox.numbers import encode

OLD_WORDING = (
    '400 Bad Request: "{"error_description":"Exception while authenticating refresh token [tokenDigest={digest}, '
    'Exception=Failed refresh token authentication [tokenDigest={digest}]]","error":"refresh_token_authentication_error"}"'
)
NEWER_WORDING = (
    '400 Bad Request: "{"error_description":"Refresh token is invalid, expired or revoked","error":"invalid_grant"}"'
)


def json_response(document: object, status: int = 200) -> Response:
    return Response(encode(document), status, content_type="application/json")


def gateway_error(status: int, title: str, detail: str | None = None) -> Response:
    """What the gateway in front of the API says."""
    error: dict[str, object] = {"id": str(uuid4()), "status": status, "title": title}
    return json_response({"errors": [error | ({"detail": detail} if detail else {})]}, status)


def service_error(status: int, message: str, *errors: str) -> Response:
    """What the API itself says; `errors` is often absent."""
    return json_response({"message": message} | ({"errors": list(errors)} if errors else {}), status)


def token_error(status: int, error: str, description: str) -> Response:
    return json_response({"error": error, "error_description": description}, status)


def invalid_client() -> Response:
    return token_error(401, "invalid_client", "Unauthorized")


def refresh_refused(digest: str, *, newer_wording: bool) -> Response:
    """The refresh token does not work. The inner quotes are not escaped consistently, as live."""
    description = NEWER_WORDING if newer_wording else OLD_WORDING.replace("{digest}", digest)
    return token_error(400, "unsupported_token_type", description)
