from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from brokersync import datafolder
from models.event import DeliveryState, EventDelivery, Target
from models.session import Database
from tests.brokersync.command_line import run
from tests.records import a_connection
from tests.worker.delivery.given import an_event, written
from tests.worker.receiver import receiver
from worker.delivery import outbox

SECRET = "S3CRET"
WEBHOOK_SECRET = f"whsec_{base64.b64encode(bytes(32)).decode()}"


def a_closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.usefixtures("bare")
def test_with_nobody_to_tell_a_test_says_what_to_set() -> None:
    ran = run("notify", "--test")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("Error: There is nobody to be told. Set NOTIFY_URLS to where people are told")


@pytest.mark.sockets
@pytest.mark.processes
@pytest.mark.usefixtures("bare")
def test_a_test_message_reaches_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as people, receiver() as program:
        monkeypatch.setenv("NOTIFY_URLS", f"json://me:{SECRET}@127.0.0.1:{people.port}")
        monkeypatch.setenv("WEBHOOK_URL", program.url)
        monkeypatch.setenv("WEBHOOK_SECRET", WEBHOOK_SECRET)
        monkeypatch.setenv("WEBHOOK_PRIVATE", "yes")
        ran = run("notify", "--test")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split() for line in ran.out.splitlines()] == [
        ["✓", "1", "json://127.0.0.1", "JSON", "took", "the", "test", "message"],
        ["✓", "webhook", "http://127.0.0.1", "—", "took", "the", "test", "message"],
    ]
    assert json.loads(people.received[0].body)["title"] == "brokersync: a test"
    told = json.loads(program.received[0].body)
    assert (told["event"], told["broker"], told["connection_id"]) == ("test", None, None)


@pytest.mark.sockets
@pytest.mark.processes
@pytest.mark.usefixtures("bare")
def test_who_did_not_take_it_is_named_without_a_secret_and_with_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver((401, {})) as refusing, receiver((500, {})) as program:
        urls = [
            f"json://me:{SECRET}@127.0.0.1:{refusing.port}/{SECRET}",
            f"json://127.0.0.1:{a_closed_port()}/{SECRET}",
            f"nothing://{SECRET}",
        ]
        monkeypatch.setenv("NOTIFY_URLS", " ".join(urls))
        monkeypatch.setenv("WEBHOOK_URL", f"{program.url}?{SECRET}")
        monkeypatch.setenv("WEBHOOK_SECRET", WEBHOOK_SECRET)
        monkeypatch.setenv("WEBHOOK_PRIVATE", "yes")
        ran = run("notify", "--test", "--json")
    assert (ran.code, ran.err) == (1, "")
    targets = ran.document["targets"]
    assert [(each["target"], each["name"], each["ok"]) for each in targets] == [
        ("people/1", "1 json://127.0.0.1", False),
        ("people/2", "2 json://127.0.0.1", False),
        ("people/3", "3 nothing://…", False),
        ("webhook", "webhook http://127.0.0.1", False),
    ]
    assert [each["said"] for each in targets[:2]] == ["It answered with status 401", "It could not be reached"]
    assert targets[0]["remedy"].startswith("check the user, password or token in it")
    assert "500" in targets[3]["said"]
    assert SECRET not in ran.out


@pytest.mark.servers
@pytest.mark.processes
def test_what_is_set_up_is_shown_and_what_cannot_be_used(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("notify").out.startswith("Nobody is told of a login that ends. Set NOTIFY_URLS")
    monkeypatch.setenv("NOTIFY_URLS", f"json://127.0.0.1:1 nothing://{SECRET}")
    ran = run("notify")
    assert ran.code == 0
    first, second = ran.out.splitlines()[:2]
    assert first.split() == ["✓", "1", "json://127.0.0.1", "JSON", "set", "up"]
    assert second.startswith("✗  2 nothing://…")
    assert "No event waits to be delivered, and none was given up." in ran.out


@pytest.mark.servers
def test_what_waits_and_what_was_given_up_is_shown(stored: Database) -> None:
    connection_id = a_connection(stored)
    written(stored, connection_id, "login_ending", "linked")
    first, second = outbox.take(stored, Target.WEBHOOK, 2)
    outbox.failed(stored, [first], "It answered with status 503", lambda: 0.5, retry=False)
    outbox.failed(stored, [second], "It answered with status 503", lambda: 0.5)
    ran = run("notify")
    assert "Waiting to be delivered: 3. Given up in the last 30 days: 1." in ran.out
    assert "given up" in ran.out
    assert "tried once" in ran.out
    document = run("notify", "--json").document
    assert (document["waiting"], document["given_up"], len(document["deliveries"])) == (3, 1, 4)
    (dead,) = [each for each in document["deliveries"] if each["state"] == "given_up"]
    assert (dead["event"], dead["target"], dead["connection_id"]) == ("login_ending", "webhook", str(connection_id))
    assert (dead["last_error"], dead["next_try_at"]) == ("It answered with status 503", None)


@pytest.mark.servers
def test_what_nobody_was_set_up_for_in_the_last_day_is_counted(stored: Database) -> None:
    assert "Not delivered in the last day" not in run("notify").out
    connection_id = a_connection(stored)
    written(stored, connection_id, "login_ending")
    old = an_event(at=datetime.now(UTC) - timedelta(hours=25), deliveries=[EventDelivery(target="webhook")])
    with stored.session() as session:
        session.add(old)
        session.flush()
        session.execute(update(EventDelivery).values(state=DeliveryState.UNWANTED, next_try_at=None))
    assert "Not delivered in the last day: 1, since nobody is set up for them" in run("notify").out
    assert run("notify", "--json").document["unwanted"] == 1


@pytest.mark.servers
@pytest.mark.processes
def test_what_waits_for_a_target_that_is_not_set_up_here_does_not_wait(
    stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(stored, a_connection(stored), "login_ending")

    def counted() -> tuple[int, list[str], int]:
        document = run("notify", "--json").document
        targets = sorted(each["target"] for each in document["deliveries"])
        return document["waiting"], targets, document["unwanted"]

    assert counted() == (1, ["subscribers"], 1)
    monkeypatch.setenv("NOTIFY_URLS", "json://127.0.0.1:1")
    assert counted() == (2, ["people", "subscribers"], 0)
    with stored.session() as session:
        session.execute(update(EventDelivery).where(EventDelivery.target == "people").values(target="people/2"))
    assert counted() == (1, ["subscribers"], 1)
    monkeypatch.setenv("WEBHOOK_URL", "http://127.0.0.1:9/events")
    monkeypatch.setenv("WEBHOOK_SECRET", WEBHOOK_SECRET)
    assert counted() == (2, ["subscribers", "webhook"], 1)


@pytest.mark.servers
def test_a_webhook_that_is_never_sent_to_is_no_tick(stored: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_URL", "http://127.0.0.1:9/events")
    monkeypatch.setenv("WEBHOOK_SECRET", WEBHOOK_SECRET)
    monkeypatch.setenv("WEBHOOK_PRIVATE", "no")
    first, second = run("notify").out.splitlines()[:2]
    assert first.startswith("✗  webhook http://127.0.0.1")
    assert "WEBHOOK_PRIVATE" in first + second
    monkeypatch.setenv("WEBHOOK_PRIVATE", "yes")
    assert run("notify").out.startswith("✓  webhook http://127.0.0.1")


@pytest.fixture
def demo(bare: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A demo that tells nobody runs in this folder. What a command takes from its environment is put back."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    with datafolder.owned(bare) as folder:
        folder.write_environment({"REDIS_URL": "redis://127.0.0.1:1/0"})
        yield


@pytest.mark.usefixtures("demo")
def test_while_a_demo_runs_its_settings_are_what_counts_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_URLS", "json://127.0.0.1:1")
    ran = run("notify", "--test")
    assert (ran.code, ran.out) == (3, "")
    told, error = ran.err.splitlines()
    assert told.startswith("A demo runs in this folder: these are its settings")
    assert error.endswith("There is nobody to be told. Start the demo anew with `brokersync demo --notify URL`.")
