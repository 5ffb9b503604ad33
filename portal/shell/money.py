"""Fen in the house, yuan on the page, and one way from one to the other."""

from decimal import ROUND_HALF_UP, Decimal

FEN_PER_YUAN = 100


def to_fen(yuan: Decimal) -> int:
    """Whole fen for an amount in yuan, half a fen rounded away from zero. Refuses floats."""
    if not isinstance(yuan, Decimal):
        raise TypeError("money is Decimal or int, never float")
    return int((yuan * FEN_PER_YUAN).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_yuan(fen: int) -> Decimal:
    """The same amount in yuan with two places."""
    return (Decimal(fen) / FEN_PER_YUAN).quantize(Decimal("0.01"))


def yuan(fen: int) -> str:
    """What people read: 1,234.50."""
    return f"{to_yuan(fen):,.2f}"


def price_words(price: Decimal) -> str:
    """A price in yuan as people read it: 1,060.80, without needless zeros behind the second place."""
    whole, _dot, places = f"{Decimal(price):,.8f}".partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"
