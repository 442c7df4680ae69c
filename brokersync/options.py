"""Options that many commands share, so that they are called and explained alike."""

from __future__ import annotations

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print a JSON document, and nothing else.")
user = click.option("--user", "user_id", metavar="USER", help="Only this user of your application.")
account = click.option("--account", metavar="ID", help="Only this account; the first characters of its id do.")
connection = click.option("--connection", metavar="ID", help="Only this connection; the first characters of its id do.")
