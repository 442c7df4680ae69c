from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brokersync import datafolder, envfile, running_demo
from brokersync.datafolder import DataFolder
from brokersync.demo.environment import demo_environ
from brokersync.demo.given import NAMES

FOUND = {"DATABASE_URL": "postgresql:///x", "SCHWAB_CLIENT_ID": "of the demo"}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[DataFolder]:
    """The folder of a demo that runs."""
    with datafolder.owned(tmp_path) as folder:
        folder.write_environment(FOUND)
        yield folder


def test_a_demo_that_runs_is_found_from_below(running: DataFolder, tmp_path: Path) -> None:
    assert running_demo.environment(tmp_path) == FOUND
    assert running_demo.environment(tmp_path / "a" / "b") == FOUND


def test_a_file_that_no_running_demo_holds_is_ignored(tmp_path: Path) -> None:
    (tmp_path / ".brokersync").mkdir(mode=0o700)
    (tmp_path / ".brokersync" / "demo.env").write_text(envfile.written(FOUND))
    assert running_demo.environment(tmp_path) is None


def test_only_names_of_this_project_are_taken(running: DataFolder, tmp_path: Path) -> None:
    running.write_environment({**FOUND, "PYTHONPATH": "/planted", "LD_PRELOAD": "/planted.so", "PATH": "/planted"})
    assert running_demo.environment(tmp_path) == FOUND


def test_every_name_that_a_demo_writes_is_taken() -> None:
    written = demo_environ(dict.fromkeys(NAMES, ""), None, seed=1)
    assert written.keys() - running_demo.names() == set()


def _folder_writable(folder: DataFolder) -> None:
    folder.path.chmod(0o777)


def _file_writable(folder: DataFolder) -> None:
    folder.environment.chmod(0o620)


def _file_a_link(folder: DataFolder) -> None:
    folder.environment.rename(folder.log / "elsewhere")
    folder.environment.symlink_to(folder.log / "elsewhere")


def _file_a_pipe(folder: DataFolder) -> None:
    folder.environment.unlink()
    os.mkfifo(folder.environment, 0o600)


def _folder_a_link(folder: DataFolder) -> None:
    elsewhere = folder.path.with_name("elsewhere")
    folder.path.rename(elsewhere)
    folder.path.symlink_to(elsewhere)


@pytest.mark.parametrize("spoil", [_folder_writable, _file_writable, _file_a_link, _file_a_pipe, _folder_a_link])
def test_what_others_may_have_written_is_ignored(
    spoil: Callable[[DataFolder], None], running: DataFolder, tmp_path: Path
) -> None:
    spoil(running)
    assert running_demo.environment(tmp_path) is None


@pytest.mark.parametrize("theirs", [stat.S_ISDIR, stat.S_ISREG])
def test_what_belongs_to_somebody_else_is_ignored(
    theirs: Callable[[int], bool], running: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = datafolder.is_private
    monkeypatch.setattr(
        running_demo.datafolder, "is_private", lambda found: not theirs(found.st_mode) and private(found)
    )
    assert running_demo.environment(tmp_path) is None
