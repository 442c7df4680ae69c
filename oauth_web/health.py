"""`/healthz`: the process answers. `/readyz`: a person who opened a link now would get through."""

from __future__ import annotations

from datetime import timedelta

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import settings
from brokers import interface
from models import migrate
from models.installation import THE_INSTALLATION, Installation
from models.sealing import CredentialsUnreadable, keyring
from oauth_web.parts import Brokers, Parts, parts

_WITHIN = timedelta(seconds=2)
"""A prober asks again soon, and takes a late answer for none."""


def get_healthz() -> ResponseReturnValue:
    return jsonify(status="ok")


def get_readyz() -> ResponseReturnValue:
    """200, or 503 with every reason in words."""
    ours = parts()
    reasons = [*_database_faults(ours), *_broker_faults(ours.brokers)]
    if reasons:
        return jsonify(status="not ready", reasons=reasons), 503
    return jsonify(status="ready")


def _database_faults(ours: Parts) -> list[str]:
    try:
        with ours.database.session(_WITHIN) as session:
            return _schema_faults(session) or _encryption_faults(session)
    except settings.NotConfigured as missing:
        return [str(missing)]
    except SQLAlchemyError:
        return ["The database that DATABASE_URL names does not answer."]


def _schema_faults(session: Session) -> list[str]:
    found = migrate.schema(session.connection())
    if found.is_current:
        return []
    return [f"The database has schema {found.present}, this version needs {found.wanted}: run `brokersync init-db`."]


def _encryption_faults(session: Session) -> list[str]:
    """Looks, and makes nothing: the first key of an installation is made by the first link."""
    try:
        keyring()
        installation = session.get(Installation, THE_INSTALLATION)
        if installation is not None:
            _ = installation.fingerprint_key
    except (settings.NotConfigured, CredentialsUnreadable) as fault:
        return [str(fault)]
    return []


def _broker_faults(brokers: Brokers) -> list[str]:
    """None as soon as one broker can be linked."""
    faults = []
    for name in brokers.names:
        try:
            brokers.get(name)
        except interface.NotConfigured as missing:
            faults.append(str(missing))
        else:
            return []
    return faults or ["No broker is known."]
