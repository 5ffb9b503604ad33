"""Keys in a file or in the environment: SM4-GCM, HMAC-SM3 and Ed25519 from the library `cryptography`."""

import os
import re
import secrets
from base64 import b64decode, b64encode
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.crypto.provider import DoesNotOpen, Signature

NONCE, TAG = 12, 16
LINE = re.compile(r"^([a-z0-9-]{1,32}):([0-9a-f]{64})$")


class SoftwareProvider:
    """One secret of 32 bytes for each key id; what encrypts, authenticates and signs is derived from it."""

    ALGORITHM = "Ed25519"

    def key_ids(self) -> list[str]:
        return list(self._secrets())

    def encrypt(self, plain: bytes, associated: bytes) -> str:
        key_id = self.key_ids()[0]
        nonce = os.urandom(NONCE)
        encryptor = Cipher(algorithms.SM4(self._key(key_id, "encrypt", 16)), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated)
        body = encryptor.update(plain) + encryptor.finalize()
        return f"{key_id}:{b64encode(nonce + body + encryptor.tag).decode()}"

    def decrypt(self, sealed: str, associated: bytes) -> bytes:
        key_id, _colon, text = sealed.partition(":")
        try:
            blob = b64decode(text, validate=True)
            mode = modes.GCM(blob[:NONCE], blob[-TAG:])
            decryptor = Cipher(algorithms.SM4(self._key(key_id, "encrypt", 16)), mode).decryptor()
            decryptor.authenticate_additional_data(associated)
            return decryptor.update(blob[NONCE:-TAG]) + decryptor.finalize()
        except (InvalidTag, KeyError, ValueError) as sad:
            raise DoesNotOpen(f"sealed under {key_id[:32]!r}") from sad

    def mac(self, message: bytes, key_id: str) -> bytes:
        digest = hmac.HMAC(self._key(key_id, "mac", 32), hashes.SM3())
        digest.update(message)
        return digest.finalize()

    def sign(self, message: bytes) -> Signature:
        key_id = self.key_ids()[0]
        return Signature(key_id, self.ALGORITHM, self._signer(key_id).sign(message).hex())

    def verify(self, message: bytes, signature: Signature) -> bool:
        if signature.algorithm != self.ALGORITHM or signature.key_id not in self.key_ids():
            return False
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key(signature.key_id)))
        try:
            key.verify(bytes.fromhex(signature.value), message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def public_key(self, key_id: str) -> str:
        return self._signer(key_id).public_key().public_bytes_raw().hex()

    def rotate(self) -> str:
        path = Path(settings.CRYPTO_KEYS_FILE)
        if not settings.CRYPTO_KEYS_FILE:
            raise ImproperlyConfigured("keys come from CRYPTO_KEYS: put a new one in front of them there")
        key_id, line = new_key(taken=self.key_ids())
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(f"{line}\n{path.read_text()}")
        draft.replace(path)
        return key_id

    def _signer(self, key_id: str) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._key(key_id, "sign", 32))

    def _key(self, key_id: str, use: str, size: int) -> bytes:
        return derived(self._secrets()[key_id], use, size)

    @staticmethod
    def _secrets() -> dict[str, str]:
        """The ring as it is now: another process may have put a new key in front."""
        if not settings.CRYPTO_KEYS_FILE:
            return ring(settings.CRYPTO_KEYS)
        about = os.stat(settings.CRYPTO_KEYS_FILE)
        return ring_in(settings.CRYPTO_KEYS_FILE, about.st_mtime_ns, about.st_ino)


def new_key(taken=()) -> tuple[str, str]:
    """A key id that nobody has and the line that holds its secret."""
    key_id = f"k{len(taken) + 1}-{secrets.token_hex(2)}"
    return key_id, f"{key_id}:{secrets.token_hex(32)}"


@lru_cache(maxsize=4)
def ring_in(path: str, changed: int, number: int) -> dict[str, str]:
    """The ring in a file, read again when the file is another."""
    return ring(Path(path).read_text())


@lru_cache(maxsize=4)
def ring(text: str) -> dict[str, str]:
    """Keys written as `id:64 hex digits`, the present one first, parted by commas, spaces or lines."""
    parts = [part for part in re.split(r"[\s,]+", text) if part]
    found = [LINE.match(part) for part in parts]
    if not parts or not all(found):
        raise ImproperlyConfigured(
            "CRYPTO_KEYS or CRYPTO_KEYS_FILE must hold keys written as id:64-hex-digits"
        )
    return {key_id: secret for key_id, secret in (match.groups() for match in found if match)}


@lru_cache(maxsize=64)
def derived(secret: str, use: str, size: int) -> bytes:
    """One secret, a different key for each use."""
    kdf = HKDF(hashes.SM3(), size, salt=None, info=f"public-compute {use}".encode())
    return kdf.derive(bytes.fromhex(secret))
