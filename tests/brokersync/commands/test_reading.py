"""The commands that only look: connections, accounts, positions, summary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from models.session import Database
from tests.brokersync.command_line import run
from tests.brokersync.rows import a_login
from tests.records import a_connection, an_account

pytestmark = pytest.mark.servers

READING = ("connections", "accounts", "positions")
NUMBER, ANOTHER_NUMBER = "77310452", "55120937"


def numbers_in(value: object) -> list[object]:
    """Every JSON number in a document."""
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers_in(item)]
    if isinstance(value, list):
        return [number for item in value for number in numbers_in(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_a_table_shows_what_is_stored(stored: Database) -> None:
    connection_id, account_id = a_login(stored)
    assert f"{str(connection_id)[:8]}    42    schwab  active  in 6 d 23 h" in run("connections").out
    assert "$19,046.56  $4,488.10  12 s ago" in run("accounts").out
    assert str(account_id)[:8] in run("accounts").out
    assert "F                 EQ         700    11.21  11.86  $8,302.00  +$456.60" in run("positions").out


def test_a_document_holds_amounts_as_strings(stored: Database) -> None:
    a_login(stored)
    (account,) = run("accounts", "--json").document["accounts"]
    assert (account["masked"], account["net_liq"], account["cash"], account["proof"]) == (
        "…452",
        "19046.56",
        "4488.10",
        None,
    )
    shares, option = run("positions", "--json").document["positions"]
    assert (shares["symbol"], shares["quantity"], shares["avg_price"]) == ("F", "700", "11.207714285714")
    assert (option["quantity"], option["strike"], option["expiry"]) == ("-5", "11.000", "2027-01-15")
    counts = {"version": 2, "consecutive_failures": 0, "sync_interval": 300}
    for command in READING:
        assert set(numbers_in(run(command, "--json").document)) <= set(counts.values())


def test_no_document_or_table_holds_the_account_number(stored: Database) -> None:
    a_login(stored, NUMBER)
    for command in READING:
        for arguments in ([], ["--json"]):
            assert NUMBER not in run(command, *arguments).out


def test_users_are_kept_apart(stored: Database) -> None:
    mine, my_account = a_login(stored, NUMBER, user_id="me")
    a_login(stored, ANOTHER_NUMBER, user_id="you")
    assert [each["id"] for each in run("connections", "--user", "me", "--json").document["connections"]] == [str(mine)]
    assert [each["id"] for each in run("accounts", "--user", "me", "--json").document["accounts"]] == [str(my_account)]
    positions = run("positions", "--user", "me", "--json").document["positions"]
    assert {each["account_id"] for each in positions} == {str(my_account)}


def test_a_beginning_of_an_id_chooses(stored: Database) -> None:
    connection_id, account_id = a_login(stored, NUMBER)
    a_login(stored, ANOTHER_NUMBER)
    accounts = run("accounts", "--connection", str(connection_id)[:8], "--json").document["accounts"]
    assert [each["id"] for each in accounts] == [str(account_id)]
    positions = run("positions", "--account", str(account_id)[:8], "--json").document["positions"]
    assert {each["account_id"] for each in positions} == {str(account_id)}


def test_an_unknown_id_is_a_failure_that_says_where_to_look(stored: Database) -> None:
    ran = run("positions", "--account", "ffffffff")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "Error: There is no account ffffffff: `brokersync accounts` lists them.\n"


def test_where_there_is_nothing_it_says_what_comes_first(stored: Database) -> None:
    assert "`brokersync link`" in run("connections").out
    assert "`brokersync connections`" in run("accounts").out
    assert "`brokersync accounts`" in run("positions").out
    assert [run(command, "--json").document for command in READING] == [{command: []} for command in READING]


def test_what_is_wrong_with_a_connection_is_told(stored: Database) -> None:
    a_connection(stored, last_error_kind="bad_answer", last_error_text="GET /accounts: an HTML page")
    assert "bad answer: GET /accounts: an HTML page" in run("connections").out


def test_a_summary_is_that_of_the_task(stored: Database) -> None:
    _, account_id = a_login(stored)
    by_account = run("summary", "--account", str(account_id)[:8], "--json").document
    assert by_account == run("summary", "--user", "42", "--json").document
    assert by_account["net_liquidating_value"] == "$19,046.56"
    assert by_account["equity_percentage"] == "—"
    assert "Stock buying power            $88,853.04" in run("summary", "--user", "42").out


def test_a_summary_needs_an_account_or_a_user_that_has_one(stored: Database) -> None:
    assert run("summary").code == 2
    ran = run("summary", "--user", "nobody")
    assert (ran.code, ran.err) == (1, "Error: User nobody has no account.\n")


def test_of_a_user_who_is_not_linked_it_says_who_is(stored: Database) -> None:
    a_login(stored, NUMBER, user_id="anna")
    a_login(stored, ANOTHER_NUMBER, user_id="bert")
    said = "User ana has no login here. Did you mean 'anna'? `brokersync connections` lists who has one: anna, bert.\n"
    for command in READING:
        assert run(command, "--user", "ana").out == said
    ran = run("summary", "--user", "ana")
    assert (ran.code, ran.out, ran.err) == (1, "", f"Error: {said}")


def test_a_summary_of_one_of_several_accounts_says_so(stored: Database) -> None:
    connection_id, account_id = a_login(stored, NUMBER)
    assert "one of" not in run("summary", "--user", "42").out
    an_account(stored, connection_id, ANOTHER_NUMBER)
    said = "\nThis is one of 2 accounts: `brokersync accounts --user 42` lists them, and --account chooses.\n"
    assert said in run("summary", "--user", "42").out
    assert "one of" not in run("summary", "--account", str(account_id)).out
    assert "one of" not in run("summary", "--user", "42", "--json").out


@pytest.mark.parametrize(
    ("status", "happened"), [("reauth_required", "has ended"), ("disconnected", "was disconnected")]
)
def test_data_whose_login_is_no_more_say_so_with_the_command_that_renews_it(
    status: str, happened: str, stored: Database
) -> None:
    connection_id, _ = a_login(stored, NUMBER, status=status)
    a_login(stored, ANOTHER_NUMBER, user_id="7")
    a_connection(stored, status=status)  # it has no data that are shown
    said = (
        f"\n\nThe login of user 42 {happened}, so these data are confirmed no more; renew it with\n"
        f"  brokersync link --repair {str(connection_id)[:8]}\n"
    )
    for command in ("accounts", "positions"):
        shown = run(command).out
        assert " ".join(shown.split()).endswith(" ".join(said.split()))
        assert all(len(line) <= 80 for line in shown.splitlines())
        assert shown.count(happened) == 1
        assert happened not in run(command, "--user", "7").out


def test_below_the_accounts_stands_what_is_left_of_their_logins(stored: Database) -> None:
    now = datetime.now(UTC)
    connection_id, _ = a_login(stored, NUMBER, login_expires_at=now + timedelta(hours=23, minutes=30))
    a_login(stored, ANOTHER_NUMBER, user_id="7")
    shown = run("accounts").out
    assert f"\n\nThe login of {str(connection_id)[:8]} of user 42 ends in 23 h " in shown
    assert f"\n  renew it with brokersync link --repair {str(connection_id)[:8]}\n" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "\n\nThe login ends in 6 d 23 h (" in run("accounts", "--user", "7").out


def test_accounts_and_connections_tell_programs_when_the_login_ends(stored: Database) -> None:
    a_login(stored, NUMBER)
    (account,) = run("accounts", "--json").document["accounts"]
    (connection,) = run("connections", "--json").document["connections"]
    assert account["login_expires_at"] == connection["login_expires_at"]
    assert datetime.fromisoformat(account["login_expires_at"]) > datetime.now(UTC)


def test_a_database_without_tables_points_to_init_db(
    stored: Database, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    ran = run("accounts")
    assert (ran.code, ran.out) == (1, "")
    assert "`brokersync init-db`" in ran.err


def test_a_database_that_does_not_answer_is_named_without_its_password(
    stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/x")
    ran = run("accounts")
    assert ran.code == 1
    assert ran.err.startswith("Error: PostgreSQL cannot be used")
    assert len(ran.err.splitlines()) == 1
    assert "secret" not in ran.err
