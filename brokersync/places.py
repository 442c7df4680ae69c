"""Where a server is, as it may be shown."""

from __future__ import annotations

from urllib.parse import urlsplit


def holds_login(url: str) -> bool:
    """Whether a web address has, or may be read to have, a login in front of its host: none of ours ever needs one."""
    return "@" in url


def place(url: str | None) -> str:
    """Host and port of a server's address, without its login. What parsers read differently is not shown at all."""
    try:
        parts = urlsplit(url or "")
        host, port = parts.hostname, parts.port
    except ValueError:
        return "the address given"
    if not host or (url or "").count("@") > 1 or "@" in parts.path + parts.query + parts.fragment:
        return "the address given"
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"
