"""From a control call to a trade."""

from __future__ import annotations

from decimal import Decimal

from sandbox.control_input import Asked, BadControl, check_names, positive_decimal, text
from sandbox.portfolio import Account
from sandbox.trading import Trader
from sandbox.world import World

ACTIONS = ("buy", "sell", "close", "short", "assign")


def place(asked: Asked, world: World) -> Account:
    """Make the trade and give back the account. Raises `BadControl` and `TradeRefused`."""
    check_names(asked, "user", "account", "action", "symbol", "quantity", "price")
    action, symbol = text(asked, "action", *ACTIONS), text(asked, "symbol")
    account = _account(asked, world)
    trader = Trader(account, world.market)
    price = positive_decimal(asked, "price", 4)
    if action == "assign" and price is not None:
        raise BadControl("an assignment has no price: the shares change hands at the strike")
    match action:
        case "buy":
            trader.buy(symbol, _needed_quantity(asked), price)
        case "sell":
            trader.sell(symbol, _needed_quantity(asked), price)
        case "short":
            trader.short(symbol, _needed_quantity(asked), price)
        case "close":
            trader.close(symbol, positive_decimal(asked, "quantity", 4), price)
        case _:
            trader.assign(symbol, positive_decimal(asked, "quantity", 4))
    return account


def _needed_quantity(asked: Asked) -> Decimal:
    quantity = positive_decimal(asked, "quantity", 4)
    if quantity is None:
        raise BadControl("quantity is needed; only close and assign take all there is without one")
    return quantity


def _account(asked: Asked, world: World) -> Account:
    """By account number or hash, else the first account of a user."""
    if ("user" in asked) == ("account" in asked):
        raise BadControl("name either a user (the first account is taken) or an account (number or hash)")
    if "account" in asked:
        account = world.account(text(asked, "account"))
        if account is None:
            raise BadControl("there is no such account; /_sandbox/state lists them")
        return account
    return world.users[text(asked, "user", *world.users)].accounts[0]
