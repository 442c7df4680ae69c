"""What the contract test needs to know of each broker: how it is configured, and how it answers when all is well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from brokers.interface import Broker
from tests.brokers.fake_transport import FakeTransport, Reply
from tests.brokers.schwab import given as schwab
from tests.brokers.schwab import payloads as schwab_payloads

Route = tuple[str, str]


@dataclass(frozen=True)
class Given:
    """A broker's good network and its ways of saying things. `secrets` must never be seen anywhere."""

    build: Callable[[FakeTransport], Broker]
    network: Callable[[dict[Route, Reply]], FakeTransport]
    credentials: Mapping[str, str]
    one_account: str
    token: Route
    accounts: Route
    login_ended: tuple[Reply, ...]
    wrong_app: tuple[Reply, ...]
    access_refused: Reply
    without_refresh_token: Reply
    secrets: tuple[str, ...]


GIVEN = {
    "schwab": Given(
        build=schwab.schwab,
        network=schwab.network,
        credentials=schwab.CREDENTIALS,
        one_account=schwab_payloads.MARGIN_HASH,
        token=schwab.TOKEN,
        accounts=schwab.ACCOUNTS,
        login_ended=schwab.LOGIN_ENDED,
        wrong_app=schwab.WRONG_APP,
        access_refused=schwab.ACCESS_REFUSED,
        without_refresh_token=schwab.WITHOUT_REFRESH_TOKEN,
        secrets=(
            *schwab.VALUES.values(),
            *schwab.CREDENTIALS.values(),
            "refresh-new@",
            "access-new",
            schwab_payloads.MARGIN_NUMBER,
            schwab_payloads.CASH_NUMBER,
            schwab_payloads.CUSTOMER_ID,
        ),
    )
}
