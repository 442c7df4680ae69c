"""Sealed attributes: encrypted in the row, plain on the object, and bound to their place.

The plaintext under the Fernet token carries table, column and row id. A ciphertext that was moved to another row, column
or table does not open. Keys come from `ENCRYPTION_KEY`: the first seals, all open.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Generic, TypeVar, cast, overload

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

import settings

T = TypeVar("T")


class CredentialsUnreadable(Exception):
    """No key of `ENCRYPTION_KEY` opens a sealed attribute, or it was moved here from another place.

    The message names table and column, never the content."""


class Keyring:
    """Seals and opens JSON values. Raises `settings.NotConfigured` for keys that are no Fernet keys."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise settings.NotConfigured(
                "ENCRYPTION_KEY holds something that is not a Fernet key: `brokersync new-key` prints a good one."
            ) from None

    def seal(self, place: tuple[str, str, str], value: Any) -> str:
        """`place` is table, column, row id; `value` anything that JSON can hold."""
        return self._fernet.encrypt(json.dumps([*place, value], separators=(",", ":")).encode()).decode()

    def open(self, place: tuple[str, str, str], token: str) -> Any:
        """Raises `CredentialsUnreadable`."""
        try:
            *sealed_place, value = json.loads(self._fernet.decrypt(token.encode()))
        except InvalidToken:
            raise CredentialsUnreadable(f"{place[0]}.{place[1]}: no key of ENCRYPTION_KEY opens it") from None
        if tuple(sealed_place) != place:
            raise CredentialsUnreadable(f"{place[0]}.{place[1]}: it was sealed for another place")
        return value


@cache
def keyring() -> Keyring:
    """The keyring of this process, made from its environment on first use."""
    return Keyring(settings.load().require_encryption_keys())


class Sealed(Generic[T]):
    """An attribute whose value lives encrypted in the text column `column` of the same row."""

    def __init__(self, column: str) -> None:
        self._column = column

    @overload
    def __get__(self, row: None, owner: type[Any]) -> Sealed[T]: ...
    @overload
    def __get__(self, row: Any, owner: type[Any]) -> T: ...
    def __get__(self, row: Any, owner: type[Any]) -> Sealed[T] | T:
        if row is None:
            return self
        token = getattr(row, self._column)
        return cast(T, None if token is None else keyring().open(self._place(row), token))

    def __set__(self, row: Any, value: T) -> None:
        setattr(row, self._column, None if value is None else keyring().seal(self._place(row), value))

    def _place(self, row: Any) -> tuple[str, str, str]:
        return (row.__tablename__, self._column, str(row.sealed_under))
