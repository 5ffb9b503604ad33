"""The one door to addresses that a user may have typed: webhooks, identity providers, sources of data.

Whoever can name an address must not reach the inside of the city through us (ASVS 5.0 1.3.6). The name is resolved
once, every address it has must be public, and the connection goes to the very address that was checked, so that a name
cannot point elsewhere a moment later. Redirects are answers like any other: nobody follows them here.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from portal.shell.exceptions import Refusal

SECONDS = 10.0
MOST_BYTES = 1_000_000
# A small packed answer may unpack to a very large one.
PLAIN = {"Accept-Encoding": "identity"}
# Global by their numbers, and still the inside of somebody's cloud, or a way to write an inside address otherwise.
INSIDE = [
    ipaddress.ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure's own host
        "192.88.99.0/24",  # relays of 6to4
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "fec0::/10",  # the old site-local
    )
]


class ForbiddenAddress(Refusal):
    """An address that nobody outside may send us to."""

    code = "forbidden_address"


class NoAnswer(Exception):
    """Nobody answered, or too slowly, or with too much; worth another try later."""


@dataclass(frozen=True)
class Answer:
    """What came back, whatever it says."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def check(url: str) -> None:
    """Refuse an address when it is typed; whether its name still points outside is asked again with each call."""
    host, port, is_plain = _parts(url)
    if not _is_listed(host):
        raise ForbiddenAddress(_("该主机不在本市允许访问的名单中，请联系平台系统管理员。"), field="url")
    addresses = _resolve(host, port)
    if is_plain and not all(_is_own_loopback(address) for address in addresses):
        raise ForbiddenAddress(_("地址必须以 https:// 开头。"), field="url")


def fetch(
    method: str,
    url: str,
    *,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
    most: int = MOST_BYTES,
) -> Answer:
    """Ask an address from outside, once, within `seconds` in all and `most` bytes of answer."""
    check(url)
    backend = CheckedNetwork(time.monotonic() + seconds)
    try:
        with (
            httpx.Client(transport=_transport(backend), timeout=seconds, follow_redirects=False) as client,
            client.stream(method, url, content=content, headers=PLAIN | dict(headers or {})) as response,
        ):
            body = bytearray()
            for part in response.iter_raw():
                body += part
                if len(body) > most:
                    raise NoAnswer(f"more than {most} bytes")
            return Answer(response.status_code, dict(response.headers), bytes(body))
    except httpx.HTTPError as failure:
        raise NoAnswer(str(failure) or type(failure).__name__) from failure


def is_outside(address: str) -> bool:
    """Whether this is an address of the public internet and nothing else."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return (
        ip.is_global
        and not ip.is_multicast
        and not any(ip in net for net in INSIDE if net.version == ip.version)
    )


def _is_listed(host: str) -> bool:
    names = settings.OUTBOUND_HOSTS
    return not names or any(host == name or host.endswith(f".{name}") for name in names)


def _parts(url: str) -> tuple[str, int, bool]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as wrong:
        raise ForbiddenAddress(_("地址格式有误。"), field="url") from wrong
    if parts.scheme not in ("https", "http") or not host or any(c.isspace() or c == "\\" for c in url):
        raise ForbiddenAddress(_("地址格式有误，请填写完整的 https:// 地址。"), field="url")
    if parts.username is not None or parts.password is not None:
        raise ForbiddenAddress(_("地址中不能包含用户名或密码。"), field="url")
    return host, port or (443 if parts.scheme == "https" else 80), parts.scheme == "http"


def _resolve(host: str, port: int) -> list[str]:
    """Every address of a name; one from inside forbids them all."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as failure:
        raise ForbiddenAddress(_("找不到这个主机名，请检查地址。"), field="url") from failure
    addresses = list(dict.fromkeys(str(row[4][0]) for row in found))
    if not addresses or not all(is_outside(each) or _is_own_loopback(each) for each in addresses):
        raise ForbiddenAddress(_("这个地址指向内部网络，不能使用。"), field="url")
    return addresses


def _is_own_loopback(address: str) -> bool:
    """The demonstration city may call itself."""
    return settings.OUTBOUND_LOOPBACK and ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _transport(backend: httpcore.NetworkBackend) -> httpx.HTTPTransport:
    transport = httpx.HTTPTransport(trust_env=False)
    transport._pool = httpcore.ConnectionPool(
        ssl_context=ssl.create_default_context(), network_backend=backend, max_connections=1
    )
    return transport


class CheckedNetwork(httpcore.NetworkBackend):
    """Connects to the address that it has just checked; names never reach the operating system a second time."""

    def __init__(self, deadline: float):
        self.deadline = deadline
        self.network = httpcore.SyncBackend()

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        try:
            address = _resolve(host, port)[0]
        except ForbiddenAddress as sad:
            raise httpcore.ConnectError(sad.message) from sad
        stream = self.network.connect_tcp(
            address, port, _left(self.deadline, timeout), local_address, socket_options
        )
        return HurriedStream(stream, self.deadline)

    def connect_unix_socket(self, path, timeout=None, socket_options=None):
        raise httpcore.ConnectError("no sockets of this machine")


class HurriedStream(httpcore.NetworkStream):
    """A connection that ends at its deadline, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float):
        self.stream, self.deadline = stream, deadline

    def read(self, max_bytes, timeout=None):
        return self.stream.read(max_bytes, _left(self.deadline, timeout))

    def write(self, buffer, timeout=None):
        self.stream.write(buffer, _left(self.deadline, timeout))

    def close(self):
        self.stream.close()

    def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        stream = self.stream.start_tls(ssl_context, server_hostname, _left(self.deadline, timeout))
        return HurriedStream(stream, self.deadline)

    def get_extra_info(self, info):
        return self.stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("out of time")
    return left if timeout is None else min(left, timeout)
