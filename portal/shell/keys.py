"""Secrets that programs carry: known by how they begin, and wrong when they end wrongly, without asking anybody.

`pc_live_` + 40 letters + 6 that check the rest (CRC-32 in base 62): a typo is refused before the database is asked, and a
scanner of source code knows a leaked one for certain. `pc_test_` begins a key that changes nothing.
"""

import secrets
import string
from zlib import crc32

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
LETTERS, CHECKS = 40, 6
LIVE, TEST = "pc_live_", "pc_test_"
BEARER = "Bearer "


def _checks(text: str) -> str:
    rest, found = crc32(text.encode()), ""
    for _place in range(CHECKS):
        rest, digit = divmod(rest, len(ALPHABET))
        found = ALPHABET[digit] + found
    return found


def new_key(prefix: str) -> str:
    """A secret that nobody guesses."""
    text = prefix + "".join(secrets.choice(ALPHABET) for _letter in range(LETTERS))
    return text + _checks(text)


def is_whole(key: str, prefix: str) -> bool:
    """Could this be a key of ours? Only the database knows whether it is one."""
    is_long_enough = key.startswith(prefix) and len(key) == len(prefix) + LETTERS + CHECKS
    return is_long_enough and key.isascii() and _checks(key[:-CHECKS]) == key[-CHECKS:]


def shown_in(request) -> str | None:
    """What a program shows as its key; None when it shows none."""
    header = request.headers.get("Authorization", "")
    return header.removeprefix(BEARER).strip() if header.startswith(BEARER) else None


def is_for_tests(secret: str | None) -> bool:
    """A secret that begins so is only ever opened as a test key, so nobody need have been asked who shows it."""
    return (secret or "").startswith(TEST)
