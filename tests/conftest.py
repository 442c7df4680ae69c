"""What every test can ask for. The plugins hold one thing each; fixtures of one package stand in that package's folder."""

import signal

# Whoever starts the tests in the background of a script has them, and all that they start, ignore Ctrl-C; but some tests are
# about just that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = (
    "tests.plugins.pgbouncer",
    "tests.plugins.servers",
    "tests.plugins.database",
    "tests.plugins.sockets",
    "tests.plugins.skips",
    "tests.plugins.chaos",
)
