"""Amounts of money: whole minor units and a currency, never a fraction of anything."""

import re
from decimal import Decimal

from errors import BadSpec

AMOUNT_MAX = 10**12
NO_CURRENCY = "XXX"  # ISO 4217: no currency is involved. What came in before a rate was set
# Where a currency has not a hundred minor units in one: ISO 4217, list one.
WITHOUT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF XXX"
DIGITS = {
    **dict.fromkeys(WITHOUT.split(), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def plain_currency(text: object) -> str:
    """A code of ISO 4217 in capital letters. Raises BadSpec."""
    if not isinstance(text, str) or not re.fullmatch(r"[A-Z]{3}", text) or text == NO_CURRENCY:
        raise BadSpec("Name a currency by its three letters, such as EUR.", field="currency")
    return text


def plain_amount(value: object) -> int:
    """Raises BadSpec."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= AMOUNT_MAX:
        raise BadSpec("An amount is a whole number of minor units, 0 or more.", field="amount")
    return value


def said(amount_minor: int, currency: str) -> str:
    """1250 EUR cents → "12.50 EUR"; 1250 yen → "1250 JPY"."""
    if currency == NO_CURRENCY:
        return "no rate yet"
    return f"{decimal(amount_minor, currency)} {currency}"


def decimal(amount_minor: int, currency: str) -> Decimal:
    """In whole units, all digits of the minor ones shown."""
    return Decimal(amount_minor).scaleb(-DIGITS.get(currency, 2))


def for_minutes(rate_minor: int, minutes: int) -> int:
    """What `minutes` are worth at a rate for an hour: to the nearest minor unit, halves up."""
    return (rate_minor * minutes + 30) // 60
