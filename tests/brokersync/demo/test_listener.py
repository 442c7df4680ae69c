from __future__ import annotations

import pytest
import redis

from brokersync.demo.listener import listening

pytestmark = pytest.mark.servers

EVENT = (
    '{"schema":1,"event":"login_ending","event_id":"e1","connection_id":"c1","user_id":"42","broker":"schwab",'
    '"at":"2026-11-20T18:00:00Z","login_expires_at":"2026-11-21T18:00:00Z"}'
)


def test_events_are_kept_apart_from_data_and_what_is_neither_is_passed_over(
    redis_url: str, redis_client: redis.Redis
) -> None:
    data = '{"schema":1,"version":3,"kind":"balances","account_id":"a1","connection_id":"c1","user_id":"42"}'
    with listening(redis_url) as listener:
        for channel, text in (("connections:42", EVENT), ("connections:42", "{}"), ("balances:a1", data)):
            redis_client.publish(f"live_data:{channel}", text)
        found = [listener.next(5) for _ in range(3)]
    assert [document and document["version"] for document in found] == [None, None, 3]
    assert listener.heard == [("live_data:balances:a1", 3)]
    assert [document["event"] for document in listener.happened] == ["login_ending"]
