"""What other programs hand to tasks, checked before anything is done with it. No argument is repeated in an error."""

from __future__ import annotations

import uuid

from worker.outcomes import CannotSync


def an_id(value: object, name: str) -> uuid.UUID:
    """`value` as an id. Raises `CannotSync` for what is none."""
    if isinstance(value, str):
        try:
            return uuid.UUID(value)
        except ValueError:
            pass
    raise CannotSync(f"{name} must be a UUID, whole, as text: `--json` of the command line shows them.")


def a_flag(value: object, name: str) -> bool:
    """`value` as a flag. Raises `CannotSync` for anything else: the text "false" would mean yes."""
    if isinstance(value, bool):
        return value
    raise CannotSync(f"{name} must be true or false.")


def a_user(value: object) -> str:
    """`value` as a user of the host application. Raises `CannotSync` for what is no text."""
    if isinstance(value, str):
        return value
    raise CannotSync("user_id must be text, also where it is a number.")
