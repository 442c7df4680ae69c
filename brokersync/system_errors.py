"""What an error of the operating system means to who runs this."""

from __future__ import annotations

import errno
import os
import socket

CANNOT_WRITE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
"""Numbers of the errors of a disk that takes no more, where our output goes or where we keep files."""

_REMEDIES = {
    errno.EADDRINUSE: "another program listens at that address. Choose another --port, or end that program",
    errno.EADDRNOTAVAIL: "this machine has no such address. Choose another --host; 127.0.0.1 is always there",
    errno.ECONNREFUSED: "nobody listens at the address. `brokersync doctor` says which server does not answer",
    errno.ECONNRESET: "the other end closed the connection. `brokersync doctor` says which server does not answer",
    errno.ETIMEDOUT: "the other end did not answer. `brokersync doctor` says which server does not answer",
    errno.EMFILE: "this process may open no more files. Raise the limit: ulimit -n 4096",
    errno.ENFILE: "this machine may open no more files. End what holds them",
    errno.ENOMEM: "this machine has no memory left. End what holds it",
    errno.EAGAIN: "this machine may start no more processes. End some, or raise the limit: ulimit -u",
}


def sentence(error: OSError) -> str:
    """What is wrong, with the file if it is about one, and what to do."""
    if error.errno in CANNOT_WRITE:
        return f"Writing failed: {error.strerror}. Make room, or write to another place."
    if isinstance(error, socket.gaierror):
        return "A host's name is not known here: `brokersync doctor` says which."
    if isinstance(error, TimeoutError) and error.errno is None:
        return "The other end did not answer in time: `brokersync doctor` says which server does not answer."
    if error.errno in _REMEDIES:
        return f"It cannot be done: {_REMEDIES[error.errno]}."
    return _of_a_file(error)


def _of_a_file(error: OSError) -> str:
    if isinstance(error.filename, str) and error.strerror:
        return f"{error.strerror}: {error.filename}. Look who owns it, and that the folder is there."
    if error.errno == errno.ENOENT and _is_folder_gone():
        return "This folder is gone: cd to one that exists."
    return f"{error.strerror or type(error).__name__}. `brokersync --debug …` shows where it comes from."


def _is_folder_gone() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False
