"""`brokersync new-key`."""

from __future__ import annotations

import click
from cryptography.fernet import Fernet

from brokersync import options
from brokersync.documents import printed


@click.command("new-key")
@options.as_json
def command(*, as_json: bool) -> None:
    """Print a new key for ENCRYPTION_KEY.

    It seals tokens and account numbers in the database: keep it apart from the database, and keep it; without it they
    cannot be read again.

    \b
    Example:
      export ENCRYPTION_KEY=$(brokersync new-key)
    """
    key = Fernet.generate_key().decode()
    click.echo(printed({"key": key}) if as_json else key)
