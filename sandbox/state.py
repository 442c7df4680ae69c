"""What `/_sandbox/state` shows. Amounts are texts, so that a test can compare them exactly; no token is shown."""

from __future__ import annotations

from typing import Any

from sandbox.faults import Fault
from sandbox.logins import Login
from sandbox.market import Market
from sandbox.portfolio import Account
from sandbox.world import World

State = dict[str, Any]


def world_state(world: World) -> State:
    now = world.clock.now()
    return {
        "clock": {
            "now": now,
            "started_at": world.clock.start,
            "advanced_seconds": int(world.clock.turned.total_seconds()),
        },
        "seed": world.options.seed,
        "tick": world.market.tick_count,
        "users": [
            {"user": user.name, "accounts": [account_state(account, world.market) for account in user.accounts]}
            for user in world.users.values()
        ],
        "logins": [_login_state(login, lives=login.lives(now)) for login in world.logins.all],
        "requests": dict(world.requests),
        "faults": [fault_state(fault) for fault in world.faults.waiting],
    }


def account_state(account: Account, market: Market) -> State:
    return {
        "number": account.number,
        "hash": account.hash,
        "type": account.type,
        "nickname": account.nickname,
        "cash": str(account.cash),
        "liquidation_value": str(account.totals(market).liquidation),
        "positions": [
            {
                "symbol": holding.instrument.symbol,
                "asset_type": holding.instrument.asset_type,
                "quantity": str(holding.signed),
                "price": str(market.price(holding.instrument.symbol)),
                "market_value": str(holding.value(market)),
            }
            for holding in account.rows()
        ],
    }


def fault_state(fault: Fault) -> State:
    return {"fault": fault.name, "where": fault.where, "left": fault.left, "user": fault.user}


def _login_state(login: Login, *, lives: bool) -> State:
    return {
        "user": login.user,
        "accounts": sorted(login.accounts),
        "began_at": login.began_at,
        "ends_at": login.ends_at,
        "lives": lives,
        "ended_by": login.ended_by,
        "token_calls": login.token_calls,
        "refreshes": login.refreshes,
        "reuses": login.reuses,
    }
