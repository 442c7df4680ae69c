"""The web app under gunicorn, as one command, with or without TLS."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

import settings
from oauth_web.certificate import own_certificate
from oauth_web.logs import ROUTE_IN_ENVIRON
from oauth_web.parts import THREADS

ACCESS_LOG_FORMAT = f"%(h)s %(m)s %({{{ROUTE_IN_ENVIRON}}}e)s %(s)s %(M)sms"
"""The route's template, never the path or the query: they hold links and codes."""

GRACE = 30
"""Seconds that a callback may take to its end after TERM: 15 s for the code, 10 s for the accounts, and the rows."""

_ABOUT_THE_CERTIFICATE = """\
Your browser will warn that this certificate is not from an authority it knows, and it is right: it was made here, on
this machine, a moment or some weeks ago. That is fine for a page on your own machine, which no authority can vouch for.
Go on once ("Advanced", then "Proceed" or "Accept the risk"). Key and certificate, for your eyes only: {file}
"""


def serve(host: str, port: int, tls: bool, folder: Path | None = None) -> NoReturn:
    """Become gunicorn, which serves until Ctrl-C or TERM and then ends with 0.

    `folder` keeps the certificate; by default a private one in the user's state folder. Raises `settings.NotConfigured`
    before anything is opened.
    """
    settings.load()
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    click.echo(f"Links are served at {'https' if tls else 'http'}://{bind}. Ctrl-C ends it.", err=True)
    certificate = own_certificate(state_folder() if folder is None else folder.resolve()) if tls else None
    if certificate is not None:
        click.echo(_ABOUT_THE_CERTIFICATE.format(file=certificate), err=True)
    command = _command(bind, certificate)
    # gunicorn imports from the folder it starts in, and a `settings.py` or `models` where somebody types this is not ours.
    os.chdir(Path(__file__).parent.parent)
    os.execv(command[0], command)


def state_folder() -> Path:
    """Where this user's programs keep what they made themselves (XDG Base Directory Specification)."""
    given = os.environ.get("XDG_STATE_HOME", "")
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"
    return base / "brokersync"


def _command(bind: str, certificate: Path | None) -> list[str]:
    python = [sys.executable, "-P", "-m", "gunicorn"]
    # One process, since it counts the rate limits in its memory. No control socket: it would be made in the home folder.
    shape = ["--workers", "1", "--threads", str(THREADS), "--graceful-timeout", str(GRACE), "--no-control-socket"]
    log = ["--access-logfile", "-", "--access-logformat", ACCESS_LOG_FORMAT]
    over = [] if certificate is None else ["--certfile", str(certificate), "--keyfile", str(certificate)]
    return [*python, "--bind", bind, *shape, *log, *over, "oauth_web.app:create_app()"]
