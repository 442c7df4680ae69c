"""How the variables are written, whatever they mean: names that are nearly ours, values that a file spoiled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import settings
from brokersync.doctor.findings import Finding, fault, warning

ALIKE = 0.82
"""Of difflib. A higher one misses SCHWAB_REDIRECT_URL for …_URI, a lower one takes REDIS_PORT for a variable of ours."""

ALSO_CALLED = {
    "APP_KEY": "CLIENT_ID",
    "API_KEY": "CLIENT_ID",
    "CLIENT_KEY": "CLIENT_ID",
    "APP_SECRET": "CLIENT_SECRET",
    "SECRET": "CLIENT_SECRET",
    "CALLBACK": "REDIRECT_URI",
    "CALLBACK_URL": "REDIRECT_URI",
    "CALLBACK_URI": "REDIRECT_URI",
}
"""What brokers and other libraries call their variables, behind the broker's name."""

ALSO_KNOWN = {
    "CELERY_BROKER": "CELERY_BROKER_URL",
    "FERNET_KEY": "ENCRYPTION_KEY",
    "POSTGRES_URL": "DATABASE_URL",
    "POSTGRESQL_URL": "DATABASE_URL",
    "SQLALCHEMY_DATABASE_URI": "DATABASE_URL",
}


def misspelt(environ: Mapping[str, str], ours: Iterable[str]) -> list[Finding]:
    """Names that are set and mean nothing, where the one they seem to mean is not set."""
    unset = [name for name in ours if not environ.get(name)]
    known = set(ours)
    meant = {name: _meant(name, unset) for name in sorted(environ.keys() - known) if environ[name]}
    return [
        warning(name, f"Nothing reads it; {right} is not set.", f"Call it {right}.")
        for name, right in meant.items()
        if right is not None
    ]


def spoiled(environ: Mapping[str, str], ours: Iterable[str]) -> list[Finding]:
    """Values with what no value of ours begins or ends with."""
    found = []
    for name in ours:
        value = environ.get(name) or ""
        bad = _spoiled(value)
        if bad:
            harmless = name in settings.LISTS and _spoiled(value.strip()) is None
            found.append((warning if harmless else fault)(name, *bad))
    return found


def _spoiled(value: str) -> tuple[str, str] | None:
    found = settings.stray(value)
    if found is not None:
        said, remedy = found
        return f"It {said}.", remedy
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return "Quotes are part of its value.", "Take them away (docker's --env-file keeps quotes)."
    return None


def _meant(name: str, unset: list[str]) -> str | None:
    broker, _, rest = name.partition("_")
    candidate = ALSO_KNOWN.get(name) or f"{broker}_{ALSO_CALLED.get(rest, '')}"
    if candidate in unset:
        return candidate
    return next(iter(get_close_matches(name, unset, n=1, cutoff=ALIKE)), None)
