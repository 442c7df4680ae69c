"""The instruments of the sandbox's market. Prices are made up; only the forms are real."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sandbox.instruments import Certificate, Instrument, option

FRIDAY = 4
ETF = ("COLLECTIVE_INVESTMENT", "EXCHANGE_TRADED_FUND")


def catalogue(today: date) -> dict[str, Instrument]:
    """All instruments by symbol. Options and certificates end in years after `today`'s, so that none has ended."""
    january, june = third_friday(today.year + 1, 1), third_friday(today.year + 1, 6)
    listed = (
        _stock("AAPL", "037833100", "231.40"),
        _stock("F", "345370860", "11.86"),
        _stock("INTC", "458140100", "24.12"),
        _stock("KO", "191216100", "68.35"),
        _stock("MSFT", "594918104", "421.70"),
        _stock("PLTR", "69608A108", "41.92"),
        _fund("SCHD", "808524797", "27.94", "SCHWAB US DIVIDEND EQUITY ETF", *ETF),
        _fund("VTI", "922908769", "289.15", "VANGUARD TOTAL STOCK MARKET ETF", *ETF),
        _fund("SWTSX", "808509756", "14.83", "SCHWAB TOTAL STOCK MARKET INDEX FUND", "MUTUAL_FUND", "NO_LOAD_TAXABLE"),
        Instrument(
            symbol="SWVXX",
            asset_type="CASH_EQUIVALENT",
            cusip="808515605",
            price=Decimal(1),
            swing=0,
            description="SCHWAB VALUE ADVANTAGE MONEY INV",
            kind="MONEY_MARKET_FUND",
        ),
        Certificate(
            symbol="06418QAB3",
            asset_type="FIXED_INCOME",
            cusip="06418QAB3",
            price=Decimal("100.12"),
            swing=1,
            description="HARBOR STREET BANK 3.9% CD",
            multiplier=Decimal(10),
            maturity=date(today.year + 2, 11, 21),
            rate=Decimal("3.9"),
        ),
        option("AAPL", "APPLE INC", "CALL", "240", june, price="16.35", delta="0.47"),
        option("F", "FORD MOTOR CO", "PUT", "11", january, price="0.415", delta="-0.28"),
        option("KO", "COCA COLA CO", "CALL", "70", january, price="1.62", delta="0.41"),
        option("PLTR", "PALANTIR TECHNOLOGIES INC", "PUT", "37.5", june, price="4.15", delta="-0.34"),
    )
    return {instrument.symbol: instrument for instrument in listed}


def third_friday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(FRIDAY - first.weekday()) % 7 + 14)


def _stock(symbol: str, cusip: str, price: str) -> Instrument:
    return Instrument(symbol=symbol, asset_type="EQUITY", cusip=cusip, price=Decimal(price), swing=60)


def _fund(symbol: str, cusip: str, price: str, description: str, asset_type: str, kind: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        asset_type=asset_type,
        cusip=cusip,
        price=Decimal(price),
        swing=30,
        description=description,
        kind=kind,
    )
