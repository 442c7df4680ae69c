"""The command line with a real worker and a real sandbox behind it."""

from __future__ import annotations

import pytest

from tests.end_to_end.commands import brokersync, run
from tests.end_to_end.installation import Installation, Linked, follow_link

pytestmark = pytest.mark.processes


def test_a_sync_that_is_waited_for_brings_what_was_traded(installation: Installation, demo: Linked) -> None:
    number = installation.sandbox_accounts("demo")[0]["number"]
    brokersync(installation, "sandbox", "trade", "buy", "VTI", "1.25", "--account", number)
    (ran,) = brokersync(installation, "sync", "--connection", demo.connection_id[:8], "--wait")["runs"]
    assert (ran["connection_id"], ran["outcome"]) == (demo.connection_id, "ok")
    assert sorted(account["outcome"] for account in ran["accounts"]) == ["ok", "unchanged", "unchanged"]
    account = demo.accounts()[number[-3:]]
    held = brokersync(installation, "positions", "--account", account)["positions"]
    assert {row["symbol"]: row["quantity"] for row in held}["VTI"] == "1.25"


def test_one_account_is_synced_by_itself(installation: Installation, demo: Linked) -> None:
    account = next(iter(demo.accounts().values()))
    (ran,) = brokersync(installation, "sync", "--account", account, "--force", "--wait")["runs"]
    assert ran["outcome"] in {"ok", "unchanged"}
    assert [each["account_id"] for each in ran["accounts"]] == [account]


def test_a_sync_that_failed_says_so_with_code_1(installation: Installation, demo: Linked) -> None:
    brokersync(installation, "sandbox", "faults", "html_ok")
    (ran,) = brokersync(installation, "sync", "--connection", demo.connection_id, "--wait", code=1)["runs"]
    assert ran["outcome"] == "failed"
    assert ran["error"].startswith("bad_answer: GET /accounts: ")


def test_one_bad_account_does_not_hide_those_that_were_read(installation: Installation, demo: Linked) -> None:
    brokersync(installation, "sandbox", "faults", "missing_positions")
    (ran,) = brokersync(installation, "sync", "--connection", demo.connection_id, "--wait", code=1)["runs"]
    assert {account["outcome"] for account in ran["accounts"]} == {"failed", "unchanged"}


def test_a_disconnected_login_cannot_be_synced_and_says_why(installation: Installation) -> None:
    linked = installation.link("bob", "user-of-the-command-line")
    brokersync(installation, "disconnect", linked.connection_id, "--yes")
    refused = run(installation, "sync", "--connection", linked.connection_id, "--wait", code=1)
    assert refused.stdout == ""
    assert f"Connection {linked.connection_id} of user user-of-the-command-line is disconnected" in refused.stderr


def test_a_link_from_the_command_line_repairs_the_same_connection(installation: Installation) -> None:
    linked = installation.link("alice", "repairing")
    made = brokersync(installation, "link", "--repair", linked.connection_id[:8])
    assert follow_link(made["url"], "alice").status == 200
    (connection,) = brokersync(installation, "connections", "--user", "repairing")["connections"]
    assert (connection["id"], connection["status"]) == (linked.connection_id, "active")


def test_the_doctor_finds_nothing_wrong_but_that_this_redis_saves_nothing(
    installation: Installation, demo: Linked
) -> None:
    examined = brokersync(installation, "doctor")
    assert [each["said"][:16] for each in examined["findings"] if each["level"] != "ok"] in ([], ["It keeps nothing"])
    fine = {each["check"] for each in examined["findings"] if each["level"] == "ok"}
    assert {"Worker", "Beat", "PostgreSQL", "Room", "Tables", "Web app", "Charles Schwab", "Clock"} <= fine
