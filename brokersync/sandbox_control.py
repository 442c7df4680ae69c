"""Speaking to the control routes of the sandbox that SCHWAB_BASE_URL names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

import settings
from brokers.schwab import Schwab
from brokersync.explanations import NotConfigured
from brokersync.places import holds_login

VARIABLE = "SCHWAB_BASE_URL"
SECONDS = 10
"""It is on this machine or near; only a market of thousands of ticks takes it a second or two."""

Answer = dict[str, Any]


class SandboxRefused(Exception):
    """The sandbox does not do it, or what answers is no sandbox. The message says which, and what is allowed."""


class SandboxControl:
    """The control routes at one address."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")

    def state(self) -> Answer:
        return self._call("GET", "state")

    def advance(self, span: str) -> Answer:
        return self._call("POST", "clock", {"advance": span})

    def add_fault(self, name: str, **more: str | int | None) -> Answer:
        """`more` as `POST /_sandbox/faults` names it; what is None is left to the sandbox."""
        asked = {"fault": name, **more}
        return self._call("POST", "faults", {key: value for key, value in asked.items() if value is not None})

    def clear_faults(self) -> Answer:
        return self._call("DELETE", "faults")

    def tick(self, times: int) -> Answer:
        return self._call("POST", "market", {"tick": times})

    def trade(self, order: Mapping[str, str]) -> Answer:
        return self._call("POST", "trade", order)

    def _call(self, method: str, route: str, body: Mapping[str, object] | None = None) -> Answer:
        try:
            with requests.Session() as session:
                # Neither a proxy nor a redirect carries elsewhere what turns a clock and makes faults.
                session.trust_env = False
                response = session.request(
                    method,
                    f"{self._base_url}/_sandbox/{route}",
                    json=body,
                    timeout=SECONDS,
                    allow_redirects=False,
                )
        except requests.RequestException:
            raise SandboxRefused(
                f"No sandbox answers at {self._base_url}: `brokersync sandbox` starts one, or see {VARIABLE}."
            ) from None
        try:
            answer = response.json()
        except requests.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            raise SandboxRefused(f"What answers at {self._base_url} is not the sandbox: see {VARIABLE}.")
        if response.status_code >= 400:
            raise SandboxRefused(f"The sandbox refuses: {answer.get('error', response.status_code)}.")
        return answer


def configured(environ: Mapping[str, str]) -> SandboxControl:
    """The sandbox of this environment. Raises `NotConfigured` where SCHWAB_BASE_URL is Schwab's own address."""
    settings.require_clean(environ, [VARIABLE])
    real = next(each.default for each in Schwab.declaration.variables if each.name == VARIABLE)
    base_url = environ.get(VARIABLE) or real or ""
    if not environ.get(VARIABLE):
        raise NotConfigured(
            f"No demo runs here, and {VARIABLE} is not set. `brokersync sandbox` starts a sandbox and prints its address."
        )
    if holds_login(base_url):
        raise NotConfigured(f"{VARIABLE} holds a login (what stands before an @): write it without.")
    if base_url.rstrip("/").lower() == real:
        raise NotConfigured(
            f"{VARIABLE} is Schwab's own address, which has no clock to turn: set it to a sandbox's. "
            "`brokersync sandbox` starts one and prints its address."
        )
    return SandboxControl(base_url)
