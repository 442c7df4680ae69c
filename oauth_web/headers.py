"""The headers of every answer."""

from __future__ import annotations

from flask import Flask, g
from werkzeug.wrappers import Response

from settings import Settings

_POLICY = "default-src 'none'; style-src 'self'; form-action {targets}; frame-ancestors 'none'; base-uri 'none'"


def allow_form_targets(*targets: str) -> None:
    """Let the form of this page, and the redirects behind it, lead there. Without this, a page's form leads nowhere."""
    g.form_targets = targets


def install(app: Flask, settings: Settings) -> None:
    """Put our headers on whatever leaves the app, error pages and the style sheet included."""
    over_tls = settings.public_url.startswith("https:")

    @app.after_request
    def protect(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = _POLICY.format(targets=" ".join(g.get("form_targets", ["'none'"])))
        answer.headers["X-Frame-Options"] = "DENY"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Cache-Control"] = "no-store"
        if over_tls:
            answer.headers["Strict-Transport-Security"] = "max-age=31536000"
        return answer
