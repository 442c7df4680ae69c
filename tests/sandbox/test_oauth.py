import base64
import json
import re

import pytest

from tests.sandbox.person import (
    APP,
    REDIRECT_URI,
    ask_token,
    control,
    exchange,
    link,
    new_code,
    read,
    refresh,
    sandbox,
    state,
)


def test_a_code_becomes_tokens_in_the_live_form() -> None:
    client = sandbox()
    response = exchange(client, new_code(client))
    assert response.status_code == 200
    assert response.content_type == "application/json"
    tokens = response.get_json()
    assert set(tokens) == {"expires_in", "token_type", "scope", "refresh_token", "access_token", "id_token"}
    assert (tokens["expires_in"], tokens["token_type"], tokens["scope"]) == (1800, "Bearer", "api")
    assert tokens["refresh_token"].endswith("@")
    assert re.fullmatch(r"I0\.[\w-]+\.[\w-]+@", tokens["access_token"])
    head, claims, _ = tokens["id_token"].split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["typ"] == "JWT"
    assert len(json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"]) == 64


def test_a_code_works_only_once() -> None:
    client = sandbox()
    code = new_code(client)
    assert exchange(client, code).status_code == 200
    assert exchange(client, code).status_code == 400


@pytest.mark.parametrize(("age", "status"), [("29s", 200), ("30s", 400)])
def test_a_code_lives_thirty_seconds(age: str, status: int) -> None:
    client = sandbox()
    code = new_code(client)
    control(client, "clock", advance=age)
    assert exchange(client, code).status_code == status


@pytest.mark.parametrize("redirect_uri", [REDIRECT_URI + "/", "https://sync.example/back?a=b", ""])
def test_a_code_needs_the_redirect_uri_it_was_sent_to(redirect_uri: str) -> None:
    client = sandbox()
    assert exchange(client, new_code(client), redirect_uri).status_code == 400


def test_a_code_that_is_encoded_twice_is_refused() -> None:
    client = sandbox()
    assert exchange(client, new_code(client).replace("@", "%40")).status_code == 400


@pytest.mark.parametrize("app", [None, ("other", APP[1]), (APP[0], "other"), ("", "")])
def test_the_wrong_key_or_secret_is_invalid_client(app: tuple[str, str] | None) -> None:
    response = ask_token(sandbox(), app, grant_type="refresh_token", refresh_token="x@")
    assert response.status_code == 401
    assert response.get_json() == {"error": "invalid_client", "error_description": "Unauthorized"}


def test_key_and_secret_in_the_body_do_not_count() -> None:
    client = sandbox()
    form = {"grant_type": "authorization_code", "code": new_code(client), "redirect_uri": REDIRECT_URI}
    response = ask_token(client, None, client_id=APP[0], client_secret=APP[1], **form)
    assert response.status_code == 401


def test_client_credentials_are_the_trap_they_are_live() -> None:
    client = sandbox()
    tokens = ask_token(client, grant_type="client_credentials").get_json()
    assert set(tokens) == {"access_token", "expires_in"}
    assert tokens["expires_in"] == "3600"
    assert read(client, tokens, "/accounts").status_code == 401


def test_an_unknown_grant_type_is_refused() -> None:
    assert ask_token(sandbox(), grant_type="password").get_json()["error"] == "unsupported_grant_type"


def test_a_refresh_gives_a_new_access_token_and_the_same_refresh_token() -> None:
    client = sandbox()
    first = link(client)
    second = refresh(client, first["refresh_token"]).get_json()
    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert read(client, second, "/accounts").status_code == 200


def test_with_rotation_the_old_refresh_token_stops_working() -> None:
    client = sandbox(rotate=True)
    first = link(client)
    second = refresh(client, first["refresh_token"]).get_json()
    assert second["refresh_token"] != first["refresh_token"]
    assert refresh(client, second["refresh_token"]).status_code == 200
    assert refresh(client, second["refresh_token"]).status_code == 400


def test_with_rotation_an_old_refresh_token_that_comes_back_ends_the_whole_login_and_no_other() -> None:
    client = sandbox(rotate=True)
    first, other = link(client), link(client, "bob")
    second = refresh(client, first["refresh_token"]).get_json()
    third = refresh(client, second["refresh_token"]).get_json()
    assert refresh(client, first["refresh_token"]).status_code == 400
    assert refresh(client, third["refresh_token"]).status_code == 400
    assert read(client, third, "/accounts").status_code == 401
    ended, lives = state(client)["logins"]
    assert (ended["ended_by"], ended["reuses"], ended["refreshes"]) == ("an old refresh token", 1, 2)
    assert (lives["ended_by"], refresh(client, other["refresh_token"]).status_code) == (None, 200)


def test_every_token_request_of_a_login_is_counted_whatever_became_of_it() -> None:
    client = sandbox()
    tokens = link(client)
    for fault in ("token_html", "wrong_app", "login_ended"):
        control(client, "faults", fault=fault)
        assert refresh(client, tokens["refresh_token"]).status_code >= 400
    assert refresh(client, tokens["refresh_token"]).status_code == 400
    (login,) = state(client)["logins"]
    assert (login["token_calls"], login["refreshes"]) == (5, 0)


@pytest.mark.parametrize(("age", "status"), [("1799s", 200), ("30m", 401)])
def test_an_access_token_lives_thirty_minutes(age: str, status: int) -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "clock", advance=age)
    assert read(client, tokens, "/accounts").status_code == status


def test_a_login_ends_seven_days_after_it_began_whatever_is_refreshed() -> None:
    client = sandbox()
    tokens = link(client)
    control(client, "clock", advance="6d")
    refreshed = refresh(client, tokens["refresh_token"]).get_json()
    control(client, "clock", advance="86399s")
    assert refresh(client, refreshed["refresh_token"]).status_code == 200
    control(client, "clock", advance="1s")
    ended = refresh(client, refreshed["refresh_token"])
    assert ended.status_code == 400
    assert ended.get_json()["error"] == "unsupported_token_type"


def test_a_refused_refresh_token_is_told_in_the_live_words() -> None:
    document = refresh(sandbox(), "never issued@").get_json()
    assert document["error"] == "unsupported_token_type"
    assert re.fullmatch(
        r'400 Bad Request: "\{"error_description":"Exception while authenticating refresh token '
        r"\[tokenDigest=[\w+/]{43}=, Exception=Failed refresh token authentication \[tokenDigest=[\w+/]{43}=\]\]"
        r'","error":"refresh_token_authentication_error"\}"',
        document["error_description"],
    )


def test_a_new_login_kills_the_older_one_of_the_same_person_only() -> None:
    client = sandbox()
    older, other = link(client, "demo"), link(client, "bob")
    newer = link(client, "demo")
    assert read(client, older, "/accounts").status_code == 401
    assert refresh(client, older["refresh_token"]).status_code == 400
    for living in (newer, other):
        assert read(client, living, "/accounts").status_code == 200
        assert refresh(client, living["refresh_token"]).status_code == 200


def test_a_denied_or_unfinished_login_leaves_the_older_one_alive() -> None:
    client = sandbox()
    older = link(client)
    new_code(client)
    assert refresh(client, older["refresh_token"]).status_code == 200


def test_a_refresh_token_that_was_never_issued_is_refused_in_other_words_than_a_wrong_app() -> None:
    client = sandbox()
    unknown = refresh(client, "never-issued@")
    assert (unknown.status_code, unknown.get_json()["error"]) == (400, "unsupported_token_type")
    assert "refresh token" in unknown.text
    control(client, "faults", fault="wrong_app")
    refused = refresh(client, "never-issued@")
    assert (refused.status_code, refused.get_json()["error"]) == (401, "invalid_client")
