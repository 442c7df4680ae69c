"""The commands, one file each or one a family. `CATALOGUE` is all that `--help` needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Listed:
    """A command as the list of commands shows it. It is `<module>.command` in this package."""

    name: str
    module: str
    help: str


START = "Start"
LOOK = "Look"
ACT = "Act"
OPERATE = "Set up and operate"

CATALOGUE: dict[str, tuple[Listed, ...]] = {
    START: (
        Listed("demo", "demo", "Link, sync and watch a make-believe broker, with no account."),
        Listed("doctor", "doctor", "Check the set-up, and say how to mend what is wrong."),
    ),
    LOOK: (
        Listed("connections", "connections", "Who is linked where, and when each login ends."),
        Listed("explain", "explain", "How a connection stands, what comes next, who has to act."),
        Listed("accounts", "accounts", "The accounts and their totals."),
        Listed("positions", "positions", "What the accounts hold."),
        Listed("summary", "summary", "One account's buying power and totals."),
        Listed("watch", "watch", "Live balances and positions as they change."),
    ),
    ACT: (
        Listed("link", "link", "Make a one-time link with which a person logs in."),
        Listed("sync", "sync", "Ask the broker now."),
        Listed("pause", "pause", "Ask nothing more of a connection for now."),
        Listed("resume", "resume", "Start a paused connection again."),
        Listed("disconnect", "disconnect", "Forget a login, or all of a user; on demand the data too."),
    ),
    OPERATE: (
        Listed("init-db", "init_db", "Create or upgrade the tables."),
        Listed("new-key", "new_key", "Print a new key for ENCRYPTION_KEY."),
        Listed("notify", "notify", "Who is told of logins that end, and of what stops syncs."),
        Listed("brokers", "brokers", "The brokers there are, and what each still needs."),
        Listed("web", "web", "Serve the pages on which people link."),
        Listed("completion", "completion", "Print the script by which a shell completes this program."),
        Listed("sandbox", "sandbox", "An offline broker: start it, turn its clock, make faults."),
    ),
}


def all_listed() -> tuple[Listed, ...]:
    """Every command, in the order of the list."""
    return tuple(listed for section in CATALOGUE.values() for listed in section)
