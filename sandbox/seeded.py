"""Numbers that follow from the seed: the same question always has the same answer, on every machine."""

from __future__ import annotations

from hashlib import sha256


def number_below(bound: int, *question: object) -> int:
    """A whole number from 0 to `bound` - 1."""
    return int.from_bytes(_digest(question)[:8]) % bound


def upper_hex(*question: object) -> str:
    """64 upper case hexadecimal digits, the form of Schwab's account hashes."""
    return _digest(question).hex().upper()


def _digest(question: tuple[object, ...]) -> bytes:
    return sha256("/".join(map(str, question)).encode()).digest()
