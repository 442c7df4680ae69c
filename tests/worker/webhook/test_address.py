"""Where a webhook may lead: the address that is checked is the one that is connected to."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from brokers import transport
from tests.brokers.certificate import Certificate, make_certificate
from tests.worker.receiver import receiver
from tests.worker.webhook.given import DOCUMENT, EVENT_ID, SECRET, failure, send
from worker.webhook import NotDelivered, Webhook

pytestmark = pytest.mark.sockets

NAME = "receiver.example"
PUBLIC = "93.184.215.14"
LOOK_UP = socket.getaddrinfo


class Resolver:
    """Gives `NAME` the addresses of `answers`, one answer after the other, and counts how often it is asked for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[list[str]] = []
        self.asked = 0
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: str, port: int, *arguments: Any, **options: Any) -> list[Any]:
        if host != NAME:  # an address, however it is written: that asks nobody
            return LOOK_UP(host, port, *arguments, flags=socket.AI_NUMERICHOST, **options)
        found = self.answers[self.asked]
        self.asked += 1
        return [(0, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    return Resolver(monkeypatch)


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were connected to. Whatever they are, this machine is at the other end."""
    addresses: list[str] = []

    def connect(address: tuple[str, int], seconds: float, **_: object) -> socket.socket:
        addresses.append(address[0])
        return socket.create_connection(("127.0.0.1", address[1]), seconds)

    monkeypatch.setattr(transport, "create_connection", connect)
    return addresses


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """A certificate for `NAME` that the environment vouches for."""
    made = make_certificate(tmp_path, NAME)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.certificate))
    return made


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_private_address_is_refused_however_it_is_written(
    resolver: Resolver, connected: list[str], scheme: str, host: str
) -> None:
    error = failure(f"{scheme}://{host}:9/events", allow_private=False)
    assert error.text.startswith("WEBHOOK_URL leads to a private network: set WEBHOOK_PRIVATE=yes")
    assert error.retry
    assert connected == []


@pytest.mark.parametrize("allow_private", [False, True])
@pytest.mark.parametrize("host", ["169.254.169.254", "0", "[fe80::1]", "224.0.0.1", "[64:ff9b::a9fe:a9fe]"])
def test_what_is_no_ones_address_is_refused_even_where_private_networks_are_allowed(
    resolver: Resolver, connected: list[str], allow_private: bool, host: str
) -> None:
    error = failure(f"https://{host}/events", allow_private)
    assert "no receiver can be" in error.text
    assert connected == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fd00::1", "100.64.0.1"])
def test_a_name_that_leads_to_a_private_address_is_refused(
    resolver: Resolver, connected: list[str], address: str
) -> None:
    resolver.answers = [[address]]
    assert "WEBHOOK_PRIVATE" in failure(f"https://{NAME}/events", allow_private=False).text
    assert connected == []


@pytest.mark.parametrize("addresses", [[PUBLIC, "127.0.0.1"], ["10.0.0.1", PUBLIC], [PUBLIC, "::1"]])
def test_one_private_address_among_those_of_a_name_is_enough_to_refuse_it(
    resolver: Resolver, connected: list[str], addresses: list[str]
) -> None:
    resolver.answers = [addresses]
    assert "WEBHOOK_PRIVATE" in failure(f"https://{NAME}/events", allow_private=False).text
    assert connected == []


def test_a_name_that_is_another_address_a_moment_later_is_looked_up_once_and_that_address_connected_to(
    resolver: Resolver, connected: list[str], certificate: Certificate
) -> None:
    resolver.answers = [[PUBLIC], ["127.0.0.1"]]
    with receiver(tls=certificate.server_context()) as at:
        send(f"https://{NAME}:{at.port}/events", allow_private=False)
    assert (resolver.asked, connected) == (1, [PUBLIC])
    assert [got.body for got in at.received] == [DOCUMENT]


def test_the_next_event_is_checked_anew(resolver: Resolver, connected: list[str], certificate: Certificate) -> None:
    resolver.answers = [[PUBLIC], ["127.0.0.1"]]
    with receiver(tls=certificate.server_context()) as at:
        webhook = Webhook(f"https://{NAME}:{at.port}/events", SECRET, allow_private=False)
        webhook.send(DOCUMENT, EVENT_ID, datetime.now(UTC), 5.0)
        with pytest.raises(NotDelivered, match="private network"):
            webhook.send(DOCUMENT, EVENT_ID, datetime.now(UTC), 5.0)
    assert connected == [PUBLIC]


def test_tls_and_the_host_header_go_by_the_name_not_by_the_address(
    resolver: Resolver, certificate: Certificate
) -> None:
    resolver.answers = [["127.0.0.1"]]
    named: list[str | None] = []
    context = certificate.server_context()
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    with receiver(tls=context) as at:
        send(f"https://{NAME}:{at.port}/events?of=brokersync")
    [got] = at.received
    assert named == [NAME]
    assert (got.headers["host"], got.path) == (f"{NAME}:{at.port}", "/events?of=brokersync")


def test_the_certificate_of_another_host_is_refused(certificate: Certificate) -> None:
    with receiver(tls=certificate.server_context()) as at:
        error = failure(f"https://127.0.0.1:{at.port}/events")
    assert "certificate was not accepted" in error.text
    assert error.retry
    assert at.received == []


def test_a_certificate_that_nobody_vouches_for_is_refused(
    resolver: Resolver, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    resolver.answers = [["127.0.0.1"]]
    with receiver(tls=certificate.server_context()) as at:
        assert "certificate was not accepted" in failure(f"https://{NAME}:{at.port}/events").text
    assert at.received == []


def test_a_bundle_of_certificates_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    error = failure("https://127.0.0.1:9/events")
    assert error.text == "the file that REQUESTS_CA_BUNDLE names cannot be read"
    assert error.retry


@pytest.mark.parametrize("allow_private", [False, True])
def test_nothing_goes_to_the_internet_without_tls(
    resolver: Resolver, connected: list[str], allow_private: bool
) -> None:
    resolver.answers = [[PUBLIC]]
    error = failure(f"http://{NAME}/events", allow_private)
    assert "use https://" in error.text
    assert connected == []


def test_nothing_goes_through_a_proxy_and_no_login_of_the_machine_is_added(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with receiver() as proxy, receiver() as at:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        send(at.url)
    assert proxy.received == []
    [got] = at.received
    assert "authorization" not in got.headers


def test_a_name_that_nobody_knows_is_told_from_a_receiver_that_is_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure(f"https://{NAME}/events")
    assert error.text == "no connection: its name was not found (DNS)"
    assert error.retry


@pytest.mark.parametrize("host", [f"{'a' * 64}.example", "*.example", "a..example"])
def test_a_host_that_cannot_be_looked_up_is_the_addresss_fault(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", LOOK_UP)
    assert failure(f"https://{host}/events").text == "WEBHOOK_URL is no address that can be looked up"
