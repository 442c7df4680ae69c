"""Whatever the broker does wrong: the sync fails with words for it, and every row stays as it was."""

from __future__ import annotations

import pytest

from tests.end_to_end.installation import Installation, Linked, until

pytestmark = pytest.mark.processes

DATA_FAULTS = {
    "rate_limited": "rate_limited: GET /accounts",
    "rate_limited_silent": "rate_limited: GET /accounts",
    "server_error": "broker_down: GET /accounts",
    "html_error": "broker_down: GET /accounts",
    "html_ok": "bad_answer: GET /accounts: an HTML page instead of JSON (status 200)",
    "text_404": "broker_down: GET /accounts",
    "reset": "unreachable: GET /accounts",
    "truncated": "unreachable: GET /accounts",
    "not_json": "bad_answer: GET /accounts",
    "empty_object": "bad_answer: GET /accounts",
    "empty_list": "bad_answer: GET /accounts",
    "missing_positions": "bad_answer: GET /accounts",
    "nan": "bad_answer: GET /accounts",
}
TOKEN_FAULTS = {
    "login_ended": ("login_ended: POST /oauth/token", "reauth_required"),
    "login_ended_2026": ("login_ended: POST /oauth/token", "reauth_required"),
    "wrong_app": ("app_misconfigured: POST /oauth/token", "active"),
    "token_html": ("broker_down: POST /oauth/token", "active"),
}


@pytest.mark.parametrize("fault", DATA_FAULTS)
def test_a_broken_answer_fails_the_sync_and_leaves_every_row_as_it_was(
    installation: Installation, demo: Linked, fault: str
) -> None:
    before = demo.everything()
    # The truth has moved on, so a sync that believed anything of the broken answer would have something to write.
    installation.control("market", tick=1)
    installation.control("faults", fault=fault, where="accounts")
    with pytest.raises(Exception, match=r"SyncFailed|rate|bad|broker|unreach") as failed:
        demo.sync()
    assert DATA_FAULTS[fault] in str(failed.value)
    assert demo.everything() == before
    assert demo.status() == "active"
    demo.settle()
    assert demo.everything() != before


def test_an_account_left_out_of_the_answer_keeps_its_rows_and_the_others_move_on(
    installation: Installation, demo: Linked
) -> None:
    before = dict(installation.rows("SELECT account_id, version FROM v_accounts WHERE user_id = :u", u=demo.user_id))
    installation.control("market", tick=1)
    installation.control("faults", fault="missing_account", where="accounts")
    with pytest.raises(Exception, match="bad_answer: the accounts: this account is missing from the answer"):
        demo.sync()
    after = dict(installation.rows("SELECT account_id, version FROM v_accounts WHERE user_id = :u", u=demo.user_id))
    assert set(after) == set(before)
    assert 0 < sum(after[account] > before[account] for account in after) < len(after)


def test_a_refused_access_token_is_refreshed_and_the_sync_goes_on(installation: Installation, demo: Linked) -> None:
    installation.control("faults", fault="unauthorized", where="accounts")
    assert demo.sync()["outcome"] in {"ok", "unchanged"}


@pytest.mark.parametrize("fault", TOKEN_FAULTS)
def test_a_refused_refresh_leaves_every_row_and_only_the_brokers_word_ends_the_login_which_a_new_link_repairs(
    installation: Installation, demo: Linked, fault: str
) -> None:
    before = demo.everything()
    demo.expire_access()
    installation.control("faults", fault=fault, where="token")
    message, status = TOKEN_FAULTS[fault]
    with pytest.raises(Exception, match=message):
        demo.sync()
    assert demo.everything() == before
    assert demo.status() == status
    installation.clear_faults()
    assert installation.link(demo.sandbox_user, demo.user_id).connection_id == demo.connection_id
    assert demo.status() == "active"


def test_a_refresh_without_a_refresh_token_keeps_the_old_one(installation: Installation, demo: Linked) -> None:
    demo.expire_access()
    installation.control("faults", fault="no_refresh_token", where="token")
    assert demo.sync()["outcome"] in {"ok", "unchanged"}
    demo.expire_access()
    assert demo.sync()["outcome"] in {"ok", "unchanged"}


def test_a_broker_that_stalls_or_drips_is_cut_at_the_deadline_while_others_go_on(
    installation: Installation, demo: Linked
) -> None:
    bob = installation.link("bob", "user-bob")
    carol = installation.link("carol", "user-carol")
    before = {each.user_id: each.everything() for each in (bob, carol)}
    installation.control("market", tick=1)
    installation.control("faults", fault="drip", where="accounts")
    installation.control("faults", fault="stall", where="accounts")
    waiting = {
        each.user_id: installation.celery.send_task("sync_connection", (each.connection_id,), queue="brokersync")
        for each in (bob, carol)
    }
    until(lambda: len(installation.rows("SELECT 1 FROM connections WHERE claim_started_at IS NOT NULL")) == 2)
    assert demo.sync()["outcome"] == "ok"
    # Each is looked at as soon as it has failed: some seconds later it is tried again, and then the answer is whole.
    for _ in range(2):
        user_id = until(lambda: next((each for each, result in waiting.items() if result.ready()), None), wait=60)
        after = next(each for each in (bob, carol) if each.user_id == user_id).everything()
        with pytest.raises(Exception, match="unreachable: GET /accounts"):
            waiting.pop(user_id).get(timeout=1)
        assert after == before[user_id]
