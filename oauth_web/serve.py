"""The web app under gunicorn, as one command, with or without TLS."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import settings
from oauth_web.tls import certificate_of_our_own, people_come_straight_here


def serve(host: str, port: int, tls: bool) -> NoReturn:
    """Become gunicorn, which tells its address once it listens, serves until Ctrl-C or TERM and then ends with 0.

    With `tls`, over TLS in any case; else where people come straight here by https. Raises `settings.NotConfigured`
    before anything is opened.
    """
    settings.load()
    # The port for gunicorn's configuration, which is the Procfile's too.
    environ = {**os.environ, "WEB_PORT": str(port)}
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [sys.executable, "-P", "-m", "gunicorn", "--config", "python:oauth_web.gunicorn_config", "--bind", bind]
    if tls and not people_come_straight_here(environ):
        certificate = certificate_of_our_own()
        command += ["--certfile", certificate, "--keyfile", certificate]
    # gunicorn imports from the folder it starts in, and a `settings.py` or `models` where somebody types this is not ours.
    os.chdir(Path(__file__).parent.parent)
    os.execve(command[0], [*command, "oauth_web.app:create_app()"], environ)
