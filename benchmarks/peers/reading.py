"""What the peers begin with: a call on a new HTTP connection, read by the floor's own parser, so that they differ from
each other in nothing but how they write."""

from __future__ import annotations

from collections.abc import Mapping

import requests

from benchmarks.floor_rows import Read, read


def fetch(broker_url: str, token: str, account_ids: Mapping[str, str]) -> list[Read]:
    with requests.Session() as session:
        # A proxy of the environment has nothing to do with a server on this machine.
        session.trust_env = False
        answer = session.get(
            f"{broker_url}/trader/v1/accounts",
            params={"fields": "positions"},
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
    answer.raise_for_status()
    return read(answer.content, account_ids)
