"""Who answers where people are sent: our web app, another program, or nobody."""

from __future__ import annotations

import http.client
import json
import ssl
from urllib.parse import urlsplit

from brokersync.doctor.findings import Finding, fault, note, ok, warning
from oauth_web.origins import is_on_this_machine

CHECK = "Web app"
SECONDS = 3
START = "honcho start (runs it with the rest), or brokersync web"
LONGEST = 1000


def examine(public_url: str) -> list[Finding]:
    """Asks `/healthz`. Nothing but the path is sent, and the certificate is not judged: our own is self-made."""
    parts = urlsplit(public_url)
    here = is_on_this_machine(public_url)
    place = f"{parts.scheme}://{parts.netloc}"
    try:
        is_ours = _is_ours(parts.scheme, parts.hostname or "", parts.port, parts.path)
    except ssl.SSLError:
        said = f"What answers at {parts.netloc} does not speak https, and PUBLIC_URL does."
        return [fault(CHECK, said, "Restart it: where PUBLIC_URL is https on this machine, it serves https.")]
    except (ConnectionRefusedError, TimeoutError, OSError) as error:
        if isinstance(error, ConnectionRefusedError) and here:
            return [note(CHECK, f"Nobody serves {place}, so nobody can link now.", START)]
        told = "It did not answer in time" if isinstance(error, TimeoutError) else "It could not be reached from here"
        return [warning(CHECK, f"{told}: {place} (PUBLIC_URL).", "Look whether web app and proxy run, and at DNS.")]
    except http.client.HTTPException:
        is_ours = False
    if is_ours:
        return [ok(CHECK, f"It answers at {place}.")]
    said = f"Another program answers at {place}, or one that speaks http where PUBLIC_URL is https."
    return [fault(CHECK, said, "Give it another port: WEB_PORT, PUBLIC_URL and the callback URL, all three.")]


def _is_ours(scheme: str, host: str, port: int | None, path: str) -> bool:
    connection: http.client.HTTPConnection
    if scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", f"{path}/healthz")
        answer = connection.getresponse()
        return answer.status == 200 and json.loads(answer.read(LONGEST)) == {"status": "ok"}
    except (ValueError, RecursionError):  # no JSON, or a stranger's thousand brackets
        return False
    finally:
        connection.close()
