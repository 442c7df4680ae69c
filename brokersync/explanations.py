"""From an error to the sentence that a person reads, and the exit code that a program reads.

Errors are told apart by the package that made them: `--help` shall not wait for a database library that only an error
needs, and with another distribution's `brokers` or `settings` in the way, this must still be read to say so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from brokersync import system_errors

FAILED = 1
NOT_CONFIGURED = 3
INTERRUPTED = 130
"""Ctrl-C, as shells number it."""

OURS = frozenset({"brokers", "brokersync", "environment", "models", "oauth_web", "sandbox", "settings", "worker"})
"""Packages whose exceptions are written for people: their text is the sentence."""

NOT_SET_UP = frozenset({("environment", "NotConfigured"), ("brokers.interface", "NotConfigured")})
"""Errors, by module and name, that say what has to be set up first; and those that derive from them."""

SERVERS = frozenset({"sqlalchemy", "redis", "kombu"})
"""Packages that speak for PostgreSQL and Redis."""

ANOTHER_ENCODING = "This terminal's encoding has no sign for what is to be shown: set PYTHONIOENCODING=utf-8."


class Sentence(click.ClickException):
    """An error in words for a person."""

    def format_message(self) -> str:
        return for_a_terminal(self.message)


class Failed(Sentence):
    """It was not done. The message says why, and what to do."""

    exit_code = FAILED


class NotConfigured(Sentence):
    """Something has to be set up first. The message says what."""

    exit_code = NOT_CONFIGURED

    def __init__(self, message: str) -> None:
        super().__init__("\n".join([message, *_hint()]))


def for_a_terminal(message: str) -> str:
    """Its lines broken between words, where a terminal would break them anywhere; whole for a file or a program."""
    if not sys.stderr.isatty():
        return message
    screen = import_module("brokersync.screen")
    wrapped: str = screen.wrapped(message, screen.width(), len("Error: "))
    return wrapped


def _hint() -> Iterator[str]:
    """Where the `.env` of this folder sets what this shell lacks, how it is loaded."""
    env_file, reference = import_module("brokersync.doctor.env_file"), import_module("brokersync.reference")
    if env_file.is_unloaded(Path.cwd(), os.environ, {variable.name for variable in reference.environment()}):
        yield f"The .env of this folder was not loaded into this shell: `{env_file.LOAD}`"


def explained(error: Exception) -> click.ClickException:
    """The sentence for any error. One that nobody foresaw is named by its type alone: its text may hold anything."""
    if any((each.__module__, each.__name__) in NOT_SET_UP for each in type(error).__mro__):
        return NotConfigured(str(error))
    package = type(error).__module__.partition(".")[0]
    if package in OURS:
        return Failed(str(error))
    return Failed(
        _sentence(error, package) or f"{type(error).__name__}. `brokersync --debug …` shows where it comes from."
    )


def _sentence(error: Exception, package: str) -> str | None:
    if package in SERVERS:
        told: str | None = import_module("brokersync.server_errors").sentence(error)
        return told
    if package == "requests":
        return f"A web server did not answer ({type(error).__name__}): `brokersync doctor` says what is not running."
    if isinstance(error, UnicodeEncodeError):
        return ANOTHER_ENCODING
    if isinstance(error, ImportError | AttributeError):
        in_the_way: str | None = import_module("brokersync.doctor.packages").in_the_way()
        if in_the_way is not None:
            return in_the_way
    if isinstance(error, ModuleNotFoundError):
        return f"The library {error.name} is not installed: `make demo` installs all that is needed into .venv."
    return system_errors.sentence(error) if isinstance(error, OSError) else None
