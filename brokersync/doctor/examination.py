"""All checks, in the order in which one would mend what they find."""

from __future__ import annotations

from collections.abc import Mapping

import settings
from brokers import registry
from brokersync.doctor import addresses, brokers, keys, postgresql, redis_server, workers
from brokersync.doctor.findings import Finding, Level, fault

PUBLIC_URL = "PUBLIC_URL"
REDIS_URLS = frozenset({"REDIS_URL", "CELERY_BROKER_URL", "LIVE_DATA_REDIS_URL"})
MEND = "Mend this first: what needs it was not looked at."


def examine(environ: Mapping[str, str]) -> list[Finding]:
    """Look at everything; what cannot be looked at is a finding too."""
    loaded, refused = _load(environ)
    findings = [fault(name, said, MEND) for name, said in refused.items()]
    findings += [keys.encryption_key(loaded.encryption_keys), keys.link_service_key(loaded.link_service_key)]
    for declaration in registry.declarations():
        findings += [brokers.variables(declaration, environ), *brokers.base_urls(declaration, environ)]
        if PUBLIC_URL not in refused:
            findings += brokers.callbacks(declaration, environ, loaded.public_url)
        findings += brokers.cadence(declaration, environ, loaded.sync_interval)
    findings += addresses.return_urls(loaded.return_urls)
    if PUBLIC_URL not in refused:
        findings += addresses.web_port(environ, loaded.public_url)
    findings += addresses.flower_login(environ)
    if "DATABASE_URL" not in refused:
        findings += postgresql.examine(loaded.database_url)
    if not REDIS_URLS & refused.keys():
        findings += _redis_and_worker(loaded)
    for declaration in registry.declarations():
        findings += brokers.clock(declaration, environ)
    return findings


def _load(environ: Mapping[str, str]) -> tuple[settings.Settings, dict[str, str]]:
    """The settings without the variables that they refuse; and these, with what is said of each."""
    refused: dict[str, str] = {}
    while True:
        try:
            taken = {name: value for name, value in environ.items() if name not in refused}
            return settings.Settings.from_environ(taken), refused
        except settings.Unusable as error:
            refused[error.name] = str(error)


def _redis_and_worker(loaded: settings.Settings) -> list[Finding]:
    findings = redis_server.examine(loaded.celery_broker_url, loaded.live_data_redis_url)
    if loaded.celery_broker_url and is_well(findings):
        findings.append(workers.examine(loaded.celery_broker_url))
    return findings


def is_well(findings: list[Finding]) -> bool:
    """Whether nothing is at fault; warnings and notes may be."""
    return all(finding.level is not Level.FAULT for finding in findings)
