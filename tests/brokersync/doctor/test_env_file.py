from __future__ import annotations

from pathlib import Path

import pytest

from brokersync.doctor import env_file

OURS = {"DATABASE_URL", "REDIS_URL", "LINK_SERVICE_KEY", "SCHWAB_CLIENT_SECRET", "ENCRYPTION_KEY"}


def test_no_file_is_no_finding(tmp_path: Path) -> None:
    assert env_file.examine(tmp_path, {}, OURS) == []


def test_a_file_that_was_not_loaded_is_told_with_the_line_that_loads_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("REDIS_URL=redis://ersecret@h\nLINK_SERVICE_KEY=\nOTHER=1\n")
    (found,) = env_file.examine(tmp_path, {}, OURS)
    assert "REDIS_URL not set" in found.said
    assert found.remedy == "set -a; . ./.env; set +a"
    assert env_file.examine(tmp_path, {"REDIS_URL": "redis://ersecret@h"}, OURS) == []


def test_a_shell_that_has_other_values_than_the_file_is_told() -> None:
    (found,) = env_file.loaded("REDIS_URL=new\n", {"REDIS_URL": "old"}, OURS)
    assert "other values than the file: REDIS_URL" in found.said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("export REDIS_URL=redis://h", "begin with export"),
        ("REDIS_URL = redis://h", "no blanks around"),
        ("REDIS_URL= redis://h", "no blanks around"),
        ("LINK_SERVICE_KEY=ersecret#more", "read it differently"),
        ("LINK_SERVICE_KEY=ersecret&more", "read it differently"),
        ("LINK_SERVICE_KEY=er$ecret", "read it differently"),
        ("LINK_SERVICE_KEY='ersecret", "stands open"),
        ("LINK_SERVICE_KEY=ersecret more", "stands open"),
    ],
)
def test_what_a_shell_and_honcho_read_differently_is_told_by_its_line(line: str, said: str) -> None:
    (found,) = env_file.lines(f"# mine\n{line}\n", OURS)
    assert found.said.startswith("Line 2 (")
    assert said in found.said
    assert "ersecret" not in str(found)


@pytest.mark.parametrize(
    "line",
    [
        "REDIS_URL=redis://:pass%40word@127.0.0.1:6379/0",
        "REDIS_URL=redis://h \t",
        "LINK_SERVICE_KEY='a b&c'",
        "OTHER = $x",
        "REDIS_URL=",
    ],
)
def test_a_good_line_is_not_mentioned(line: str) -> None:
    assert env_file.lines(line, OURS) == []


def test_windows_line_ends_are_told_with_the_command_that_takes_them_away(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"REDIS_URL=redis://h\r\n")
    # With what a shell takes into the value: it is told once.
    found = env_file.examine(tmp_path, {"REDIS_URL": "redis://h\r"}, OURS)
    assert [each.remedy for each in found] == ["sed -i 's/\\r$//' .env"]
