"""Reading the values of environment variables: what each kind must look like, and what is wrong with one that does not.

No error quotes a value: what stands in the environment may be a secret.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from urllib.parse import SplitResult, urlsplit

PSYCOPG2 = "postgresql+psycopg2"
LONGEST_SPAN = timedelta(days=30)
"""No login lives longer, and what is never asked is better disconnected."""

_DATABASE_EXAMPLE = "postgresql://user:password@127.0.0.1:5432/brokersync"
_REDIS_EXAMPLE = "redis://:password@127.0.0.1:6379/0"


class NotConfigured(Exception):
    """A variable is missing or unusable. The message names it and says what to do."""


class Unusable(NotConfigured):
    """The variable `name` is set to what cannot be used. Its value is not quoted."""

    def __init__(self, name: str, said: str) -> None:
        super().__init__(f"{name} {said}")
        self.name = name


def stray(value: str) -> tuple[str, str] | None:
    """What stands around a value that nobody meant, as the rest of a sentence, and what helps; None for a clean value."""
    if value.endswith("\r"):
        return "ends with a carriage return: the file has Windows line ends", "sed -i 's/\\r$//' .env"
    if value != value.strip():
        return "has a blank or a line end before or behind its value", "take it away"
    return None


def require_clean(environ: Mapping[str, str], names: Iterable[str]) -> None:
    """Raises `Unusable` for the first of these variables with something around its value: no reader could see it."""
    for name in names:
        found = stray(environ.get(name) or "")
        if found is not None:
            said, remedy = found
            raise Unusable(name, f"{said}. What helps: {remedy} (and load it again).")


def required(value: str | None, name: str, what: str) -> str:
    if value is None:
        raise NotConfigured(f"Set {name} to {what} (see .env.example).")
    return value


def comma_separated(value: str | None) -> tuple[str, ...]:
    return tuple(part for part in (piece.strip() for piece in (value or "").split(",")) if part)


def database_url(value: str | None) -> str | None:
    if not value:
        return None
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in {"postgres", "postgresql", PSYCOPG2}:
        raise Unusable("DATABASE_URL", "must start with postgresql:// (brokersync keeps its data in PostgreSQL only).")
    _server("DATABASE_URL", value, _DATABASE_EXAMPLE)
    return f"{PSYCOPG2}://{rest}"


def redis_url(name: str, value: str | None, *, for_celery: bool) -> str | None:
    if not value:
        return None
    scheme, separator, path = value.partition("://")
    if separator and scheme == "unix" and path.startswith("/") and not for_celery:
        return value
    if not separator or scheme not in {"redis", "rediss"}:
        socket = " Celery has no unix:// sockets; only LIVE_DATA_REDIS_URL may name one." if scheme == "unix" else ""
        raise Unusable(name, f"must start with redis:// or rediss://, such as {_REDIS_EXAMPLE}.{socket}")
    database = _server(name, value, _REDIS_EXAMPLE).path.removeprefix("/")
    if database and not (database.isascii() and database.isdigit()):
        raise Unusable(name, f"must end with the number of a database, such as {_REDIS_EXAMPLE}.")
    return value


def _server(name: str, value: str, example: str) -> SplitResult:
    """The parts of a server's address. What parsers would read differently is refused without a word of it: what one
    of them takes for the host, and shows in an error, may be a piece of the password.
    """
    parts = _split(value)
    outside = value.count("@") - (parts.netloc.count("@") if parts else 0)
    host_and_port = parts.netloc.rpartition("@")[2] if parts else ""
    if (
        parts is None
        or outside
        or parts.netloc.count("@") > 1
        or "#" in value
        or (host_and_port and not parts.hostname)
    ):
        raise Unusable(
            name,
            f"cannot be read as an address. Write it as {example}, and percent-encode what is special in a "
            "password: %40 for @, %2F for /, %3A for :, %23 for #, %3F for ?, %5B and %5D for [ and ].",
        )
    return parts


def _split(value: str) -> SplitResult | None:
    """None for what is no address, or holds blanks and control characters (`urlsplit` drops some of them silently)."""
    if not value.isprintable() or " " in value:
        return None
    try:
        parts = urlsplit(value)
        return None if parts.port == 0 else parts
    except ValueError:  # brackets that are no IPv6 address; a port that is no number up to 65535
        return None


def public_url(value: str) -> str:
    parts = _split(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unusable("PUBLIC_URL", "must be a full address such as https://sync.example.org")
    if "@" in value or "?" in value or "#" in value:
        raise Unusable("PUBLIC_URL", "must have no login, query or fragment, such as https://sync.example.org")
    return value.rstrip("/")


def number_of_proxies(value: str | None) -> int:
    if not value:
        return 0
    if not value.isascii() or not value.isdigit() or len(value) > 2:
        raise Unusable("TRUSTED_PROXIES", "must be a whole number, such as 1 for one proxy before the web app.")
    return int(value)


def seconds(environ: Mapping[str, str], name: str, default: timedelta) -> timedelta:
    value = environ.get(name)
    if not value:
        return default
    most = int(LONGEST_SPAN.total_seconds())
    # The length first: Python refuses to read a number of thousands of digits.
    is_number = value.isascii() and value.isdigit() and len(value) <= len(str(most))
    if not is_number or not 1 <= int(value) <= most:
        usual = int(default.total_seconds())
        raise Unusable(name, f"must be a whole number of seconds from 1 to {most}, such as {usual}.")
    return timedelta(seconds=int(value))


def webhook_url(value: str | None, secret: str | None) -> str | None:
    """Where it leads is looked at when something is sent; here only whether it can be an address, and is signed."""
    if not value:
        return None
    parts = _split(value)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise Unusable("WEBHOOK_URL", "must be a full address without a login, such as https://app.example.org/events.")
    if not secret:
        raise Unusable("WEBHOOK_URL", "needs a WEBHOOK_SECRET: without one your receiver cannot tell who sent.")
    webhook_key(secret)
    return value


def webhook_key(secret: str) -> bytes:
    """What to sign with, of a secret in the form that receivers' libraries take (Standard Webhooks 1.0).

    Raises `Unusable` for another form: a receiver would make another key of it and refuse every message.
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise Unusable(
            "WEBHOOK_SECRET",
            "must be whsec_ and, right behind it, 24 to 64 random bytes in base64. "
            'This prints one: echo "whsec_$(openssl rand -base64 32)"',
        )
    return key


def yes_or_no(name: str, value: str | None) -> bool:
    if value not in {None, "", "yes", "no"}:
        raise Unusable(name, "must be yes or no.")
    return value == "yes"


def hours_before(name: str, value: str | None, default: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    """Whole hours, the longest first, each once."""
    parts = comma_separated(value)
    if not parts:
        return default
    most = int(LONGEST_SPAN / timedelta(hours=1))
    if not all(part.isascii() and part.isdigit() and len(part) <= 3 and 1 <= int(part) <= most for part in parts):
        raise Unusable(name, f"must be whole hours from 1 to {most}, comma separated, such as 48,24,2.")
    return tuple(timedelta(hours=hours) for hours in sorted({int(part) for part in parts}, reverse=True))


def night_hours(name: str, value: str | None, default: tuple[time, time] | None) -> tuple[time, time] | None:
    """`HH:MM-HH:MM`, or `none`."""
    if not value:
        return default
    if value == "none":
        return None
    try:
        begins, ends = (time.fromisoformat(part) for part in value.split("-"))
    except ValueError:
        begins = ends = time()
    if begins == ends or len(value) != len("22:00-07:00"):
        raise Unusable(name, "must be two times of day, such as 22:00-07:00, or none.")
    return begins, ends
