"""What the sandbox's people hold when it starts. The values are made up."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.portfolio import Side

Row = tuple[str, Side, str, str, str]


@dataclass(frozen=True)
class Opening:
    """One account. `cash` is in USD; a row is symbol (an option: underlying and kind), side, quantity, average, and the
    average without fees."""

    type: str
    nickname: str
    cash: str
    rows: tuple[Row, ...] = ()


LONG, SHORT = Side.LONG, Side.SHORT

PEOPLE: dict[str, tuple[Opening, ...]] = {
    "demo": (
        Opening(
            "MARGIN",
            "Trading",
            "14488.10",
            (
                ("AAPL", LONG, "120", "187.412583333333", "187.41"),
                ("F", LONG, "700", "11.207714285714", "11.2"),
                ("SCHD", LONG, "61.5854", "26.318046809796", "26.318046809796"),
                ("AAPL CALL", LONG, "2", "14.2066", "14.2"),
                ("F PUT", SHORT, "5", "0.5333", "0.54"),
                ("INTC", SHORT, "60", "25.9071", "25.91"),
            ),
        ),
        Opening(
            "CASH",
            "Rollover IRA",
            "2310.77",
            (
                ("SWTSX", LONG, "412.337", "13.104822511683", "13.104822511683"),
                ("06418QAB3", LONG, "25", "100", "100"),
                ("VTI", LONG, "40", "251.9325", "251.9325"),
            ),
        ),
        Opening("CASH", "Rainy day", "25000"),
    ),
    "alice": (
        Opening(
            "MARGIN",
            "Brokerage",
            "8120.44",
            (
                ("KO", LONG, "300", "58.704166666667", "58.7"),
                ("KO", SHORT, "40", "67.1125", "67.12"),
                ("KO CALL", SHORT, "3", "1.4733", "1.48"),
                ("MSFT", LONG, "18", "388.05", "388.05"),
                ("SWVXX", LONG, "5200", "1", "1"),
            ),
        ),
        Opening("CASH", "Roth IRA", "640.02", (("SCHD", LONG, "118.2041", "25.8814", "25.8814"),)),
    ),
    "bob": (
        Opening(
            "CASH",
            "Individual",
            "1561.33",
            (
                ("PLTR", LONG, "30", "22.4", "22.4"),
                ("VTI", LONG, "12.5", "266.108", "266.108"),
            ),
        ),
    ),
    "carol": (
        Opening(
            "MARGIN",
            "Options",
            "51375.37",
            (
                ("PLTR PUT", SHORT, "4", "4.3933", "4.4"),
                ("KO CALL", LONG, "6", "1.3066", "1.3"),
            ),
        ),
        Opening("MARGIN", "Unfunded", "0"),
    ),
}

UNNAMED = (
    Opening(
        "CASH",
        "Individual",
        "2500",
        (
            ("VTI", LONG, "10", "251.9325", "251.9325"),
            ("F", LONG, "100", "11.2", "11.2"),
        ),
    ),
)
"""What each of the people has who live there only so that there are many."""
