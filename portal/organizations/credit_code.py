"""Unified social credit codes: the check digit of GB 32100-2015."""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [3**i % 31 for i in range(17)]


def check_digit(body: str) -> str:
    """The 18th character for 17 given ones. Raises ValueError on a character outside the alphabet."""
    total = sum(ALPHABET.index(c) * w for c, w in zip(body, WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


def is_valid(code: str) -> bool:
    """18 characters of the alphabet whose last one follows from the others."""
    return len(code) == 18 and all(c in ALPHABET for c in code) and check_digit(code[:17]) == code[17]
