"""Which brokers there are, and how one is built from the environment."""

from __future__ import annotations

from collections.abc import Mapping

from brokers.interface import Broker, Declaration, NotConfigured
from brokers.schwab import Schwab

BROKERS: dict[str, type[Schwab]] = {Schwab.declaration.name: Schwab}


def declarations() -> tuple[Declaration, ...]:
    """Every broker we know, configured or not."""
    return tuple(broker.declaration for broker in BROKERS.values())


def declaration(name: str) -> Declaration:
    """Raises `KeyError` for a broker we do not know."""
    return BROKERS[name].declaration


def build(name: str, environ: Mapping[str, str]) -> Broker:
    """The broker of that name, configured. Raises `KeyError` (unknown) or `NotConfigured` (variables missing)."""
    broker = BROKERS[name]
    wanted = broker.declaration.variables
    missing = tuple(variable.name for variable in wanted if variable.default is None and not environ.get(variable.name))
    if missing:
        raise NotConfigured(missing, f"Set {_listed(missing)} to use {broker.declaration.title}.")
    stray = tuple(variable.name for variable in wanted if (value := environ.get(variable.name, "")) != value.strip())
    if stray:
        said = "a blank or a line end stands around the value (as of a file with Windows line ends)"
        raise NotConfigured(stray, f"Mend {_listed(stray)}: {said}.")
    return broker({variable.name: environ.get(variable.name) or variable.default or "" for variable in wanted})


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
