"""What is sealed opens only with its key and in its place."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from cryptography.fernet import Fernet

import settings
from models.account import Account
from models.connection import Connection, Credential
from models.installation import Installation
from models.sealing import CredentialsUnreadable, Keyring, keyring

SECRET = "sealed-words"
ATTRIBUTES = [
    (Credential, "document", "connection_id", {"refresh_token": SECRET}),
    (Account, "number", "id", SECRET),
    (Connection, "fetch_state", "id", {"report": SECRET}),
    (Installation, "fingerprint_key", "id", SECRET),
]
every_attribute = pytest.mark.parametrize(("model", "attribute", "key", "value"), ATTRIBUTES)


def a_row(model: Any, key: str, row_id: uuid.UUID | None = None) -> Any:
    return model(**{key: row_id or uuid.uuid4()})


def use_keys(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", ",".join(keys))
    keyring.cache_clear()


def open_attribute(row: Any, attribute: str) -> str:
    """Open it, which must fail; the message."""
    with pytest.raises(CredentialsUnreadable) as raised:
        getattr(row, attribute)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    return str(raised.value)


@every_attribute
def test_a_sealed_attribute_comes_back_and_its_column_does_not_show_it(
    encryption_key: str, model: Any, attribute: str, key: str, value: Any
) -> None:
    row = a_row(model, key)
    setattr(row, attribute, value)
    assert getattr(row, attribute) == value
    column = getattr(row, f"{attribute}_sealed")
    assert SECRET not in column
    assert SECRET not in repr(row)


@every_attribute
def test_a_ciphertext_of_another_row_does_not_open(
    encryption_key: str, model: Any, attribute: str, key: str, value: Any
) -> None:
    row, other = a_row(model, key), a_row(model, key)
    setattr(row, attribute, value)
    setattr(other, f"{attribute}_sealed", getattr(row, f"{attribute}_sealed"))
    message = open_attribute(other, attribute)
    assert message == f"{model.__tablename__}.{attribute}_sealed: it was sealed for another place"


@every_attribute
def test_another_key_does_not_open_and_the_message_holds_no_secret(
    encryption_key: str, monkeypatch: pytest.MonkeyPatch, model: Any, attribute: str, key: str, value: Any
) -> None:
    row = a_row(model, key)
    setattr(row, attribute, value)
    other_key = Fernet.generate_key().decode()
    use_keys(monkeypatch, other_key)
    message = open_attribute(row, attribute)
    assert message == f"{model.__tablename__}.{attribute}_sealed: no key of ENCRYPTION_KEY opens it"


def test_a_ciphertext_of_another_table_with_the_same_id_does_not_open(encryption_key: str) -> None:
    row_id = uuid.uuid4()
    account, connection = a_row(Account, "id", row_id), a_row(Connection, "id", row_id)
    connection.fetch_state = {"report": SECRET}
    account.number_sealed = connection.fetch_state_sealed
    open_attribute(account, "number")


def test_a_ciphertext_of_another_column_of_the_same_row_does_not_open(encryption_key: str) -> None:
    place = ("accounts", "number_sealed", "7")
    token = keyring().seal(("accounts", "nickname_sealed", "7"), SECRET)
    with pytest.raises(CredentialsUnreadable, match="sealed for another place"):
        keyring().open(place, token)


@pytest.mark.parametrize("token", ["", "not a token", "gAAAAA", "日本"])
def test_what_is_no_ciphertext_at_all_is_unreadable(encryption_key: str, token: str) -> None:
    with pytest.raises(CredentialsUnreadable):
        keyring().open(("accounts", "number_sealed", "7"), token)


def test_the_first_key_seals_and_all_keys_open(encryption_key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = encryption_key, Fernet.generate_key().decode()
    row = a_row(Account, "id")
    row.number = SECRET
    use_keys(monkeypatch, new, old)
    assert row.number == SECRET
    row.number = SECRET
    use_keys(monkeypatch, new)
    assert row.number == SECRET
    use_keys(monkeypatch, old)
    open_attribute(row, "number")


def test_the_same_secret_never_looks_the_same(encryption_key: str) -> None:
    place = ("accounts", "number_sealed", "7")
    assert keyring().seal(place, SECRET) != keyring().seal(place, SECRET)


def test_nothing_is_sealed_where_there_is_nothing(encryption_key: str) -> None:
    row = a_row(Connection, "id")
    row.fetch_state = {"report": 1}
    row.fetch_state = None
    assert (row.fetch_state, row.fetch_state_sealed) == (None, None)


@pytest.mark.parametrize("keys", [("short",), (Fernet.generate_key().decode(), "pass word"), ()])
def test_a_key_that_is_none_is_refused_with_the_remedy_and_not_shown(keys: tuple[str, ...]) -> None:
    with pytest.raises(settings.NotConfigured, match="brokersync new-key") as raised:
        Keyring(keys)
    assert "pass word" not in str(raised.value)


def test_without_a_key_nothing_is_kept_in_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENCRYPTION_KEY", raising=False)
    keyring.cache_clear()
    row = a_row(Account, "id")
    with pytest.raises(settings.NotConfigured, match="Set ENCRYPTION_KEY"):
        row.number = SECRET
    assert row.number_sealed is None
