from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

import pytest

from brokersync.embedded import folder
from brokersync.embedded.folder import LOCK, NoPlace, private_folder, remove_leftovers


def left_behind(root: Path, name: str = "brokersync-leftover") -> Path:
    place = root / name
    place.mkdir()
    (place / LOCK).touch()
    return place


def test_a_folder_whose_keeper_is_dead_is_removed(tmp_path: Path) -> None:
    place = left_behind(tmp_path)
    remove_leftovers(tmp_path)
    assert not place.exists()


def test_a_folder_whose_lock_is_held_stays(tmp_path: Path) -> None:
    place = left_behind(tmp_path)
    with (place / LOCK).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        remove_leftovers(tmp_path)
    assert place.exists()


def test_a_folder_that_only_looks_like_ours_stays(tmp_path: Path) -> None:
    (tmp_path / "brokersync-notes").mkdir()
    left_behind(tmp_path, "another-program")
    (tmp_path / "brokersync-link").symlink_to(tmp_path / "another-program")
    remove_leftovers(tmp_path)
    assert {place.name for place in tmp_path.iterdir()} == {"brokersync-notes", "another-program", "brokersync-link"}


@pytest.mark.processes
def test_what_still_runs_in_a_dead_keepers_folder_is_ended(tmp_path: Path) -> None:
    place = left_behind(tmp_path)
    with subprocess.Popen(["sleep", "60"], cwd=place) as process:
        remove_leftovers(tmp_path)
        assert process.wait(5) < 0


def test_a_private_folder_is_never_taken_for_a_leftover_and_is_removed_at_the_end() -> None:
    with private_folder(None) as place:
        remove_leftovers(place.parent)
        assert (place / LOCK).exists()
    assert not place.exists()


def test_without_a_place_for_the_socket_the_message_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "LONGEST_SOCKET_PATH", 1)
    with pytest.raises(NoPlace, match="TMPDIR"), private_folder(None):
        pass
