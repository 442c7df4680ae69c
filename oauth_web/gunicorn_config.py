"""How gunicorn serves the web app, in the Procfile and in `brokersync web`: `--config python:oauth_web.gunicorn_config`.

The names in small letters are gunicorn's.
"""

from __future__ import annotations

import os

from oauth_web import tls
from oauth_web.logs import ROUTE_IN_ENVIRON
from oauth_web.parts import THREADS
from settings import NotConfigured

# One process, since the limits on links are counted in its memory.
workers = 1
threads = THREADS
worker_class = "oauth_web.gunicorn_worker.Worker"
# It would be made in the home folder.
control_socket_disable = True
accesslog = "-"
# The route's template, never the path or the query: they hold links and codes.
access_log_format = f"%(h)s %(m)s %({{{ROUTE_IN_ENVIRON}}}e)s %(s)s %(M)sms"
try:
    if tls.people_come_straight_here(os.environ):
        certfile = keyfile = tls.certificate_of_our_own()
except NotConfigured as fault:
    raise SystemExit(f"Error: {fault}") from None
