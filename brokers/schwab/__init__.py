"""Charles Schwab, by its "Trader API - Individual"."""

from brokers.schwab.broker import Schwab

__all__ = ["Schwab"]
