"""Large files under a key of their own, which is itself sealed; read and written piece by piece."""

import os
import struct
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from portal.crypto import DoesNotOpen, seal, unseal

MARK = b"public-compute sealed file 1\n"
PIECE = 1 << 20
TAG = 16
HEAD = struct.Struct(">?I")


def seal_file(source: IO[bytes], target: IO[bytes], purpose: str) -> None:
    """Write everything of `source`, readable by this city only and only whole."""
    key = os.urandom(16)
    target.write(MARK + seal(key.hex(), purpose).encode() + b"\n")
    number, piece = 0, source.read(PIECE)
    while True:
        following = source.read(PIECE)
        head = HEAD.pack(not following, len(piece))
        encryptor = Cipher(algorithms.SM4(key), modes.GCM(_nonce(number))).encryptor()
        encryptor.authenticate_additional_data(head)
        target.write(head + encryptor.update(piece) + encryptor.finalize() + encryptor.tag)
        if not following:
            return
        number, piece = number + 1, following


def unseal_file(source: IO[bytes], target: IO[bytes], purpose: str) -> None:
    """Write it back; DoesNotOpen when a piece is altered, in another place, or missing from the end."""
    if source.readline() != MARK:
        raise DoesNotOpen("not a sealed file")
    key = bytes.fromhex(unseal(source.readline().decode("ascii", "replace").strip(), purpose))
    number, is_last = 0, False
    while not is_last:
        head = source.read(HEAD.size)
        if len(head) < HEAD.size:
            raise DoesNotOpen("the end is missing")
        is_last, size = HEAD.unpack(head)
        body = source.read(min(size, PIECE) + TAG)
        try:
            mode = modes.GCM(_nonce(number), body[-TAG:])
            decryptor = Cipher(algorithms.SM4(key), mode).decryptor()
            decryptor.authenticate_additional_data(head)
            target.write(decryptor.update(body[:-TAG]) + decryptor.finalize())
        except (InvalidTag, ValueError) as sad:
            raise DoesNotOpen(f"piece {number}") from sad
        number += 1


def shut(content: bytes) -> tuple[str, bytes]:
    """A small file under a new key of its own, for a sealed column beside it: only the key is sealed anew in a rotation."""
    key = os.urandom(16)
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(_nonce(0))).encryptor()
    return key.hex(), encryptor.update(content) + encryptor.finalize() + encryptor.tag


def opened(key: str, closed: bytes) -> bytes:
    """The file again; DoesNotOpen when it was altered or belongs to another key."""
    decryptor = Cipher(algorithms.SM4(bytes.fromhex(key)), modes.GCM(_nonce(0), closed[-TAG:])).decryptor()
    try:
        return decryptor.update(closed[:-TAG]) + decryptor.finalize()
    except (InvalidTag, ValueError) as sad:
        raise DoesNotOpen("altered, or another's") from sad


def _nonce(number: int) -> bytes:
    """Pieces are numbered; the key is used for one file only."""
    return number.to_bytes(12, "big")
