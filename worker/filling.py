"""One walk over the accounts at a time, across processes, and how far the refill of an emptied Redis got.

Both are kept on Redis itself, so that they are lost together with the data:

    live_data:epoch    "filling <id> <last account sent>", and once everything was sent "filled <id>"
    live_data:filling  whose turn it is; runs out by itself when its owner died
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import redis

EPOCH = "live_data:epoch"
TURN = "live_data:filling"
HELD_FOR = timedelta(seconds=15)
"""Many times what a batch takes, after each of which it is renewed; what a process that died costs."""

_START = uuid.UUID(int=0)

# A mark that cannot be read says nothing about what was sent: start anew.
_BEGIN = """
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return false end
local mark = redis.call('GET', KEYS[1])
if not mark or not (mark:find('^filled %S+$') or mark:find('^filling %S+ %S+$')) then
  mark = 'filling ' .. ARGV[1] .. ' ' .. ARGV[3]
  redis.call('SET', KEYS[1], mark)
end
return mark
"""
# Who lost the turn in a batch that took too long notes it nevertheless: else slow batches would be sent for ever.
_REACHED = """
local mark, prefix = redis.call('GET', KEYS[1]), 'filling ' .. ARGV[2] .. ' '
if mark and mark:sub(1, #prefix) == prefix and mark < prefix .. ARGV[3] then
  redis.call('SET', KEYS[1], prefix .. ARGV[3])
end
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
"""
_FINISH = """
local mark, prefix = redis.call('GET', KEYS[1]), 'filling ' .. ARGV[1] .. ' '
if mark and mark:sub(1, #prefix) == prefix then redis.call('SET', KEYS[1], 'filled ' .. ARGV[1]) end
"""
_GIVE_BACK = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


@dataclass(frozen=True)
class Turn:
    """The right to walk over the accounts. `filled`: only what is behind is missing; else all accounts after `after`."""

    owner: str
    filling: str
    filled: bool
    after: uuid.UUID


class Filling:
    """Whose turn it is and how far it got. Everything here raises `redis.RedisError`."""

    def __init__(self, client: redis.Redis) -> None:
        self._begin = client.register_script(_BEGIN)
        self._reached = client.register_script(_REACHED)
        self._finish = client.register_script(_FINISH)
        self._give_back = client.register_script(_GIVE_BACK)

    @contextmanager
    def turn(self) -> Iterator[Turn | None]:
        """The turn until the end of the block, or None when somebody else has it. It goes on where the last one got."""
        owner = str(uuid.uuid4())
        mark = self._begin(keys=[EPOCH, TURN], args=[owner, _milliseconds(HELD_FOR), str(_START)])
        if not mark:
            yield None
            return
        state, filling, *after = str(mark).split()
        try:
            yield Turn(owner, filling, state == "filled", uuid.UUID(after[0]) if after else _START)
        finally:
            self._give_back(keys=[TURN], args=[owner])

    def reached(self, turn: Turn, account_id: uuid.UUID) -> bool:
        """All accounts up to this one were sent. Whether the turn lasts: not when Redis was emptied or it ran out."""
        args: list[str | int] = [turn.owner, turn.filling, str(account_id), _milliseconds(HELD_FOR)]
        return bool(self._reached(keys=[EPOCH, TURN], args=args))

    def finish(self, turn: Turn) -> None:
        """Everything was sent, unless Redis was emptied since the refill began."""
        self._finish(keys=[EPOCH], args=[turn.filling])


def _milliseconds(span: timedelta) -> int:
    return int(span / timedelta(milliseconds=1))
