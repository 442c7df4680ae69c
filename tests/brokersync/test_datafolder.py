from __future__ import annotations

import fcntl
import json
import os
import signal
from pathlib import Path

import pytest

from brokersync import datafolder, envfile
from brokersync.datafolder import AlreadyRunning, NotOurs
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


def test_a_link_or_a_file_of_that_name_is_refused_and_nothing_behind_it_touched(tmp_path: Path) -> None:
    place, elsewhere = tmp_path / ".brokersync", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "demo.env").touch()
    place.symlink_to(elsewhere)
    with pytest.raises(NotOurs, match="is not a folder"), datafolder.owned(tmp_path):
        pass
    datafolder.remove_leftovers(tmp_path)
    assert [path.name for path in elsewhere.iterdir()] == ["demo.env"]
    place.unlink()
    place.touch()
    with pytest.raises(NotOurs, match="is not a folder"), datafolder.owned(tmp_path):
        pass


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o702])
def test_a_folder_that_others_can_write_to_is_refused(mode: int, tmp_path: Path) -> None:
    place = tmp_path / ".brokersync"
    place.mkdir()
    place.chmod(mode)
    with pytest.raises(NotOurs, match="others can write"), datafolder.owned(tmp_path):
        pass
    assert list(place.iterdir()) == []


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".brokersync").mkdir()
    somebody_else = os.geteuid() + 1
    monkeypatch.setattr(datafolder.os, "geteuid", lambda: somebody_else)
    with pytest.raises(NotOurs, match="belongs to somebody else"), datafolder.owned(tmp_path):
        pass


def test_a_command_that_looks_for_a_demo_does_not_keep_one_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / ".brokersync"
    place.mkdir()
    looking = os.open(place, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    monkeypatch.setattr(datafolder.time, "sleep", lambda _: os.close(looking))
    with datafolder.owned(tmp_path) as folder:
        assert folder.log.is_dir()


def test_what_a_dead_demo_left_can_be_removed_but_not_what_a_running_one_has(tmp_path: Path) -> None:
    with datafolder.owned(tmp_path) as folder:
        folder.write_environment({})
        datafolder.remove_leftovers(tmp_path)
        assert folder.environment.exists()
    (tmp_path / ".brokersync" / "log").mkdir(parents=True)
    (tmp_path / ".brokersync" / "demo.env").touch()
    datafolder.remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


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
