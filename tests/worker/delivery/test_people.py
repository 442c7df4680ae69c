"""Apprise in a process of its own, and real servers of ours as its targets."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from brokersync import notifying
from settings import Settings
from tests.records import a_connection
from tests.worker.delivery.given import an_event, deliveries, written
from tests.worker.delivery.targets import a_mail_server, dripping, flooding
from tests.worker.receiver import receiver
from worker.delivery import people
from worker.delivery.addresses import Address
from worker.delivery.deliver import deliver_events
from worker.delivery.notices import Told, notice, trial_notice
from worker.delivery.people import UNUSABLE, Answer, send
from worker.parts import Parts

pytestmark = [pytest.mark.sockets, pytest.mark.processes]

SECRET = "S3CRET"
NOTICE = trial_notice()


def an_address(url: str) -> Address:
    return Address(1, url)


def test_a_notice_arrives_as_it_was_written() -> None:
    told = notice(Told(an_event(), "IRA", "Europe/Berlin"))
    with receiver() as target:
        sent = send(an_address(f"json://me:{SECRET}@127.0.0.1:{target.port}/x"), [told])
    assert (sent.service, sent.answers) == ("JSON", (Answer(True),))
    (request,) = target.received
    document = json.loads(request.body)
    assert (document["title"], document["message"], document["type"]) == (told.title, told.body, "warning")


def test_a_mail_arrives() -> None:
    with a_mail_server() as (port, lines):
        url = f"mailto://127.0.0.1:{port}?smtp=127.0.0.1&from=brokersync@example.org&to=me@example.org&mode=insecure"
        assert send(an_address(url), [notice(Told(an_event()))]).answers == (Answer(True),)
    assert "rcpt TO:<me@example.org>" in lines
    assert any(line.startswith("Subject:") and "Login ending soon" in line for line in lines)


def test_every_notice_has_an_answer_of_its_own() -> None:
    with receiver((204, {}), (503, {}), (204, {})) as target:
        sent = send(an_address(f"json://127.0.0.1:{target.port}"), [NOTICE] * 3)
    assert sent.answers == (Answer(True), Answer(False, "It answered with status 503"), Answer(True))


def test_nobody_there_is_told_from_somebody_who_does_not_take_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert send(an_address(f"json://127.0.0.1:{port}"), [NOTICE]).answers == (Answer(False, "It could not be reached"),)


@pytest.mark.parametrize("url", ["nothing://host", "not an address", "slack://", f"tgram://{SECRET}"])
def test_an_address_that_apprise_cannot_use_is_told_as_such(url: str) -> None:
    assert send(an_address(url), []).service is None
    sent = send(an_address(url), [NOTICE, NOTICE])
    assert sent.answers == (UNUSABLE,) * 2


def test_a_usable_address_is_known_without_sending() -> None:
    sent = send(an_address(f"slack://{SECRET[:1]}1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"), [])
    assert (sent.service, sent.answers) == ("Slack", ())


def test_a_target_that_hangs_beyond_every_time_out_of_apprise_is_cut_off() -> None:
    began = time.monotonic()
    with dripping() as port:
        sent = send(an_address(f"json://127.0.0.1:{port}"), [NOTICE, NOTICE], timedelta(seconds=3))
    assert sent.answers == (Answer(False, "It had not taken the message within 3 s"),)
    assert time.monotonic() - began < 8


def test_a_target_that_answers_without_end_gets_no_more_memory_than_apprise_needs() -> None:
    most = 1 << 30
    with flooding(most) as (port, sent):
        answers = send(an_address(f"json://127.0.0.1:{port}"), [NOTICE]).answers
    assert answers == (Answer(False, "It answered without end"),)
    assert sent[0] < most


def test_what_there_is_no_time_for_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PEOPLE_BEGIN", timedelta(0))
    with receiver() as target:
        sent = send(an_address(f"json://127.0.0.1:{target.port}"), [NOTICE] * 3)
    assert sent.answers == (Answer(True),), "but one is always tried"


def a_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *lines: str) -> None:
    """In the place of the process in which Apprise runs."""
    program = tmp_path / "child.py"
    program.write_text("\n".join(["import json, sys, time", *lines]))
    monkeypatch.setattr(people, "_CHILD", program)


KNOWN = """print(json.dumps({"service": "Slack"}), flush=True)"""


def test_a_process_that_breaks_off_is_a_failure_not_a_notice_without_an_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    a_child(monkeypatch, tmp_path, KNOWN, "sys.exit(1)")
    sent = send(an_address("json://127.0.0.1:1"), [NOTICE] * 2)
    assert sent.answers == (Answer(False, "Apprise broke off while it was sending"),)
    assert sent.fault is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sys.exit(1)", "Apprise broke off before it had looked at it"),
        ("time.sleep(20)", "Apprise had not looked at it within 1 s"),
    ],
)
def test_of_an_address_that_was_not_looked_at_nobody_says_that_it_cannot_be_used(
    line: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    a_child(monkeypatch, tmp_path, line)
    at_once = timedelta(seconds=1)
    assert send(an_address("json://127.0.0.1:1"), [NOTICE] * 2, at_once).answers == (Answer(False, said),)
    monkeypatch.setattr(people.send, "__defaults__", (at_once,))
    (target,) = notifying.set_up(Settings(notify_urls="json://127.0.0.1:1"))
    assert target.said == said


def test_the_process_gets_no_key_or_password_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}
    real = subprocess.run

    def noted(*arguments: object, **options: object) -> object:
        seen.update(options, arguments=arguments)
        return real(*arguments, **options)

    monkeypatch.setattr(subprocess, "run", noted)
    for name in ("ENCRYPTION_KEY", "DATABASE_URL", "NOTIFY_URLS", "SCHWAB_CLIENT_SECRET"):
        monkeypatch.setenv(name, SECRET)
    send(an_address(f"json://{SECRET}@127.0.0.1:1"), [])
    assert SECRET not in str(seen["env"])
    assert SECRET not in str(seen["arguments"]), "everybody on this machine can read a command line"
    assert os.environ["PATH"] == seen["env"]["PATH"]


def test_the_worker_does_not_load_apprise() -> None:
    loads = "import sys, worker.tasks; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loads], check=False).returncode == 0


@pytest.mark.servers
def test_no_secret_of_a_failing_target_reaches_our_logs_or_the_database(
    parts: Parts, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.NOTSET)
    with receiver((401, {"X-Said": SECRET})) as refusing, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        urls = [
            f"json://me:{SECRET}@127.0.0.1:{refusing.port}/{SECRET}?+X-Key={SECRET}",
            f"json://me:{SECRET}@127.0.0.1:{port}/{SECRET}",
            f"nothing://{SECRET}/{SECRET}",
            f"tgram://{SECRET}",
        ]
        parts.settings = replace(parts.settings, notify_urls=" ".join(urls))
        written(parts.database, a_connection(parts.database), "reauth_required", reason="ended by the broker")
        deliver_events(parts)
    told = [(each.target, each.state, each.last_error) for each in deliveries(parts.database) if "/" in each.target]
    assert told == [
        ("people/1", "pending", "It answered with status 401"),
        ("people/2", "pending", "It could not be reached"),
        ("people/3", "pending", UNUSABLE.said),
        ("people/4", "pending", UNUSABLE.said),
    ]
    assert SECRET not in caplog.text + "".join(map(str, (record.__dict__ for record in caplog.records)))
    assert SECRET not in "".join(capfd.readouterr())


@pytest.mark.servers
def test_a_target_that_hangs_keeps_nothing_from_the_others(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    written(parts.database, a_connection(parts.database), "login_ending")
    monkeypatch.setattr(people.send, "__defaults__", (timedelta(seconds=3),))
    with dripping() as port, receiver() as target:
        parts.settings = replace(parts.settings, notify_urls=f"json://127.0.0.1:{port} json://127.0.0.1:{target.port}")
        run = threading.Thread(target=deliver_events, args=(parts,))
        run.start()
        end = time.monotonic() + 2.9
        while not [
            each for each in deliveries(parts.database) if (each.target, each.state) == ("people/2", "delivered")
        ]:
            assert time.monotonic() < end, "it waited for the one that hangs"
            time.sleep(0.05)
        run.join(20)
        assert len(target.received) == 1


def test_a_process_whose_worker_was_killed_ends_by_itself() -> None:
    with dripping() as port:
        url = f"json://127.0.0.1:{port}"
        notices = [{"title": "t", "body": "b", "urgency": "info"}]
        request = json.dumps({"url": url, "notices": notices, "begin_within": 10, "end_after": 1})
        orphan = [sys.executable, "-P", str(people._CHILD)]
        ended = subprocess.run(orphan, input=request.encode(), timeout=15, check=False)
    assert ended.returncode == -signal.SIGALRM
