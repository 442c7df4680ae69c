"""Answers that this process has read and found nothing new in: the same bytes again need not be read again.

At night and on weekends nearly every answer is the one before it. What an answer means follows from its bytes alone, so
two digests are enough to know that nothing changed: of the answer, and of the rows that it was found equal to. The rows'
is compared with the rows as they stand, so it does not matter who else writes them. Kept in the process's memory only: a
new version of the program reads everything anew.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from models.digests import Digests
from worker.claims import Claim, KnownAccount

MOST = 4096
"""Connections remembered, some 2 kB each; beyond that the one asked longest ago is forgotten."""


@dataclass(frozen=True)
class Reading:
    """`answer` is the digest of what the broker sent, `rows` those of the rows it was found equal to.

    `accounts` are those we knew then: with others, the same answer means something else.
    """

    answer: bytes
    rows: Digests
    accounts: Mapping[str, KnownAccount]


class Readings:
    """The latest reading of each connection. Shared by all threads."""

    def __init__(self) -> None:
        self._readings: OrderedDict[uuid.UUID, Reading] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, claim: Claim) -> Reading | None:
        """What was read of this connection while it had the accounts that it has now."""
        with self._lock:
            reading = self._readings.get(claim.connection_id)
            if reading is None or reading.accounts != claim.accounts:
                return None
            self._readings.move_to_end(claim.connection_id)
            return reading

    def keep(self, claim: Claim, answer: bytes | None, rows: Digests | None) -> None:
        """Remember that this answer was found equal to these rows; nothing, where one of the two is None.

        Nothing either of a login with an account that the person left out: about that one the broker is asked more than
        the answer itself says.
        """
        if answer is None or rows is None or any(each.missing_since is not None for each in claim.accounts.values()):
            return
        with self._lock:
            self._readings[claim.connection_id] = Reading(answer, rows, claim.accounts)
            self._readings.move_to_end(claim.connection_id)
            if len(self._readings) > MOST:
                self._readings.popitem(last=False)


class Comparing:
    """Compares one answer with an earlier reading, and keeps its digest."""

    def __init__(self, earlier: Reading | None) -> None:
        self._earlier = earlier
        self.answer: bytes | None = None

    def seen(self, body: bytes) -> bool:
        self.answer = hashlib.sha256(body).digest()
        return self._earlier is not None and self._earlier.answer == self.answer
