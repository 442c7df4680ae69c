"""The settings: what is taken, and the words for what is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

import settings
from settings import NotConfigured, Settings, Unusable

SECRET = "ersecret"


def refused(**environ: str) -> str:
    """What is said about an environment that cannot be used."""
    with pytest.raises(Unusable) as caught:
        Settings.from_environ(environ)
    assert caught.value.name in environ
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def test_an_empty_environment_has_the_documented_defaults() -> None:
    assert Settings.from_environ({}) == Settings()
    assert Settings.from_environ({each.name: "" for each in settings.VARIABLES}) == Settings()
    documented = {each.name: each.default for each in settings.VARIABLES}
    assert documented["PUBLIC_URL"] == Settings().public_url
    assert documented["SYNC_INTERVAL"] == str(int(Settings().sync_interval.total_seconds()))
    assert documented["FRESHNESS_LIMIT"] == str(int(Settings().freshness_limit.total_seconds()))


def test_the_settings_of_a_process_are_those_of_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNC_INTERVAL", "77")
    assert settings.load().sync_interval == timedelta(seconds=77)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_each_way_to_write_postgresql_means_psycopg2(scheme: str) -> None:
    read = Settings.from_environ({"DATABASE_URL": f"{scheme}://u:p@db:5432/x"})
    assert read.require_database_url() == "postgresql+psycopg2://u:p@db:5432/x"


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "/name",
        "db/name",
        "u@/name?host=/run/postgresql",
        "u:a%40b%2Fc@[::1]:5432/name",
        "u:p:w@db/x?sslmode=require",
    ],
)
def test_an_address_of_postgresql_that_can_be_read_is_taken(rest: str) -> None:
    assert Settings.from_environ({"DATABASE_URL": f"postgresql://{rest}"}).database_url == (
        f"postgresql+psycopg2://{rest}"
    )


@pytest.mark.parametrize("url", ["mysql://127.0.0.1/x", "127.0.0.1/x", "sqlite:///x"])
def test_another_database_is_refused(url: str) -> None:
    assert "must start with postgresql://" in refused(DATABASE_URL=url)


UNREADABLE = [
    f"u:pa@{SECRET}@127.0.0.1:1/0",
    f":1234/{SECRET}@127.0.0.1:1/0",
    f"u:12#{SECRET}@127.0.0.1:1/0",
    f"u:12?{SECRET}@127.0.0.1:1/0",
    f"u:1[{SECRET}@127.0.0.1:1/0",
    f"u:1 {SECRET}@127.0.0.1:1/0",
    f"u:1\t{SECRET}@127.0.0.1:1/0",
    f"u:{SECRET}@127.0.0.1:abc/0",
    f"u:{SECRET}@127.0.0.1:99999/0",
    f"u:{SECRET}@127.0.0.1:0/0",
    "[bad",
    ":1234",
    "h/0#x",
    "h\udcff/0",
]


@pytest.mark.parametrize("rest", UNREADABLE)
@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("DATABASE_URL", "postgresql"),
        ("REDIS_URL", "redis"),
        ("CELERY_BROKER_URL", "rediss"),
        ("LIVE_DATA_REDIS_URL", "redis"),
    ],
)
def test_an_address_that_can_be_read_two_ways_is_refused_without_quoting_it(name: str, scheme: str, rest: str) -> None:
    said = refused(**{name: f"{scheme}://{rest}"})
    assert said.startswith(f"{name} cannot be read as an address. Write it as {scheme.removesuffix('s')}")
    assert "%40 for @" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    "url", ["redis://", "redis://h", "redis://h:6379/15", "rediss://u:p%2Fw@[::1]/0?ssl_cert_reqs=none"]
)
def test_one_address_of_redis_serves_celery_and_the_live_data(url: str) -> None:
    read = Settings.from_environ({"REDIS_URL": url})
    assert (read.require_celery_broker_url(), read.require_live_data_redis_url()) == (url, url)


def test_celery_and_the_live_data_can_have_a_redis_each() -> None:
    own = {"CELERY_BROKER_URL": "redis://a", "LIVE_DATA_REDIS_URL": "unix:///run/redis.sock"}
    for environ in (own, own | {"REDIS_URL": "redis://c"}):
        read = Settings.from_environ(environ)
        assert (read.celery_broker_url, read.live_data_redis_url) == tuple(own.values())


@pytest.mark.parametrize("name", ["REDIS_URL", "CELERY_BROKER_URL", "LIVE_DATA_REDIS_URL"])
@pytest.mark.parametrize("url", ["nonsense", f"amqp://u:{SECRET}@h", "redis:h", "unix://", "http://h"])
def test_what_is_no_redis_is_refused_by_the_name_it_was_given(name: str, url: str) -> None:
    said = refused(**{name: url})
    assert said.startswith(f"{name} must start with redis:// or rediss://")
    assert SECRET not in said


@pytest.mark.parametrize("name", ["REDIS_URL", "CELERY_BROKER_URL"])
def test_a_socket_is_refused_where_celery_would_have_to_use_it(name: str) -> None:
    assert "only LIVE_DATA_REDIS_URL may name one" in refused(**{name: "unix:///run/redis.sock"})


@pytest.mark.parametrize("path", ["abc", "1/2", "-1", "٣"])
def test_a_redis_database_is_a_number(path: str) -> None:
    assert "the number of a database" in refused(REDIS_URL=f"redis://h/{path}")


def test_keys_and_return_urls_are_separated_by_commas_and_blanks_do_not_count() -> None:
    read = Settings.from_environ({"ENCRYPTION_KEY": " a , b,, ", "RETURN_URLS": "https://x/, https://y/z"})
    assert read.require_encryption_keys() == ("a", "b")
    assert read.return_urls == ("https://x/", "https://y/z")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://sync.example/", "https://sync.example"),
        ("http://[::1]:8182", "http://[::1]:8182"),
        ("https://host.example/sync/", "https://host.example/sync"),
    ],
)
def test_the_public_address_is_kept_without_a_slash_at_its_end(url: str, kept: str) -> None:
    assert Settings.from_environ({"PUBLIC_URL": url}).public_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "ftp://x",
        "https://",
        "https://:8182",
        "http://127.0.0.1:99999",
        "http://h:x",
        "http://[x",
        "http://a b",
    ],
)
def test_a_public_address_that_is_none_is_refused(url: str) -> None:
    assert refused(PUBLIC_URL=url) == "PUBLIC_URL must be a full address such as https://sync.example.org"


@pytest.mark.parametrize(
    "url",
    [
        f"https://u:{SECRET}@x.example",
        f"https://x.example:443/{SECRET}@h",
        "https://x.example/?a=b",
        "https://x.example/#a",
    ],
)
def test_a_public_address_to_which_no_path_can_be_added_is_refused(url: str) -> None:
    said = refused(PUBLIC_URL=url)
    assert "no login, query or fragment" in said
    assert SECRET not in said


@pytest.mark.parametrize("name", ["SYNC_INTERVAL", "FRESHNESS_LIMIT"])
def test_seconds_are_taken_up_to_thirty_days(name: str) -> None:
    for text in ("1", "2592000"):
        read = Settings.from_environ({name: text})
        assert timedelta(seconds=int(text)) in {read.sync_interval, read.freshness_limit}


@pytest.mark.parametrize("name", ["SYNC_INTERVAL", "FRESHNESS_LIMIT"])
@pytest.mark.parametrize("text", ["0", "-1", "1.5", "5m", "٣", "²", "2592001", "9" * 20, "9" * 5000])
def test_seconds_that_cannot_be_used_are_refused_with_what_can(name: str, text: str) -> None:
    said = refused(**{name: text})
    assert said.startswith(f"{name} must be a whole number of seconds from 1 to 2592000, such as ")
    assert "99999" not in said


@pytest.mark.parametrize("text", ["-1", "one", "100", "9" * 5000])
def test_a_number_of_proxies_that_cannot_be_is_refused(text: str) -> None:
    assert refused(TRUSTED_PROXIES=text).startswith("TRUSTED_PROXIES must be a whole number")


def test_what_is_missing_is_asked_for_by_name() -> None:
    asked = {
        "DATABASE_URL": Settings().require_database_url,
        "REDIS_URL to": Settings().require_celery_broker_url,
        "REDIS_URL": Settings().require_live_data_redis_url,
        "ENCRYPTION_KEY": Settings().require_encryption_keys,
    }
    for name, require in asked.items():
        with pytest.raises(NotConfigured, match=f"^Set {name}"):
            require()


def test_no_secret_is_in_the_repr() -> None:
    environ = {
        "DATABASE_URL": f"postgresql://u:{SECRET}@h/x",
        "REDIS_URL": f"redis://:{SECRET}@h/0",
        "ENCRYPTION_KEY": SECRET,
        "LINK_SERVICE_KEY": SECRET,
    }
    read = Settings.from_environ(environ)
    assert read.link_service_key == SECRET
    assert SECRET not in repr(read)


@pytest.mark.parametrize("name", [each.name for each in settings.VARIABLES if each.name not in settings.LISTS])
@pytest.mark.parametrize(("end", "said"), [("\r", "Windows line ends"), (" ", "a blank"), ("\n", "a line end")])
def test_a_value_with_something_behind_it_that_nobody_sees_is_refused_by_its_name(
    name: str, end: str, said: str
) -> None:
    told = refused(**{name: f"{SECRET}{end}"})
    assert told.startswith(f"{name} ")
    assert said in told
    assert SECRET not in told


@pytest.mark.parametrize("name", ["ENCRYPTION_KEY", "RETURN_URLS"])
def test_blanks_and_line_ends_around_a_list_are_taken_off(name: str) -> None:
    read = Settings.from_environ({name: " a, b\r"})
    assert ("a", "b") in (read.encryption_keys, read.return_urls)
