"""Everything a running sandbox knows, in one place."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.consents import Consents
from sandbox.faults import Faults
from sandbox.logins import Logins
from sandbox.market import Market
from sandbox.portfolio import Account
from sandbox.seeded import upper_hex
from sandbox.users import User, people


@dataclass(frozen=True, kw_only=True)
class Options:
    """The app that is registered at this sandbox, and how the sandbox behaves.

    `now` None: the clock begins at the real time and runs; else it stands there until turned. `tick_every` None: the
    market moves only when told to. `rotate`: a refresh replaces the refresh token, and the old one coming back ends its
    login. `more_people` live here beside those with a name.
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    seed: int = 1
    now: datetime | None = None
    tick_every: timedelta | None = None
    rotate: bool = False
    more_people: int = 0


class World:
    """`lock` is held while one request is answered, `stopping` is set when the server ends."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.clock = Clock(options.now)
        self.market = Market(options.seed, self.clock.start, options.tick_every, self._open_day)
        self.users: dict[str, User] = people(options.seed, self.market, options.more_people)
        self.market.open()
        self.consents = Consents(self.clock)
        self.logins = Logins(self.clock, rotate=options.rotate)
        self.faults = Faults()
        self.requests: Counter[str] = Counter()

    def catch_up(self) -> None:
        """Let everything that the clock has passed happen."""
        self.market.catch_up(self.clock.now())

    def account(self, number_or_hash: str) -> Account | None:
        accounts = (account for user in self.users.values() for account in user.accounts)
        return next((each for each in accounts if number_or_hash in {each.number, each.hash}), None)

    def customer_id(self, user: str) -> str:
        return upper_hex(self.options.seed, "customer", user)

    def _open_day(self) -> None:
        for user in self.users.values():
            for account in user.accounts:
                account.open_day(self.market)
