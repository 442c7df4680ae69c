from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from brokersync import datafolder, envfile
from brokersync.datafolder import AlreadyRunning
from tests.brokersync.owners import owner, until

DEMO = """
import json, os, pathlib, signal
from brokersync import datafolder, endings
with endings.unwinding(), datafolder.owned(pathlib.Path(os.environ["PLACE"])) as folder:
    folder.write_environment({"DATABASE_URL": "postgresql://"})
    print(json.dumps({}), flush=True)
    signal.pause()
"""


def test_what_is_in_the_folder_is_for_its_owner_only_and_gone_at_the_end(tmp_path: Path) -> None:
    with datafolder.owned(tmp_path) as folder:
        folder.write_environment({"KEY": "a b"})
        (folder.log / "web.log").write_text("…")
        assert [place.stat().st_mode & 0o777 for place in (folder.path, folder.log, folder.environment)] == [
            0o700,
            0o700,
            0o600,
        ]
        assert envfile.parsed(folder.environment.read_text()) == {"KEY": "a b"}
        folder.write_environment({"KEY": "c"})
        assert envfile.parsed(folder.environment.read_text()) == {"KEY": "c"}
    assert list(tmp_path.iterdir()) == []


def test_a_second_demo_in_the_same_place_is_refused_and_the_first_keeps_its_files(tmp_path: Path) -> None:
    with datafolder.owned(tmp_path) as folder:
        folder.write_environment({})
        with pytest.raises(AlreadyRunning, match="running already"), datafolder.owned(tmp_path):
            pass
        assert folder.environment.exists()


def test_somebody_elses_files_and_the_folders_mode_stay(tmp_path: Path) -> None:
    place = tmp_path / ".brokersync"
    place.mkdir(mode=0o755)
    (place / "notes").write_text("mine")
    with datafolder.owned(tmp_path):
        pass
    assert [path.name for path in place.iterdir()] == ["notes"]
    assert place.stat().st_mode & 0o777 == 0o755


@pytest.mark.processes
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_demo_that_is_ended_leaves_no_folder(ending: signal.Signals, tmp_path: Path) -> None:
    with owner(DEMO, PLACE=str(tmp_path)) as running:
        assert (tmp_path / ".brokersync" / "demo.env").exists()
        running.process.send_signal(ending)
        assert until(lambda: not (tmp_path / ".brokersync").exists(), 3)


@pytest.mark.processes
def test_a_killed_demos_leftovers_are_cleared_by_the_next(tmp_path: Path) -> None:
    with owner(DEMO, PLACE=str(tmp_path)) as running:
        running.process.kill()
        running.process.wait()
    assert (tmp_path / ".brokersync" / "demo.env").exists()
    with datafolder.owned(tmp_path) as folder:
        assert not folder.environment.exists()


def test_a_folder_that_vanishes_under_the_lock_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open
    vanished = []

    def open_and_lose(path: Path, flags: int, *mode: int, **options: int) -> int:
        descriptor = opened(path, flags, *mode, **options)
        if not vanished:
            vanished.append(path)
            path.rmdir()
        return descriptor

    monkeypatch.setattr(datafolder.os, "open", open_and_lose)
    with datafolder.owned(tmp_path) as folder:
        assert folder.log.is_dir()
        assert json.dumps([str(path) for path in vanished]) == json.dumps([str(folder.path)])
