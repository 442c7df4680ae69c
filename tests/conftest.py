"""What every test can ask for. The plugins hold one thing each; fixtures of one package stand in that package's folder."""

pytest_plugins = (
    "tests.plugins.pgbouncer",
    "tests.plugins.servers",
    "tests.plugins.database",
    "tests.plugins.sockets",
    "tests.plugins.skips",
    "tests.plugins.chaos",
)
