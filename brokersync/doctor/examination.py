"""All checks, in the order in which one would mend what they find."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from functools import partial
from importlib import import_module
from pathlib import Path

import settings
from brokers import registry
from brokersync import reference
from brokersync.doctor import (
    addresses,
    brokers,
    clocks,
    connections,
    env_file,
    keys,
    notify_urls,
    postgresql,
    redis_server,
    variables,
    web,
    webhook,
    workers,
)
from brokersync.doctor.connections import Room, Slots
from brokersync.doctor.findings import Finding, Level, each_once, fault, is_well
from brokersync.doctor.together import ask

PUBLIC_URL = "PUBLIC_URL"
DATABASE_URL = "DATABASE_URL"
REDIS_URLS = frozenset({"REDIS_URL", "CELERY_BROKER_URL", "LIVE_DATA_REDIS_URL"})
ESSENTIAL = frozenset({DATABASE_URL, "ENCRYPTION_KEY"}) | REDIS_URLS
MEND = "Mend this first: what needs it was not looked at."
SECONDS = 8.0
"""All servers together. Each has limits of its own, which add up to less; this one holds whatever hangs."""

Looked = list[Finding | clocks.Reading | Room | Slots]


def examine(environ: Mapping[str, str], folder: Path) -> list[Finding]:
    """Look at everything; what cannot be looked at is a finding too. `folder` is where somebody's `.env` would lie."""
    loaded, refused = _load(environ)
    ours = [variable.name for variable in reference.environment()]
    spoiled = variables.spoiled(environ, ours)
    bad = {each.check for each in spoiled if each.level is Level.FAULT}
    findings = [*spoiled, *env_file.examine(folder, environ, set(ours))]
    findings += [
        *variables.misspelt(environ, ours),
        *[each for each in _of_variables(environ, loaded, refused) if each.check not in bad],
    ]
    looked = ask(_questions(environ, loaded, refused.keys() | bad), SECONDS)
    hung = [name for name, found in looked.items() if found is None]
    findings += [fault(name, f"It did not answer within {SECONDS:g} s.", "Look whether it hangs.") for name in hung]
    seen = [each for found in looked.values() for each in found or ()]
    findings += each_once(each for each in seen if isinstance(each, Finding))
    findings += _connections(seen, refused)
    return findings + clocks.judged([each for each in seen if isinstance(each, clocks.Reading)])


def is_configured(environ: Mapping[str, str]) -> bool:
    """Whether anybody has begun to set this up."""
    return any(environ.get(name) for name in ESSENTIAL)


def _of_variables(environ: Mapping[str, str], loaded: settings.Settings, refused: Mapping[str, str]) -> list[Finding]:
    """What the values themselves say, before anybody is asked."""
    findings = [fault(name, said, MEND) for name, said in refused.items()]
    findings.append(keys.encryption_key(loaded.encryption_keys))
    findings.append(keys.link_service_key(loaded.link_service_key))
    for declaration in registry.declarations():
        findings += [brokers.variables(declaration, environ), *brokers.base_urls(declaration, environ)]
        if PUBLIC_URL not in refused:
            findings += brokers.callbacks(declaration, environ, loaded.public_url)
        findings += brokers.cadence(declaration, environ, loaded.sync_interval)
    if PUBLIC_URL not in refused:
        findings += [*addresses.public_url(loaded.public_url), *addresses.web_port(environ, loaded.public_url)]
    return [*findings, *addresses.return_urls(loaded.return_urls), *addresses.flower_login(environ)]


def _questions(
    environ: Mapping[str, str], loaded: settings.Settings, refused: Set[str]
) -> dict[str, Callable[[], Looked]]:
    """What is asked of servers, all at once; nobody whose variables are refused."""
    questions: dict[str, Callable[[], Looked]] = {}
    if DATABASE_URL not in refused:
        questions["PostgreSQL"] = lambda: [*postgresql.examine(loaded)]
    if not REDIS_URLS & refused:
        questions["Redis"] = partial(_redis_and_workers, loaded)
    for declaration in registry.declarations():
        if not refused & {variable.name for variable in declaration.variables}:
            questions[declaration.title] = partial(_broker, declaration.name, environ)
    if PUBLIC_URL not in refused:
        questions["Web app"] = lambda: [*web.examine(loaded.public_url)]
    questions[webhook.CHECK] = lambda: [*webhook.examine(loaded.webhook_url, allow_private=loaded.webhook_private)]
    questions[notify_urls.CHECK] = lambda: [*notify_urls.examine(loaded)]
    return questions


def _connections(seen: Looked, refused: Mapping[str, str]) -> list[Finding]:
    """Whether PostgreSQL has room for the workers that answered, or for one as it is configured."""
    room = next((each for each in seen if isinstance(each, Room)), None)
    slots = next((each for each in seen if isinstance(each, Slots) and each.workers), None)
    if slots is None and not refused:  # while a variable is refused, Celery's configuration cannot be read
        slots = Slots(1, int(import_module("celeryconfig").worker_concurrency))
    return [connections.judged(room, slots)] if room and slots else []


def _redis_and_workers(loaded: settings.Settings) -> Looked:
    looked: Looked = [*redis_server.examine(loaded.celery_broker_url, loaded.live_data_redis_url)]
    if loaded.celery_broker_url and is_well(each for each in looked if isinstance(each, Finding)):
        looked += workers.examine(loaded.celery_broker_url)
    return looked


def _broker(name: str, environ: Mapping[str, str]) -> Looked:
    """Who did not answer the first question is not asked for the time as well."""
    declaration = registry.declaration(name)
    told = brokers.app(declaration, environ)
    answered = any(finding.level is not Level.NOTE for finding in told)
    return [*told, *(brokers.clock(declaration, environ) if answered else ())]


def _load(environ: Mapping[str, str]) -> tuple[settings.Settings, dict[str, str]]:
    """The settings without the variables that they refuse; and these, with what is said of each."""
    refused: dict[str, str] = {}
    while True:
        try:
            taken = {name: value for name, value in environ.items() if name not in refused}
            return settings.Settings.from_environ(taken), refused
        except settings.Unusable as error:
            refused[error.name] = str(error)
