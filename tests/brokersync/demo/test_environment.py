from __future__ import annotations

from urllib.parse import urlsplit

from brokers.registry import build
from brokersync.demo.environment import demo_environ, process_environ
from models.sealing import Keyring
from settings import Settings
from worker.delivery.addresses import addresses

SERVERS = {"DATABASE_URL": "postgresql:///demo", "REDIS_URL": "redis://127.0.0.1:6379/0"}


def test_it_configures_every_part() -> None:
    environ = demo_environ(SERVERS, None, seed=7)
    loaded = Settings.from_environ(environ)
    assert loaded.require_database_url() == "postgresql+psycopg2:///demo"
    assert loaded.link_service_key
    Keyring(loaded.require_encryption_keys())
    broker = build("schwab", environ)
    assert broker.redirect_uri() == f"{loaded.public_url}/oauth/callback"
    broker.close()
    assert environ["SANDBOX_SEED"] == "7"


def test_everything_is_on_this_machine_on_ports_that_differ() -> None:
    environ = demo_environ(SERVERS, None, seed=1)
    parts = [urlsplit(environ[name]) for name in ("PUBLIC_URL", "SCHWAB_BASE_URL")]
    assert {part.hostname for part in parts} == {"127.0.0.1"}
    assert len({environ["WEB_PORT"], environ["SANDBOX_PORT"], environ["FLOWER_PORT"]}) == 3
    assert [str(part.port) for part in parts] == [environ["WEB_PORT"], environ["SANDBOX_PORT"]]


def test_each_demo_has_secrets_of_its_own_but_keeps_a_key_that_is_given() -> None:
    one, other = (demo_environ(SERVERS, None, seed=1) for _ in range(2))
    for name in ("ENCRYPTION_KEY", "LINK_SERVICE_KEY", "SCHWAB_CLIENT_SECRET", "FLOWER_BASIC_AUTH"):
        assert one[name] != other[name]
    assert demo_environ(SERVERS, "given", seed=1)["ENCRYPTION_KEY"] == "given"


def test_the_callers_settings_of_our_programs_do_not_reach_them() -> None:
    callers = {
        "HOME": "/root",
        "CELERY_BROKER_URL": "redis://elsewhere",
        "SCHWAB_CLIENT_SECRET": "the real one",
        "RETURN_URLS": "https://elsewhere",
        "NOTIFY_URLS": "mailto://somebody:real@example.org",
        "WEBHOOK_URL": "https://elsewhere",
        "GUNICORN_CMD_ARGS": "--bind 0.0.0.0",
        "FLOWER_PORT": "1",
    }
    environ = process_environ({"FLOWER_PORT": "5555"}, callers)
    assert environ == {"HOME": "/root", "FLOWER_PORT": "5555"}


def test_it_tells_those_who_are_named_and_nobody_else() -> None:
    told = ["json://127.0.0.1:1", "mailto://user:a,b@example.org"]
    environ = demo_environ(SERVERS, None, seed=1, notify=told)
    assert [address.url for address in addresses(environ["NOTIFY_URLS"])] == told
    assert "NOTIFY_URLS" not in demo_environ(SERVERS, None, seed=1)
