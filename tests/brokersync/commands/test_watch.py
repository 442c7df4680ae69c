"""`brokersync watch` as a process, as a person or a program has it."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from models.session import Database
from tests.brokersync.followed import an_event
from tests.brokersync.own_redis import OwnRedis, own_redis
from tests.brokersync.owners import until
from tests.brokersync.programs import ended, line, running
from tests.brokersync.rows import a_login

pytestmark = pytest.mark.servers


def document(account_id: object, version: int, net_liq: float, user_id: str = "42", connection_id: object = "c") -> str:
    owner = {"user_id": user_id, "connection_id": str(connection_id)}
    return _document(account_id, version, kind="balances", net_liq=net_liq, cash=700, **owner)


def holding(account_id: object, version: int, value: float, user_id: str = "42") -> str:
    option = {"underlying": None, "expiry": None, "strike": None, "put_call": None}
    row = {
        "instrument_key": "F",
        "symbol": "F",
        "asset_type": "EQ",
        "qty": 700,
        "market_value": value,
        **option,
        "currency": "USD",
    }
    positions = [{**row, "mark_price": round(value / 700, 4)}]
    return _document(account_id, version, kind="positions", positions=positions, user_id=user_id, connection_id="c")


def _document(account_id: object, version: int, **more: object) -> str:
    at = datetime.now(UTC).isoformat()
    envelope = {"schema": 1, "account_id": str(account_id), "version": version, "fetched_at": at}
    return json.dumps({**envelope, "currency": "USD", **more})


def store(client: redis.Redis, account_id: object, version: int, net_liq: float, value: float) -> None:
    client.set(f"live_data:latest:balances:{account_id}", document(account_id, version, net_liq))
    client.set(f"live_data:latest:positions:{account_id}", holding(account_id, version, value))


def publish(client: redis.Redis, account_id: object, version: int, net_liq: float, value: float) -> None:
    client.publish(f"live_data:balances:{account_id}", document(account_id, version, net_liq))
    client.publish(f"live_data:positions:{account_id}", holding(account_id, version, value))


@pytest.fixture
def server(stored: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnRedis]:
    """A Redis that the test may kill, which the shell is configured for."""
    with own_redis(tmp_path) as started:
        monkeypatch.setenv("REDIS_URL", started.url)
        yield started


def test_it_shows_what_is_there_and_each_change_until_ctrl_c(stored: Database, redis_client: redis.Redis) -> None:
    _, account_id = a_login(stored)
    store(redis_client, account_id, 2, 19046.56, 8302)
    with running("watch", "--user", "42") as process:
        assert "…452  v2   $19,046.56  1 position" in line(process)
        publish(redis_client, account_id, 3, 19058.86, 8316)
        assert "…452  v3   $19,058.86  +$12.30  F 11.86 → 11.88 +$14.00" in line(process)
        code, out, err = ended(process, signal.SIGINT)
    assert (code, out) == (0, "")
    assert err.strip() == "Watching 1 account. Ctrl-C ends it."


def test_programs_get_one_document_a_line_with_amounts_as_strings(stored: Database, redis_client: redis.Redis) -> None:
    _, account_id = a_login(stored)
    redis_client.set(f"live_data:latest:balances:{account_id}", document(account_id, 2, 19046.56))
    with running("watch", "--account", str(account_id)[:8], "--json") as process:
        seen = json.loads(line(process))
        assert (seen["version"], seen["net_liq"], seen["cash"]) == (2, "19046.56", "700")
        assert ended(process, signal.SIGINT) == (0, "", "\n")


def test_one_connection_is_watched_by_the_beginning_of_its_id(stored: Database, redis_client: redis.Redis) -> None:
    connection_id, account_id = a_login(stored)
    with running("watch", "--connection", str(connection_id)[:8], "--json") as process:
        _wait_for_subscriber(redis_client)
        for version, of_connection in enumerate(("another", connection_id), 1):
            message = document(account_id, version, 1, connection_id=of_connection)
            redis_client.publish(f"live_data:balances:{account_id}", message)
        assert json.loads(line(process))["version"] == 2


def test_what_happens_to_a_connection_is_told_in_a_line_with_what_to_do(
    stored: Database, redis_client: redis.Redis
) -> None:
    connection_id, account_id = a_login(stored)
    for options in (("--user", "42"), ("--connection", str(connection_id)), ("--account", str(account_id))):
        with running("watch", *options) as process:
            _wait_for_subscriber(redis_client)
            redis_client.publish("live_data:connections:43", an_event("1", user_id="43"))
            event = an_event("2", connection_id=str(connection_id), action=f"brokersync link --repair {connection_id}")
            redis_client.publish("live_data:connections:42", event)
            short = str(connection_id)[:8]
            assert line(process) == f"18:00:15  {short}  its login ends in 48 h:\n"
            assert line(process) == f"          brokersync link --repair {short}\n"
            assert ended(process, signal.SIGINT)[0] == 0


def test_programs_get_connection_events_as_they_came(stored: Database, redis_client: redis.Redis) -> None:
    event = an_event("2")
    with running("watch", "--json") as process:
        _wait_for_subscriber(redis_client)
        redis_client.publish("live_data:connections:42", event)
        assert json.loads(line(process)) == json.loads(event)
        assert ended(process, signal.SIGINT) == (0, "", "\n")


def test_connection_events_are_told_again_after_a_restart_of_redis(stored: Database, server: OwnRedis) -> None:
    _, account_id = a_login(stored)
    with server.client() as client:
        client.set(f"live_data:latest:balances:{account_id}", document(account_id, 2, 1))
    with running("watch", "--json") as process:
        assert json.loads(line(process))["version"] == 2
        server.kill()
        server.start()
        with server.client() as client:
            _wait_for_subscriber(client)
            client.publish("live_data:connections:42", an_event("2"))
        assert json.loads(line(process))["event_id"] == "2"
        assert ended(process, signal.SIGINT)[:2] == (0, "")


def test_it_ends_quietly_when_its_reader_goes_away(stored: Database, redis_client: redis.Redis) -> None:
    _, account_id = a_login(stored)
    redis_client.set(f"live_data:latest:balances:{account_id}", document(account_id, 2, 1))
    with running("watch", "--json") as process:
        line(process)
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        redis_client.publish(f"live_data:balances:{account_id}", document(account_id, 3, 2))
        assert process.stderr.read() == ""
        assert process.wait(10) == 0
        process.stderr.close()
        process.stdout = process.stderr = None


def test_an_account_that_is_linked_meanwhile_is_seen_by_its_number_and_another_users_is_not(
    stored: Database, redis_client: redis.Redis
) -> None:
    with running("watch", "--user", "42") as process:
        assert process.stderr
        assert process.stderr.readline() == (
            "There is no such account yet; one that is linked is shown. Ctrl-C ends it.\n"
        )
        _wait_for_subscriber(redis_client)
        _, account_id = a_login(stored)
        publish(redis_client, "6f1c03aa-0000-4000-8000-00000000000b", 1, 1, 1)
        redis_client.publish("live_data:balances:b", document("b", 1, 5, user_id="43"))
        redis_client.publish("live_data:positions:b", holding("b", 1, 5, user_id="43"))
        publish(redis_client, account_id, 1, 19046.56, 8302)
        assert "  6f1c03aa  v1   $1.00" in line(process)
        assert "  …452  v1   $19,046.56  1 position" in line(process)


def test_a_redis_that_restarts_is_told_once_each_way_and_nothing_is_missed(stored: Database, server: OwnRedis) -> None:
    _, account_id = a_login(stored)
    with server.client() as client:
        store(client, account_id, 2, 19046.56, 8302)
    with running("watch") as process:
        assert "  …452  v2" in line(process)
        server.kill()
        assert "  Redis does not answer since " in line(process)
        server.start()
        with server.client() as client:
            store(client, account_id, 4, 19060.56, 8316)
        assert "  Redis answers again, after " in line(process)
        assert "…452  v4   $19,060.56  +$14.00  F 11.86 → 11.88 +$14.00" in line(process)
        code, out, err = ended(process, signal.SIGINT)
    assert (code, out) == (0, "")
    assert err.splitlines() == ["Watching 1 account. Ctrl-C ends it.", ""]


def test_ctrl_c_ends_it_at_once_while_redis_hangs_or_is_gone(stored: Database, server: OwnRedis) -> None:
    _, account_id = a_login(stored)
    with server.client() as client:
        store(client, account_id, 2, 19046.56, 8302)
    with running("watch", "--json") as process:
        assert [json.loads(line(process))["kind"] for _ in range(2)] == ["balances", "positions"]
        server.hang()
        assert ended_within(process, 3.0) == (0, "")
        server.go_on()
    with running("watch", "--json") as process:
        assert [json.loads(line(process))["kind"] for _ in range(2)] == ["balances", "positions"]
        server.kill()
        assert process.stderr
        # A program's notes are sentences on standard error.
        assert "  Redis does not answer since " in process.stderr.readline()
        assert ended_within(process, 3.0) == (0, "")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://:wrong@{at}", "does not take the login"),
        ("redis://127.0.0.1:1/0", "127.0.0.1:1"),
    ],
)
def test_a_redis_that_cannot_be_used_at_the_start_is_an_error_that_says_what_to_do(
    server: OwnRedis, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url.format(at=server.url.partition("@")[2]))
    with running("watch") as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    error = err.splitlines()[-1]
    assert error.startswith("Error: Redis")
    assert said in error
    assert "REDIS_URL" in error
    assert "Traceback" not in err


def ended_within(process: subprocess.Popen[str], seconds: float) -> tuple[int, str]:
    """Exit code and standard output after Ctrl-C."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=seconds)
    assert "Traceback" not in err
    return process.returncode, out


def _wait_for_subscriber(client: redis.Redis) -> None:
    assert until(lambda: client.pubsub_numpat() > 0)
