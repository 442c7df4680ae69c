"""The control routes under `/_sandbox`: look at the sandbox, turn its clock, make faults, move the market, trade."""

from __future__ import annotations

from flask import Blueprint, Response

from sandbox.clock import duration
from sandbox.control_input import BadControl, check_names, posted, text, whole_number
from sandbox.errors import json_response
from sandbox.faults import DEFAULT_RETRY_AFTER, DEFAULT_SLOWEST, UnknownFault
from sandbox.state import account_state, fault_state, world_state
from sandbox.trade_order import place
from sandbox.trading import TradeRefused
from sandbox.world import World

MOST_TICKS = 10_000
MOST_TIMES = 1_000_000
LONGEST_RETRY_AFTER = 86_400
LONGEST_SLOWEST = 300


def control_blueprint(world: World) -> Blueprint:
    control = Blueprint("control", __name__, url_prefix="/_sandbox")

    @control.errorhandler(BadControl)
    @control.errorhandler(UnknownFault)
    @control.errorhandler(TradeRefused)
    def say_what_is_allowed(error: Exception) -> Response:
        return json_response({"error": str(error)}, 400)

    @control.get("/state")
    def show_state() -> Response:
        return json_response(world_state(world))

    @control.post("/clock")
    def turn_clock() -> Response:
        asked = posted()
        check_names(asked, "advance")
        try:
            world.clock.advance(duration(asked.get("advance")))
        except ValueError as error:
            raise BadControl(f"advance: {error}") from error
        world.catch_up()
        return json_response({"now": world.clock.now(), "advanced_seconds": int(world.clock.turned.total_seconds())})

    @control.post("/faults")
    def add_fault() -> Response:
        asked = posted()
        check_names(asked, "fault", "times", "where", "retry_after", "slowest", "user")
        where = text(asked, "where") if asked.get("where") is not None else None
        times = whole_number(asked, "times", 1, MOST_TIMES)
        retry_after = whole_number(asked, "retry_after", DEFAULT_RETRY_AFTER, LONGEST_RETRY_AFTER)
        slowest = whole_number(asked, "slowest", DEFAULT_SLOWEST, LONGEST_SLOWEST)
        user = text(asked, "user", *world.users) if asked.get("user") is not None else None
        fault = world.faults.add(text(asked, "fault"), times, where, retry_after, slowest, user)
        return json_response(fault_state(fault), 201)

    @control.delete("/faults")
    def clear_faults() -> Response:
        world.faults.clear()
        return json_response({"faults": []})

    @control.post("/market")
    def move_market() -> Response:
        asked = posted()
        check_names(asked, "tick")
        world.market.tick(whole_number(asked, "tick", 1, MOST_TICKS), world.clock.now())
        prices = {symbol: str(world.market.price(symbol)) for symbol in world.market.instruments}
        return json_response({"tick": world.market.tick_count, "prices": prices})

    @control.post("/trade")
    def make_trade() -> Response:
        return json_response(account_state(place(posted(), world), world.market))

    return control
