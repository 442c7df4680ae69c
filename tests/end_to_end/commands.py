"""`brokersync` as an operator of the installation runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.end_to_end.installation import Installation
from tests.guards.tree import ROOT

PROGRAM = [sys.executable, "-c", "from brokersync.main import main; main()"]


def brokersync(installation: Installation, *arguments: str, code: int = 0) -> Any:
    """What the command prints as JSON; its exit code must be `code`, and nothing but the document is printed."""
    return json.loads(run(installation, *arguments, code=code).stdout)


def run(installation: Installation, *arguments: str, code: int) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [*PROGRAM, *arguments, "--json"],
        check=False,
        env={**installation.environ, "PYTHONPATH": str(ROOT)},
        cwd=Path("/"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == code, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran
