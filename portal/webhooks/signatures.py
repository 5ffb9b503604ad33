"""Standard Webhooks: how a receiver knows that it was us (https://www.standardwebhooks.com)."""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(keys: list[str], message_id: str, timestamp: int, body: str) -> str:
    """One signature for each key that is good, separated by spaces."""
    signed = f"{message_id}.{timestamp}.{body}".encode()
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(_raw(key), signed, hashlib.sha256)).decode() for key in keys
    )


def _raw(key: str) -> bytes:
    return base64.b64decode(key.removeprefix(PREFIX))
