"""All checks, in the order in which one would mend what they find."""

from __future__ import annotations

from collections.abc import Mapping

import settings
from brokers import registry
from brokersync.doctor import brokers, keys, postgresql, redis_server, workers
from brokersync.doctor.findings import Finding, Level, fault


def examine(environ: Mapping[str, str]) -> list[Finding]:
    """Look at everything; what cannot be looked at is a finding too."""
    try:
        loaded = settings.Settings.from_environ(environ)
    except settings.NotConfigured as error:
        return [fault("Environment", str(error), "Mend this first: the other checks need it.")]
    findings = [
        keys.encryption_key(loaded.encryption_keys),
        keys.link_service_key(loaded.link_service_key),
    ]
    for declaration in registry.declarations():
        findings.append(brokers.variables(declaration, environ))
        findings += brokers.callbacks(declaration, environ, loaded.public_url)
    findings += postgresql.examine(loaded.database_url)
    of_redis = redis_server.examine(loaded.celery_broker_url, loaded.live_data_redis_url)
    findings += of_redis
    if loaded.celery_broker_url and is_well(of_redis):
        findings.append(workers.examine(loaded.celery_broker_url))
    for declaration in registry.declarations():
        findings += brokers.clock(declaration, environ)
    return findings


def is_well(findings: list[Finding]) -> bool:
    """Whether nothing is at fault; warnings and notes may be."""
    return all(finding.level is not Level.FAULT for finding in findings)
