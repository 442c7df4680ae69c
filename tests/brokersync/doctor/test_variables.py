from __future__ import annotations

import pytest

from brokersync import reference
from brokersync.doctor import variables
from brokersync.doctor.findings import Level

OURS = [variable.name for variable in reference.environment()]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("SCHWAB_CLIENT_KEY", "SCHWAB_CLIENT_ID"),
        ("SCHWAB_APP_KEY", "SCHWAB_CLIENT_ID"),
        ("SCHWAB_APP_SECRET", "SCHWAB_CLIENT_SECRET"),
        ("SCHWAB_REDIRECT_URL", "SCHWAB_REDIRECT_URI"),
        ("SCHWAB_CALLBACK_URL", "SCHWAB_REDIRECT_URI"),
        ("ENCRYPTION_KEYS", "ENCRYPTION_KEY"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("REDIS_URI", "REDIS_URL"),
        ("POSTGRES_URL", "DATABASE_URL"),
        ("LINK_SERVICE_KEYS", "LINK_SERVICE_KEY"),
    ],
)
def test_a_name_that_is_nearly_ours_is_told_with_the_right_one(written: str, meant: str) -> None:
    (found,) = variables.misspelt({written: "ersecret"}, OURS)
    assert (found.level, found.check, found.remedy) == (Level.WARNING, written, f"Call it {meant}.")
    assert "ersecret" not in str(found)


@pytest.mark.parametrize("other", ["PATH", "HOME", "REDIS_PORT", "PGPASSWORD", "LC_ALL", "DATABASE", "MAIL_KEY"])
def test_a_name_of_another_program_is_not_mentioned(other: str) -> None:
    assert variables.misspelt({other: "x"}, OURS) == []


def test_where_the_right_one_is_set_a_like_name_is_nobodys_business() -> None:
    assert variables.misspelt({"DATABASE_URI": "x", "DATABASE_URL": "y"}, OURS) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("ersecret\r", "carriage return"),
        (" ersecret", "a blank"),
        ("ersecret ", "a blank"),
        ('"ersecret"', "Quotes"),
        ("'ersecret'", "Quotes"),
    ],
)
def test_a_value_that_a_file_spoiled_is_a_fault_that_does_not_show_it(value: str, said: str) -> None:
    (found,) = variables.spoiled({"SCHWAB_CLIENT_SECRET": value}, OURS)
    assert (found.level, found.check) == (Level.FAULT, "SCHWAB_CLIENT_SECRET")
    assert said in found.said
    assert "ersecret" not in str(found)


@pytest.mark.parametrize(
    ("value", "level"), [("key\r", Level.WARNING), (" key", Level.WARNING), ("'key'", Level.FAULT)]
)
def test_blanks_around_a_list_do_no_harm_and_quotes_do(value: str, level: Level) -> None:
    assert [each.level for each in variables.spoiled({"ENCRYPTION_KEY": value}, OURS)] == [level]


def test_good_values_are_not_mentioned() -> None:
    assert variables.spoiled({"REDIS_URL": "redis://127.0.0.1", "DATABASE_URL": "", "OTHER": "'x'"}, OURS) == []
