import re
from urllib.parse import urlsplit

import pytest

from tests.sandbox.person import ASKED, REDIRECT_URI, answer, consent_page, control, sandbox, sent_back


def test_the_sign_in_page_says_that_it_is_not_schwab_and_who_can_sign_in() -> None:
    page = sandbox().get("/v1/oauth/authorize", query_string=ASKED)
    assert page.status_code == 200
    assert "Sandbox — not Schwab" in page.text
    assert all(name in page.text for name in ("demo", "alice", "bob", "carol"))


def test_key_and_redirect_uri_alone_are_enough() -> None:
    asked = {name: ASKED[name] for name in ("client_id", "redirect_uri")}
    assert sandbox().get("/v1/oauth/authorize", query_string=asked).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "other"},
        {"redirect_uri": REDIRECT_URI + "/"},
        {"redirect_uri": REDIRECT_URI.upper()},
        {"redirect_uri": "https://evil.example/"},
        {"response_type": "token"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_app_or_address_gets_a_page_and_no_redirect(wrong: dict[str, str], method: str) -> None:
    asked = ASKED | wrong | {"username": "demo", "password": "sandbox"}
    page = (
        sandbox().get("/v1/oauth/authorize", query_string=asked)
        if method == "GET"
        else sandbox().post("/v1/oauth/authorize", data=asked)
    )
    assert page.status_code == 400
    assert "Location" not in page.headers
    assert "We are unable to complete your request" in page.text


@pytest.mark.parametrize(("user", "password"), [("demo", "wrong"), ("nobody", "sandbox"), ("", "")])
def test_a_wrong_name_or_password_shows_the_form_again(user: str, password: str) -> None:
    page = sandbox().post("/v1/oauth/authorize", data=ASKED | {"username": user, "password": password})
    assert page.status_code == 401
    assert "not right" in page.text
    assert 'name="state" value="st/1=ü"' in page.text


def test_every_account_is_offered_and_ticked() -> None:
    page = consent_page(sandbox(), "demo")
    assert len(re.findall(r'type="checkbox" name="accounts" value="\d{8}" checked', page)) == 3


def test_allow_sends_back_code_session_and_state_in_this_order() -> None:
    client = sandbox()
    response = answer(client, consent_page(client))
    query = sent_back(response)
    assert list(query) == ["code", "session", "state"]
    assert re.fullmatch(r"C0\.[\w-]+\.[\w-]{43}@", query["code"])
    assert query["state"] == ASKED["state"]
    assert response.headers["Location"].startswith(f"{REDIRECT_URI}?code=C0.")
    assert "%40&session=" in response.headers["Location"]


def test_an_address_with_a_query_keeps_it() -> None:
    client = sandbox()
    response = answer(client, consent_page(client, redirect_uri="https://sync.example/back?a=b"))
    assert response.headers["Location"].startswith("https://sync.example/back?a=b&code=")


def test_no_state_is_made_up() -> None:
    client = sandbox()
    asked = {name: ASKED[name] for name in ("client_id", "redirect_uri")} | {"username": "bob", "password": "sandbox"}
    response = answer(client, client.post("/v1/oauth/authorize", data=asked).text)
    assert list(sent_back(response)) == ["code", "session"]


def test_deny_sends_back_access_denied_and_the_state() -> None:
    client = sandbox()
    response = answer(client, consent_page(client), decision="deny")
    assert sent_back(response) == {"error": "access_denied", "state": ASKED["state"]}
    assert urlsplit(response.headers["Location"]).path == "/oauth/callback"


def test_allow_without_an_account_asks_again() -> None:
    client = sandbox()
    again = answer(client, consent_page(client), accounts=[])
    assert again.status_code == 400
    assert "Choose at least one account" in again.text
    assert sent_back(answer(client, again.text))["code"]


def test_another_persons_account_cannot_be_ticked() -> None:
    client = sandbox()
    (theirs,) = re.findall(r'value="(\d{8})" checked', consent_page(client, "bob"))
    assert answer(client, consent_page(client, "demo"), accounts=[theirs]).status_code == 400


def test_a_consent_page_works_once_and_for_ten_minutes() -> None:
    client = sandbox()
    page = consent_page(client)
    answer(client, page)
    assert answer(client, page).status_code == 400
    page = consent_page(client)
    control(client, "clock", advance="10m")
    assert answer(client, page).status_code == 400
