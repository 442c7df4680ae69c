"""Why Redis cannot be used, and what helps. Its own words are matched and never shown."""

from __future__ import annotations

import redis
from redis.exceptions import InvalidResponse, NoPermissionError

from brokersync.doctor.findings import Finding, fault
from brokersync.places import place


def refusal(check: str, url: str, error: redis.RedisError) -> Finding:
    said, at = str(error), place(url)
    if isinstance(error, redis.AuthenticationError) or "NOAUTH" in said or "WRONGPASS" in said:
        remedy = "Write the address as redis://:password@host:6379/0 (redis://user:password@… with a user)."
        return fault(check, f"{at} does not take the login of the address.", remedy)
    if isinstance(error, NoPermissionError):
        remedy = "redis-cli ACL SETUSER <user> +@all '~*' '&*' (or write a user into the address who may)"
        return fault(check, f"{at} takes the login, but its user may not use a command that we need.", remedy)
    if isinstance(error, redis.BusyLoadingError):
        return fault(check, "It is loading its data.", "Wait a moment.")
    if isinstance(error, redis.ConnectionError | redis.TimeoutError):
        return _no_connection(check, at, error)
    if isinstance(error, InvalidResponse):
        return _stranger(check, at)
    return _error(check, error)


def _error(check: str, error: redis.RedisError) -> Finding:
    """It speaks as Redis does, and says no."""
    if "out of range" in str(error):
        return fault(check, "It has no database of that number.", "End the address with /0.")
    return fault(check, f"It answers with an error ({type(error).__name__}).", "The server's log says more.")


def _no_connection(check: str, at: str, error: redis.RedisError) -> Finding:
    said = str(error)
    if isinstance(error, redis.TimeoutError):
        return fault(
            check, f"{at} did not answer in time.", "Look whether it is Redis that listens there, and into its log."
        )
    if "Name or service not known" in said or "name resolution" in said or "nodename" in said:
        return fault(check, "The host of the address is not known here.", "Correct it; on this machine: 127.0.0.1.")
    if "refused" in said:
        return fault(check, f"Nobody listens at {at}.", "sudo systemctl start redis (or correct host and port)")
    if "closed by server" in said or "reset by peer" in said:
        return fault(check, f"{at} closed the connection.", "Look whether it still runs, and into its log.")
    if "max number of clients" in said:
        return fault(
            check, "It takes no more clients.", "redis-cli CONFIG SET maxclients 1000 (and in its configuration)"
        )
    return _stranger(check, at)


def _stranger(check: str, at: str) -> Finding:
    remedy = "Correct host and port, and the scheme: redis://, or rediss:// with TLS."
    return fault(check, f"What listens at {at} does not speak as Redis does.", remedy)
