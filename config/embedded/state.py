"""Where one checkout keeps what must outlive a restart: data, passwords, ports and logs."""

import json
import os
import secrets
import shutil
import socket
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

LOOPBACK = "127.0.0.1"
# Below the range from which the kernel takes ports for outgoing connections, so that a port is still ours tomorrow.
PORTS = range(20000, 30000)


class State:
    """One checkout's var/ folder."""

    def __init__(self, root: Path):
        self.root = Path(root).resolve()
        self.run = self.root / "run"
        self.logs = self.root / "log"
        self.stamps = self.root / "stamps"
        self.digest = sha256(str(self.root).encode()).hexdigest()[:10]

    def prepare(self) -> None:
        """Make the folders; only the owner may look into those that hold passwords."""
        self.root.mkdir(mode=0o755, parents=True, exist_ok=True)
        for folder in (self.run, self.logs, self.stamps):
            folder.mkdir(mode=0o700, exist_ok=True)

    @property
    def temporary(self) -> Path:
        """A folder with a short name: Ray's socket paths must stay under 107 bytes."""
        return Path("/tmp") / f"compute-{os.getuid()}-{self.digest}"

    @property
    def system(self) -> Path:
        """Where the database lives when root's checkout is closed to every other user."""
        return Path("/var/lib/public-compute") / self.digest

    def secret(self, name: str) -> str:
        """A random password, made once and kept readable by the owner only."""
        return self._remember("secrets.json", name, lambda: secrets.token_urlsafe(32))

    def keys(self) -> Path:
        """The file with the keys that personal data lies under, made once; without it nobody reads them again."""
        path = self.run / "keys"
        if not path.exists():
            write_private(path, f"k1-{secrets.token_hex(2)}:{secrets.token_hex(32)}\n")
        return path

    def oidc_key(self) -> Path:
        """The key under which we tell other systems who somebody is, made once."""
        path = self.run / "oidc.pem"
        if not path.exists():
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            plain = serialization.NoEncryption()
            pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
            write_private(path, pem.decode())
        return path

    def port(self, name: str) -> int:
        """The port this server had before, or a free one if somebody else has taken it."""
        kept = self._read("ports.json").get(name)
        if kept and is_free(kept):
            return kept
        return self._remember("ports.json", name, lambda: self._free_port(), again=True)

    def _free_port(self) -> int:
        taken = set(self._read("ports.json").values())
        while True:
            port = secrets.choice(PORTS)
            if port not in taken and is_free(port):
                return port

    def _read(self, name: str) -> dict:
        path = self.run / name
        return json.loads(path.read_text()) if path.exists() else {}

    def _remember(self, file: str, name: str, make, again: bool = False):
        kept = self._read(file)
        if again or name not in kept:
            kept[name] = make()
            write_private(self.run / file, json.dumps(kept, indent=1))
        return kept[name]

    def remove(self) -> None:
        """Forget everything this checkout ever kept."""
        for path in (self.root, self.temporary, self.system):
            shutil.rmtree(path, ignore_errors=True)


def is_free(port: int, host: str = LOOPBACK) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def own_folder(path: Path) -> Path:
    """An empty folder nobody else can have prepared for us."""
    if path.is_symlink() or (path.exists() and path.stat().st_uid != os.getuid()):
        raise PermissionError(f"{path} belongs to somebody else")
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    return path


def wheel(package: str) -> Path:
    """Where a wheel put its files, without running its code."""
    spec = find_spec(package)
    if not spec or not spec.origin:
        raise ModuleNotFoundError(f"{package} is not installed: run make up, which installs it")
    return Path(spec.origin).parent
