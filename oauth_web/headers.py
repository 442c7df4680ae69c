"""The headers of every answer."""

from __future__ import annotations

from flask import Flask, g
from werkzeug.wrappers import Response

from oauth_web.origins import is_on_this_machine
from settings import Settings

ALWAYS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_POLICY = "default-src 'none'; style-src 'self'; form-action {targets}; frame-ancestors 'none'; base-uri 'none'"


def policy(*form_targets: str) -> str:
    """The Content-Security-Policy of a page whose form leads there, or nowhere."""
    return _POLICY.format(targets=" ".join(form_targets or ["'none'"]))


def allow_form_targets(*targets: str) -> None:
    """Let the form of this page, and the redirects behind it, lead there. Without this, a page's form leads nowhere."""
    g.form_targets = targets


def install(app: Flask, settings: Settings) -> None:
    """Put our headers on whatever leaves the app, error pages and the style sheet included."""
    # A browser would keep to https for every port of `localhost`, and so for other people's programs.
    stay_with_tls = settings.public_url.startswith("https:") and not is_on_this_machine(settings.public_url)

    @app.after_request
    def protect(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = policy(*g.get("form_targets", ()))
        answer.headers.update(ALWAYS)
        if stay_with_tls:
            answer.headers["Strict-Transport-Security"] = "max-age=31536000"
        return answer
