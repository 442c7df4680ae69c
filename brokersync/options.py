"""Options that many commands share, so that they are called and explained alike."""

from __future__ import annotations

import click

from brokersync import completing

as_json = click.option("--json", "as_json", is_flag=True, help="Print a JSON document, and nothing else.")
user = click.option(
    "--user", "user_id", metavar="USER", shell_complete=completing.users, help="Only this user of your application."
)
account = click.option(
    "--account",
    metavar="ID",
    shell_complete=completing.account_ids,
    help="Only this account; the first characters of its id do.",
)
connection = click.option(
    "--connection",
    metavar="ID",
    shell_complete=completing.connection_ids,
    help="Only this connection; the first characters of its id do.",
)
chosen_connection = click.argument("connection", shell_complete=completing.connection_ids)
"""The id of a connection, or its first characters."""
