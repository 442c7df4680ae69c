"""Redis as the doctor sees it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from redis.exceptions import NoPermissionError

from brokersync.doctor import redis_server
from brokersync.doctor.clocks import Reading
from brokersync.doctor.findings import Finding, Level
from brokersync.doctor.redis_refusals import refusal

USER = "looker"


def findings(broker_url: str | None, live_data_url: str | None = None) -> list[Finding]:
    looked = redis_server.examine(broker_url, live_data_url or broker_url)
    return [each for each in looked if isinstance(each, Finding)]


def levels(found: list[Finding]) -> list[tuple[str, Level]]:
    return [(each.check, each.level) for each in found]


@pytest.mark.servers
def test_a_redis_that_keeps_nothing_is_a_warning_and_one_that_saves_is_good(
    redis_url: str, redis_client: redis.Redis
) -> None:
    (found,) = findings(redis_url)
    assert (found.level, "It keeps nothing" in found.said) == (Level.WARNING, True)
    redis_client.config_set("save", "3600 1")
    try:
        assert levels(findings(redis_url)) == [("Redis", Level.OK)]
    finally:
        redis_client.config_set("save", "")


@pytest.mark.servers
def test_its_clock_is_read_too(redis_url: str) -> None:
    (reading,) = [each for each in redis_server.examine(redis_url, redis_url) if isinstance(each, Reading)]
    assert (reading.whose, reading.agrees) == ("Redis", True)


@pytest.fixture
def user_url(redis_url: str, redis_client: redis.Redis) -> Iterator[str]:
    """A user who may do everything but what operators do, as at a managed server."""
    redis_client.execute_command("ACL", "SETUSER", USER, "on", ">ersecret", "~*", "&*", "+@all", "-config")
    yield f"redis://{USER}:ersecret@{redis_url.rpartition('@')[2]}"
    redis_client.execute_command("ACL", "DELUSER", USER)


@pytest.mark.servers
def test_what_a_managed_server_forbids_to_ask_is_said(user_url: str, redis_client: redis.Redis) -> None:
    (found,) = findings(user_url)
    assert (found.level, "could not be looked at" in found.said) == (Level.NOTE, True)
    redis_client.execute_command("ACL", "SETUSER", USER, "-info")
    (found,) = findings(user_url)
    assert (found.level, "INFO" in found.said) == (Level.NOTE, True)


@pytest.mark.servers
def test_a_user_who_may_not_ask_for_the_time_is_no_wrong_login(user_url: str, redis_client: redis.Redis) -> None:
    redis_client.execute_command("ACL", "SETUSER", USER, "-time")
    looked = redis_server.examine(user_url, user_url)
    assert not [each for each in looked if isinstance(each, Reading)]
    assert [(each.level, each.said.partition(",")[0]) for each in looked if isinstance(each, Finding)] == [
        (Level.NOTE, "It may not be asked (CONFIG) whether it saves to disk"),
        (Level.NOTE, "This user may not ask it for TIME"),
    ]


@pytest.mark.servers
def test_keys_of_another_program_are_counted_and_not_named(redis_url: str, redis_client: redis.Redis) -> None:
    redis_client.set("live_data:epoch", "1")
    redis_client.set("_kombu.binding.brokersync", "1")
    assert len(findings(redis_url)) == 1
    redis_client.set("session:ersecret", "1")
    found = findings(redis_url)[-1]
    assert (found.level, found.said[:19]) == (Level.WARNING, "1 of 3 keys there a")
    assert "ersecret" not in str(found)


@pytest.mark.servers
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("/0", "/9999"), "no database of that number"),
        (("redis://:", "redis://:wrong"), "does not take the login"),
    ],
)
def test_an_address_that_is_nearly_right_is_told_why_not(change: tuple[str, str], said: str, redis_url: str) -> None:
    (found,) = findings(redis_url.replace(*change))
    assert (found.level, said in found.said) == (Level.FAULT, True)


@pytest.mark.sockets
def test_a_redis_that_is_away_is_a_fault_each_where_there_are_two() -> None:
    found = findings("redis://127.0.0.1:1/0", "redis://:ersecret@127.0.0.1:1/1")
    assert levels(found) == [("Redis (Celery)", Level.FAULT), ("Redis (live data)", Level.FAULT)]
    assert {each.said for each in found} == {"Nobody listens at 127.0.0.1:1."}


@pytest.mark.sockets
def test_two_servers_are_noted_since_subscribers_must_know_which() -> None:
    found = findings("redis://127.0.0.1:1/0", "redis://:ersecret@localhost:1/1")[-1]
    assert found.said == "Celery uses 127.0.0.1:1, live data localhost:1: subscribers need the latter."


@pytest.mark.sockets
def test_a_server_that_takes_the_connection_and_says_nothing_is_given_up_in_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (found,) = findings(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
    assert "did not answer in time" in found.said


@pytest.mark.sockets
def test_a_server_of_another_protocol_is_no_redis() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:

        def answer() -> None:
            connection, _ = stranger.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        answering = threading.Thread(target=answer)
        answering.start()
        place = f"127.0.0.1:{stranger.getsockname()[1]}"
        (found,) = findings(f"redis://{place}/0")
        answering.join()
    assert found.said == f"What listens at {place} does not speak as Redis does."


def test_a_redis_that_is_not_named_or_no_address_is_a_fault() -> None:
    assert levels(findings(None)) == [("REDIS_URL", Level.FAULT)]
    assert levels(findings("nonsense")) == [("Redis", Level.FAULT)]


@pytest.mark.parametrize(
    ("policy", "limit", "level"),
    [
        ("noeviction", 0, None),
        ("noeviction", 1000, None),
        ("allkeys-lru", 0, Level.WARNING),
        ("allkeys-lru", 1000, Level.FAULT),
        ("volatile-ttl", 1000, Level.FAULT),
    ],
)
def test_a_redis_that_throws_away_is_told(policy: str, limit: int, level: Level | None) -> None:
    found = redis_server.eviction("Redis", {"maxmemory_policy": policy, "maxmemory": limit})
    assert (found and found.level) is level
    assert found is None or "CONFIG SET maxmemory-policy noeviction" in str(found.remedy)


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ({"redis_mode": "cluster"}, "cluster"),
        ({"redis_mode": "standalone", "cluster_enabled": 1}, "cluster"),
        ({"redis_mode": "sentinel"}, "sentinel"),
        ({"redis_mode": "standalone", "role": "slave"}, "replica"),
    ],
)
def test_a_server_that_is_no_place_for_us_is_a_fault(info: dict[str, Any], said: str) -> None:
    found = redis_server.mode("Redis", info)
    assert found is not None
    assert (found.level, said in found.said) == (Level.FAULT, True)
    assert redis_server.mode("Redis", {"redis_mode": "standalone", "role": "master", "cluster_enabled": 0}) is None


@pytest.mark.parametrize(("version", "old"), [("4.0.14", True), ("5.0.0", False), ("7.2.4", False), ("", False)])
def test_a_redis_without_streams_is_too_old(version: str, *, old: bool) -> None:
    assert (redis_server.age("Redis", {"redis_version": version}) is not None) is old


@pytest.mark.parametrize(("most", "now", "told"), [(100, 60, True), (100, 50, False), (10000, 5, False), (0, 5, False)])
def test_a_redis_with_few_clients_left_is_a_warning(most: int, now: int, *, told: bool) -> None:
    assert (redis_server.clients("Redis", {"maxclients": most, "connected_clients": now}) is not None) is told


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (redis.AuthenticationError("WRONGPASS ersecret"), "does not take the login"),
        (redis.ResponseError("NOAUTH Authentication required."), "does not take the login"),
        (NoPermissionError("User ersecret has no permissions to run the 'select' command"), "may not use a command"),
        (redis.ConnectionError("Error -2 connecting to ersecret:1. Name or service not known."), "not known here"),
        (redis.ConnectionError("max number of clients reached"), "no more clients"),
        (redis.BusyLoadingError("loading"), "loading its data"),
        (redis.ResponseError("ERR ersecret"), "answers with an error"),
        (redis.InvalidResponse("H ersecret"), "does not speak as Redis"),
        (redis.ConnectionError("Connection closed by server."), "closed the connection"),
        (redis.ConnectionError("Protocol Error: b'ersecret'"), "does not speak as Redis"),
    ],
)
def test_each_refusal_has_its_sentence(error: redis.RedisError, said: str) -> None:
    found = refusal("Redis", "redis://:ersecret@127.0.0.1/0", error)
    assert (found.level, said in found.said, "ersecret" in str(found)) == (Level.FAULT, True, False)
