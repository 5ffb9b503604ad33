"""What a keeper of keys must be able to do, be it software or a cipher machine behind GM/T 0018."""

from dataclasses import dataclass
from typing import Protocol


class DoesNotOpen(ValueError):
    """Altered, moved from another row or field, or sealed under a key that is not here."""


@dataclass(frozen=True)
class Signature:
    """Who signed, how, and the proof in hex."""

    key_id: str
    algorithm: str
    value: str


class CryptoProvider(Protocol):
    """Keys never leave it. Everything it gives out names the key by its id, so that keys can change."""

    def key_ids(self) -> list[str]:
        """Every key that can still be used, the present one first."""

    def encrypt(self, plain: bytes, associated: bytes) -> str:
        """Sealed under the present key, as `key id:text`, and bound to `associated`."""

    def decrypt(self, sealed: str, associated: bytes) -> bytes:
        """Opened again, or DoesNotOpen."""

    def mac(self, message: bytes, key_id: str) -> bytes:
        """A keyed digest of 32 bytes."""

    def sign(self, message: bytes) -> Signature:
        """Signed with the present key."""

    def verify(self, message: bytes, signature: Signature) -> bool:
        """Whether one of our keys signed exactly this."""

    def public_key(self, key_id: str) -> str:
        """What a stranger needs to verify a signature, in hex."""

    def rotate(self) -> str:
        """Make a new present key and say its id; the old ones still open what they sealed."""
