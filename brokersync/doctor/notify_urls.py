"""Whether the addresses at which people are told can be used. Nothing is sent, and none of them is shown."""

from __future__ import annotations

from brokersync import notifying
from brokersync.doctor.findings import Finding, fault, ok, sentence
from settings import Settings

CHECK = "NOTIFY_URLS"


def examine(settings: Settings) -> list[Finding]:
    people = notifying.people_set_up(settings)
    unusable = [target for target in people if target.said is not None]
    if people and not unusable:
        services = ", ".join(str(target.service) for target in people)
        return [
            ok(CHECK, f"Apprise takes what is in it ({services}); nothing was sent (`brokersync notify --test` does).")
        ]
    return [
        fault(
            CHECK,
            f"Address {target.name}: {target.said}.",
            sentence(f"{target.remedy}; blanks or commas stand between two"),
        )
        for target in unusable
    ]
