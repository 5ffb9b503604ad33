"""Verifies an evidence package: `python3 verify.py` in its folder. Exit code 0 means that every line holds.

Ed25519 follows RFC 8032, section 5.1.7; it verifies only, so it needs no secrets and no constant time.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

try:
    from portal.audit import chain
except ImportError:
    import chain  # type: ignore[no-redef]

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def point_at(y: int, is_odd: int) -> tuple[int, int]:
    """The point of the curve with this y."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and is_odd):
        raise ValueError("no point of the curve")
    return (P - x if x % 2 != is_odd else x), y


BASE = point_at(4 * pow(5, -1, P) % P, 0)


def add(one, two):
    """The sum of two points."""
    (a, b), (c, d) = one, two
    product = D * a * c * b * d
    return (
        (a * d + b * c) * pow(1 + product, -1, P) % P,
        (b * d + a * c) * pow(1 - product, -1, P) % P,
    )


def times(factor: int, point):
    """A point added to itself."""
    total = (0, 1)
    while factor:
        if factor & 1:
            total = add(total, point)
        point, factor = add(point, point), factor >> 1
    return total


def opened(text: bytes) -> tuple[int, int]:
    """A point from its 32 bytes."""
    number = int.from_bytes(text, "little")
    y = number & (2**255 - 1)
    if y >= P:
        raise ValueError("no point of the curve")
    return point_at(y, number >> 255)


def is_signed(public_key: str, message: bytes, signature: str) -> bool:
    """Whether the holder of this key signed exactly this."""
    try:
        key, proof = bytes.fromhex(public_key), bytes.fromhex(signature)
        point, factor = opened(proof[:32]), int.from_bytes(proof[32:], "little")
        if len(proof) != 64 or factor >= ORDER:
            return False
        challenge = int.from_bytes(hashlib.sha512(proof[:32] + key + message).digest(), "little") % ORDER
        return times(factor, BASE) == add(point, times(challenge, opened(key)))
    except ValueError:
        return False


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def objections(folder: Path) -> Iterator[str]:
    """What does not hold, in words."""
    keys = json.loads((folder / "public_keys.json").read_text())
    heads, previous = [], chain.FIRST
    for number, checkpoint in enumerate(lines(folder / "checkpoints.jsonl"), 1):
        statement = json.loads(checkpoint["statement"])
        text = checkpoint["statement"].encode()
        if statement["number"] != number or statement["previous"] != previous:
            yield f"checkpoint {number}: missing or in another order"
            break
        if not is_signed(keys.get(checkpoint["key_id"], ""), text, checkpoint["signature"]):
            yield f"checkpoint {number}: the signature does not hold"
            break
        previous = chain.digest_of("", checkpoint["statement"])
        heads.append(statement["heads"])
    links = [chain.Link(**row) for row in lines(folder / "events.jsonl")]
    starts: dict[str, chain.Head] = {}
    ends: dict[str, int] = {}
    for link in links:
        starts.setdefault(link.chain, chain.Head(link.position - 1, link.previous))
        ends[link.chain] = link.position
    # The package covers some days; what was promised outside of them is for another package.
    promised = {
        name: [head for head in each if starts[name].position < head.position <= ends[name]]
        for name, each in chain.heads_by_chain(heads).items()
        if name in starts
    }
    for found in chain.breaks(links, {name: each for name, each in promised.items() if each}, starts):
        yield f"{found.chain} #{found.position}: {found.reason}, event {found.event_id}"


def main(folder: Path) -> int:
    found = list(objections(folder))
    for sentence in found:
        print(sentence)
    rows = len(lines(folder / "events.jsonl"))
    signed = len(lines(folder / "checkpoints.jsonl"))
    print(f"{rows} links, {signed} checkpoints: {'NOT WHAT WAS WRITTEN' if found else 'all hold'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
