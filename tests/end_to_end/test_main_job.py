"""Link → sync → rows and messages, with real processes over real HTTP."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
import redis

from brokersync.demo.browser import Browser
from tests.end_to_end.installation import Installation, Linked, follow_link, until

pytestmark = pytest.mark.processes


def test_every_number_in_the_rows_is_the_brokers_to_the_cent(installation: Installation, demo: Linked) -> None:
    ours = demo.accounts()
    for theirs in installation.sandbox_accounts("demo"):
        account_id = ours[theirs["number"][-3:]]
        ((net_liq, cash, kind),) = installation.rows(
            "SELECT net_liq, cash, type FROM v_accounts WHERE account_id = :a", a=account_id
        )
        assert (net_liq, cash, kind) == (Decimal(theirs["liquidation_value"]), Decimal(theirs["cash"]), theirs["type"])
        held = installation.rows(
            "SELECT symbol, quantity, market_value FROM v_positions WHERE account_id = :a", a=account_id
        )
        assert sorted(held) == sorted(
            (row["symbol"], Decimal(row["quantity"]), Decimal(row["market_value"])) for row in theirs["positions"]
        )


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("symbol = 'AAPL  270618C00240000'", ("OPT", 2, 100, 240, "CALL", "AAPL")),
        ("quantity < 0 AND asset_type = 'EQ'", ("EQ", -60, 1, None, None, None)),
        ("symbol = 'SCHD'", ("ETF", Decimal("61.5854"), 1, None, None, None)),
        ("symbol = 'SWTSX'", ("FUND", Decimal("412.337"), 1, None, None, None)),
        ("asset_type = 'BOND'", ("BOND", 25, 10, None, None, None)),
    ],
    ids=["an option", "a short", "a fractional ETF", "a fund", "a CD"],
)
def test_each_kind_of_holding_is_what_it_is(
    installation: Installation, demo: Linked, condition: str, expected: tuple[Any, ...]
) -> None:
    ((*found, value, quantity, mark, multiplier),) = installation.rows(
        "SELECT asset_type, quantity, multiplier, strike, put_call, underlying, market_value, quantity, mark_price,"
        f" multiplier FROM v_positions WHERE user_id = :u AND {condition}",
        u=demo.user_id,
    )
    assert tuple(found) == expected
    assert abs(mark * quantity * multiplier - value) < Decimal("0.000001")


def test_the_messages_say_what_the_rows_say(installation: Installation, demo: Linked) -> None:
    for account_id in demo.accounts().values():
        ((version, net_liq, cash),) = installation.rows(
            "SELECT version, net_liq, cash FROM v_accounts WHERE account_id = :a", a=account_id
        )
        until(lambda key=account_id: installation.redis.exists(f"live_data:latest:positions:{key}"))
        balances = installation.document(f"live_data:latest:balances:{account_id}")
        positions = installation.document(f"live_data:latest:positions:{account_id}")
        assert (balances["version"], balances["net_liq"], balances["cash"]) == (version, net_liq, cash)
        assert balances["user_id"] == demo.user_id
        assert positions["version"] == version
        held = installation.rows(
            "SELECT symbol, quantity, market_value FROM v_positions WHERE account_id = :a", a=account_id
        )
        assert sorted((row["symbol"], row["qty"], row["market_value"]) for row in positions["positions"]) == sorted(
            held
        )


def test_a_position_sold_at_the_broker_disappears_and_subscribers_hear_of_it(
    installation: Installation, demo: Linked
) -> None:
    account = next(each for each in installation.sandbox_accounts("demo") if each["type"] == "MARGIN")
    account_id = demo.accounts()[account["number"][-3:]]
    installation.control("trade", account=account["number"], action="buy", symbol="KO", quantity="3")
    demo.sync()
    assert _symbols(installation, account_id) >= {"KO", "AAPL"}
    with installation.redis.pubsub() as heard:
        heard.subscribe(f"live_data:positions:{account_id}")
        installation.control("trade", account=account["number"], action="close", symbol="KO", quantity="3")
        demo.sync()
        assert "KO" not in _symbols(installation, account_id)
        message = until(lambda: _next(heard))
    assert '"symbol":"AAPL"' in message
    assert '"symbol":"KO"' not in message


def test_two_users_do_not_mix(installation: Installation, demo: Linked) -> None:
    bob = installation.link("bob", "user-bob")
    for linked, user in ((demo, "demo"), (bob, "bob")):
        theirs = {row["number"][-3:] for row in installation.sandbox_accounts(user)}
        assert set(linked.accounts()) == theirs
        documents = [installation.document(f"live_data:latest:balances:{each}") for each in linked.accounts().values()]
        assert {document["user_id"] for document in documents} == {linked.user_id}
    summary = installation.call("account_summary", None, bob.user_id)
    ((net_liq,),) = installation.rows(
        "SELECT a.net_liq FROM v_accounts v JOIN accounts a ON a.id = v.account_id WHERE v.user_id = :u"
        " ORDER BY a.created_at, a.id LIMIT 1",
        u=bob.user_id,
    )
    assert summary["net_liquidating_value"] == f"${net_liq:,.2f}"


def test_beat_dispatches_what_is_due(installation: Installation, demo: Linked) -> None:
    installation.rows("UPDATE connections SET next_sync_at = now() WHERE id = :c", c=demo.connection_id)
    until(
        lambda: installation.rows(
            "SELECT 1 FROM connections c JOIN sync_runs r ON r.connection_id = c.id AND r.trigger = 'schedule'"
            " WHERE c.id = :c AND c.next_sync_at > now() AND r.started_at > now() - interval '20 s'",
            c=demo.connection_id,
        )
    )


def test_sync_account_can_be_called_from_a_shell(installation: Installation, demo: Linked) -> None:
    account_id = next(iter(demo.accounts().values()))
    before = installation.redis.get(f"live_data:checked:{account_id}")
    until(
        lambda: installation.rows("SELECT 1 WHERE now() - :b > interval '1.1 s'", b=_checked(installation, account_id))
    )
    subprocess.run(
        [sys.executable, "-m", "celery", "-A", "worker.app", "call", "sync_account", "--args", f'["{account_id}"]'],
        env=dict(installation.environ),
        check=True,
        capture_output=True,
        timeout=60,
    )
    until(lambda: installation.redis.get(f"live_data:checked:{account_id}") != before)


def test_the_same_answer_twice_writes_no_row(demo: Linked) -> None:
    before = demo.everything()
    assert demo.sync()["outcome"] == "unchanged"
    assert demo.everything() == before


def test_linking_the_same_login_again_keeps_its_ids(installation: Installation, demo: Linked) -> None:
    accounts = demo.accounts()
    again = installation.link("demo", demo.user_id)
    assert again.connection_id == demo.connection_id
    assert again.accounts() == accounts


def test_somebody_elses_login_is_not_linked(installation: Installation, demo: Linked) -> None:
    page = follow_link(installation.new_link("user-3"), "demo")
    assert page.status != 200
    assert installation.rows("SELECT 1 FROM v_connections WHERE user_id = 'user-3'") == []
    # The refused login ended the older one at the broker: the person it belongs to links again.
    installation.link("demo", demo.user_id)


def test_a_link_works_once(installation: Installation, demo: Linked) -> None:
    url = installation.new_link(demo.user_id)
    assert follow_link(url, "demo").status == 200
    with Browser() as browser:
        assert browser.open(url).status != 200


def test_a_redis_that_lost_everything_is_filled_again(installation: Installation, demo: Linked) -> None:
    account_id = next(iter(demo.accounts().values()))
    until(lambda: installation.redis.exists(f"live_data:latest:balances:{account_id}"))
    before = installation.document(f"live_data:latest:balances:{account_id}")
    installation.redis.flushdb()
    until(lambda: installation.redis.exists(f"live_data:latest:balances:{account_id}"))
    assert installation.document(f"live_data:latest:balances:{account_id}") == before
    assert demo.sync()["outcome"] in {"ok", "unchanged"}


def _checked(installation: Installation, account_id: str) -> Any:
    return installation.rows("SELECT checked_at FROM v_accounts WHERE account_id = :a", a=account_id)[0][0]


def _symbols(installation: Installation, account_id: str) -> set[str]:
    return {
        symbol for (symbol,) in installation.rows("SELECT symbol FROM v_positions WHERE account_id = :a", a=account_id)
    }


def _next(heard: redis.client.PubSub) -> str | None:
    message = heard.get_message(ignore_subscribe_messages=True, timeout=0.2)
    return None if message is None else str(message["data"])
