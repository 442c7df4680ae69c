"""Why PostgreSQL, or a pooler before it, lets nobody in, and the command that helps.

libpq's own words are matched and never shown: they quote what an address was read as.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from sqlalchemy import URL

from brokersync.doctor.findings import Finding, fault

CHECK = "PostgreSQL"
_PLAIN = re.compile(r"[\w.-]+", re.ASCII)


@dataclass(frozen=True)
class _Refusal:
    """`words` of libpq or PgBouncer; `said` and `remedy` with {place}, {user} and {database} filled in."""

    words: str
    said: str
    remedy: str


_REFUSALS = (
    _Refusal(
        "could not translate host name",
        "The host of DATABASE_URL is not known here.",
        "Correct it; a server on this machine is at 127.0.0.1.",
    ),
    _Refusal(
        "Connection refused", "Nobody listens at {place}.", "sudo systemctl start postgresql (or correct host and port)"
    ),
    _Refusal(
        "No such file or directory",
        "Nobody listens at the socket that DATABASE_URL names.",
        "sudo systemctl start postgresql (or correct the socket's folder)",
    ),
    _Refusal(
        "timeout expired",
        "{place} took the connection and did not answer.",
        "Look whether it is PostgreSQL that listens there, and into its log.",
    ),
    _Refusal(
        "invalid response to SSL negotiation",
        "What listens at {place} is not PostgreSQL.",
        "Correct host and port in DATABASE_URL.",
    ),
    _Refusal(
        "no password supplied",
        "It wants a password, and DATABASE_URL has none.",
        "Write it as postgresql://user:password@host:5432/name",
    ),
    _Refusal(
        "authentication failed",
        "It does not take that user and password. It does not say whether there is such a user.",
        "sudo -u postgres createuser --pwprompt {user} (new), or psql -c '\\password {user}' (forgotten)",
    ),
    _Refusal(
        "no pg_hba.conf entry",
        "It lets that user in from elsewhere only, or only over TLS.",
        "Add ?sslmode=require to DATABASE_URL, or a line for this machine to pg_hba.conf.",
    ),
    _Refusal("no such database", "The pooler knows no such database.", "Add it to PgBouncer's [databases]."),
    _Refusal("no such user", "The pooler knows no such user.", "Add it to PgBouncer's userlist.txt."),
    _Refusal(
        "transaction blocks not allowed in statement pooling",
        "PgBouncer pools single statements, and our limits and locks need transactions.",
        "Set pool_mode = transaction in pgbouncer.ini.",
    ),
    _Refusal(
        "connection slots are reserved",
        "It has no connection left.",
        "Raise max_connections, or end what holds them (pg_stat_activity).",
    ),
    _Refusal(
        "too many c",
        "It has no connection left for us.",
        "Raise max_connections or the role's limit, or end what holds them (pg_stat_activity).",
    ),
    _Refusal(
        "the database system is",
        "It is starting, recovering or shutting down.",
        "Wait a moment, and look into its log.",
    ),
    _Refusal(
        "SSL", "The two do not agree about TLS.", "Set sslmode in DATABASE_URL: ?sslmode=require, or ?sslmode=disable"
    ),
    _Refusal(
        "closed the connection",
        "It closed the connection without a word.",
        "Look whether it is PostgreSQL that listens at {place}, and into its log.",
    ),
)

_MISSING = re.compile(r'(role|database) ".*" does not exist')
_MISSING_REFUSALS = {
    "role": _Refusal("", "It has no such user.", "sudo -u postgres createuser --pwprompt {user}"),
    "database": _Refusal("", "It has no such database.", "sudo -u postgres createdb --owner {user} {database}"),
}
_UNKNOWN = _Refusal("", "It cannot be used, for a reason that is new to us.", "psql \"$DATABASE_URL\" -c 'select 1'")


def refusal(libpq_said: str, url: URL) -> Finding:
    """`libpq_said` is the text of psycopg2's error when there was no connection."""
    missing = _MISSING.search(libpq_said)
    if missing:
        found = _MISSING_REFUSALS[missing[1]]
    else:
        found = next((each for each in _REFUSALS if each.words in libpq_said), _UNKNOWN)
    names = {
        "place": f"{url.host}:{url.port or 5432}" if url.host else "its socket",
        "user": _shown(url.username, "USER"),
        "database": _shown(url.database, "NAME"),
    }
    return fault(CHECK, found.said.format(**names), found.remedy.format(**names))


def _shown(name: str | None, instead: str) -> str:
    """Only a name that looks like one: what does not might be a piece of something else."""
    return shlex.quote(name) if name and _PLAIN.fullmatch(name) else instead
