"""From an error to the sentence that a person reads, and the exit code that a program reads.

Errors are told apart by the package that made them: `--help` shall not wait for a database library that only an error needs.
"""

from __future__ import annotations

import errno
from importlib import import_module

import click

import brokers.interface
import settings

FAILED = 1
NOT_CONFIGURED = 3
INTERRUPTED = 130
"""Ctrl-C, as shells number it."""

OURS = frozenset({"brokers", "brokersync", "models", "oauth_web", "sandbox", "settings", "worker"})
"""Packages whose exceptions are written for people: their text is the sentence."""

SERVERS = frozenset({"sqlalchemy", "redis", "kombu"})
"""Packages that speak for PostgreSQL and Redis."""

CANNOT_WRITE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
"""Numbers of the errors of a disk that takes no more, where our output goes or where we keep files."""


class Failed(click.ClickException):
    """It was not done. The message says why, and what to do."""

    exit_code = FAILED


class NotConfigured(click.ClickException):
    """Something has to be set up first. The message says what."""

    exit_code = NOT_CONFIGURED


def explained(error: Exception) -> click.ClickException:
    """The sentence for any error. One that nobody foresaw is named by its type alone: its text may hold anything."""
    if isinstance(error, settings.NotConfigured | brokers.interface.NotConfigured):
        return NotConfigured(str(error))
    if isinstance(error, OSError) and error.errno in CANNOT_WRITE:
        return Failed(f"Writing failed: {error.strerror}. Make room, or write to another place.")
    package = type(error).__module__.partition(".")[0]
    if package in OURS:
        return Failed(str(error))
    sentence = import_module("brokersync.server_errors").sentence(error) if package in SERVERS else None
    return Failed(sentence or f"{type(error).__name__}. `brokersync --debug …` shows where it comes from.")
