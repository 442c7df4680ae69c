import re

import pytest

from tests.sandbox.person import accounts_of, all_accounts, exact, link, read, sandbox, state


@pytest.mark.parametrize("authorization", [None, "Bearer ", "Bearer I0.unknown@", "Basic YTpi"])
def test_without_a_good_bearer_token_the_gateway_refuses(authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    response = sandbox().get("/trader/v1/accounts", headers=headers)
    assert response.status_code == 401
    (error,) = response.get_json()["errors"]
    assert (error["status"], error["title"], error["detail"]) == (401, "Unauthorized", "Client not authorized")


def test_numbers_and_hashes_come_in_pairs_and_follow_from_the_seed() -> None:
    client, same, other = sandbox(), sandbox(), sandbox(seed=8)
    pairs = read(client, link(client), "/accounts/accountNumbers").get_json()
    assert len(pairs) == 3
    for pair in pairs:
        assert set(pair) == {"accountNumber", "hashValue"}
        assert re.fullmatch(r"\d{8}", pair["accountNumber"])
        assert re.fullmatch(r"[0-9A-F]{64}", pair["hashValue"])
    assert read(same, link(same), "/accounts/accountNumbers").get_json() == pairs
    assert read(other, link(other), "/accounts/accountNumbers").get_json() != pairs


def test_only_the_ticked_accounts_appear_anywhere() -> None:
    client = sandbox()
    first, second, _ = accounts_of(client)
    tokens = link(client, accounts=[second["number"]])
    assert [each["accountNumber"] for each in read(client, tokens, "/accounts/accountNumbers").get_json()] == [
        second["number"]
    ]
    (document,) = read(client, tokens, "/accounts").get_json()
    assert document["securitiesAccount"]["accountNumber"] == second["number"]
    assert read(client, tokens, f"/accounts/{first['hash']}").status_code == 400
    (preference,) = read(client, tokens, "/userPreference").get_json()["accounts"]
    assert preference["displayAcctId"] == f"...{second['number'][-3:]}"


def test_two_people_see_only_their_own_accounts() -> None:
    client = sandbox()
    seen = {}
    for user in ("alice", "bob"):
        pairs = read(client, link(client, user), "/accounts/accountNumbers").get_json()
        seen[user] = {pair["accountNumber"] for pair in pairs}
    assert (len(seen["alice"]), len(seen["bob"])) == (2, 1)
    assert not seen["alice"] & seen["bob"]


def test_positions_come_only_when_they_are_asked_for() -> None:
    client = sandbox()
    tokens = link(client)
    without = read(client, tokens, "/accounts").get_json()
    assert all("positions" not in document["securitiesAccount"] for document in without)
    with_them = read(client, tokens, "/accounts?fields=positions").get_json()
    assert len(with_them[0]["securitiesAccount"]["positions"]) == 6


def test_an_account_that_holds_nothing_has_no_positions_key() -> None:
    savings = all_accounts(sandbox())[2]
    assert savings["type"] == "CASH"
    assert savings["currentBalances"]["liquidationValue"] == 25000
    assert "positions" not in savings


def test_one_account_by_hash_is_the_same_document_as_in_the_list() -> None:
    client = sandbox()
    tokens = link(client)
    documents = exact(read(client, tokens, "/accounts?fields=positions").text)
    for document, account in zip(documents, accounts_of(client), strict=True):
        assert exact(read(client, tokens, f"/accounts/{account['hash']}?fields=positions").text) == document


def test_a_plain_number_in_the_path_is_refused() -> None:
    client = sandbox()
    tokens = link(client)
    response = read(client, tokens, f"/accounts/{accounts_of(client)[0]['number']}")
    assert response.status_code == 400
    assert response.get_json() == {"message": "Invalid account number"}


def test_any_other_field_is_refused() -> None:
    client = sandbox()
    response = read(client, link(client), "/accounts?fields=orders")
    assert response.status_code == 400
    assert response.get_json() == {"message": "'orders' is not a valid value for fields"}


def test_a_content_type_on_a_get_is_refused() -> None:
    response = sandbox().get("/trader/v1/accounts", headers={"Content-Type": "application/json"})
    assert response.status_code == 400


def test_every_answer_carries_a_correlation_id() -> None:
    client = sandbox()
    for response in (read(client, link(client), "/accounts"), client.get("/trader/v1/accounts")):
        assert re.fullmatch(r"[0-9a-f-]{36}", response.headers["Schwab-Client-CorrelId"])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/accounts", "/accounts/AB", "/accounts/AB/orders", "/orders", "/userPreference"])
def test_nothing_can_be_written(method: str, path: str) -> None:
    response = sandbox().open(f"/trader/v1{path}", method=method)
    assert response.status_code in {404, 405}
    assert response.get_json()["errors"][0]["status"] == response.status_code


def test_requests_are_counted_by_endpoint() -> None:
    client = sandbox()
    tokens = link(client)
    for _ in range(3):
        read(client, tokens, "/accounts")
    read(client, tokens, "/userPreference")
    counted = state(client)["requests"]
    assert (counted["accounts"], counted["userPreference"], counted["token"]) == (3, 1, 1)
