"""Whoever names an address reaches the internet and nothing else."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpcore
import pytest

from portal.shell import outbound
from portal.shell.outbound import ForbiddenAddress, NoAnswer, check, fetch, is_outside

PUBLIC, INSIDE = "93.184.216.34", "10.0.0.5"


def answers(monkeypatch, *turns):
    """What a name points to, each time somebody asks; the last answer stays."""
    asked = []

    def getaddrinfo(host, port, **options):
        addresses = turns[min(len(asked), len(turns) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1",
        "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1",
        "2002:a00:1::", "2001::1", "fec0::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_these_are_inside(address):
    assert not is_outside(address)


@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        ("https://partner.example/hook", True),
        ("https://api.partner.example/hook", True),
        ("https://evilpartner.example/", False),
        ("https://partner.example.evil.example/", False),
    ],
)
def test_a_city_that_keeps_a_list_is_asked_for_nothing_else(monkeypatch, settings, url, is_taken):
    asked = answers(monkeypatch, [PUBLIC])
    settings.OUTBOUND_HOSTS = ["partner.example"]

    if is_taken:
        check(url)
    else:
        with pytest.raises(ForbiddenAddress, match="名单"):
            check(url)

    assert len(asked) == is_taken


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "223.5.5.5"])
def test_these_are_outside(address):
    assert is_outside(address)


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "//example.com/x", "ftp://example.com/", "file:///etc/passwd", "gopher://x/", "https://",
        "https:///x", "https://user:pass@example.com/", "https://user@example.com/", "https://example.com:99999/",
        "https://exa mple.com/", "https://example.com\\@10.0.0.5/", "https://[::1/", "http://example.com/",
    ],
)  # fmt: skip
def test_an_address_of_another_shape_is_refused(monkeypatch, url):
    answers(monkeypatch, [PUBLIC])

    with pytest.raises(ForbiddenAddress):
        check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://[::ffff:7f00:1]/",
    ],
)
def test_an_inside_address_in_other_letters_is_refused(url):
    with pytest.raises(ForbiddenAddress):
        check(url)


def test_one_inside_address_among_others_forbids_the_name(monkeypatch):
    answers(monkeypatch, [PUBLIC, INSIDE])

    with pytest.raises(ForbiddenAddress, match="内部网络"):
        check("https://example.com/")


def test_a_name_that_nobody_knows_is_refused(monkeypatch):
    def unknown(*question, **options):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(ForbiddenAddress, match="主机名"):
        check("https://nowhere.example/")


def test_a_name_that_turns_inside_after_the_check_is_not_followed(monkeypatch):
    asked = answers(monkeypatch, [PUBLIC], [INSIDE])
    connected = []
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", lambda *call, **more: connected.append(call))

    with pytest.raises(NoAnswer, match="内部网络"):
        fetch("POST", "https://rebinding.example/hook", content=b"{}")

    assert asked == ["rebinding.example"] * 2
    assert connected == []


def test_the_connection_goes_to_the_very_address_that_was_checked(monkeypatch):
    answers(monkeypatch, [PUBLIC], [PUBLIC], [INSIDE])
    connected = []

    def connect(self, host, port, *more, **options):
        connected.append((host, port))
        raise httpcore.ConnectError("nobody there")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)

    with pytest.raises(NoAnswer):
        fetch("GET", "https://example.com/hook")

    assert connected == [(PUBLIC, 443)]


# --- a server of our own ------------------------------------------------------------------------------
class Other(BaseHTTPRequestHandler):
    """Somebody who answers as the path says."""

    def do_POST(self):
        asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            self.end_headers()
        elif self.path == "/large":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 3_000_000)
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b".")
                    time.sleep(0.05)
            except OSError:
                return
        else:
            self.send_response(201)
            self.end_headers()
            self.wfile.write(b"heard " + asked)

    def log_message(self, *words):
        pass


@pytest.fixture
def other(settings):
    settings.OUTBOUND_LOOPBACK = True
    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_demonstration_city_reaches_itself(other):
    answer = fetch("POST", f"{other}/hook", content=b"news")

    assert (answer.status, answer.body) == (201, b"heard news")


def test_a_real_city_never_does(other, settings):
    settings.OUTBOUND_LOOPBACK = False

    with pytest.raises(ForbiddenAddress):
        fetch("POST", f"{other}/hook", content=b"news")


def test_a_redirect_is_an_answer_and_is_not_followed(other):
    answer = fetch("POST", f"{other}/moved")

    assert (answer.status, answer.headers["location"]) == (302, "http://169.254.169.254/latest/meta-data/")


def test_too_much_of_an_answer_is_no_answer(other):
    with pytest.raises(NoAnswer, match="more than 1000 bytes"):
        fetch("POST", f"{other}/large", most=1000)


def test_a_dripping_answer_ends_at_its_deadline(other):
    began = time.monotonic()

    with pytest.raises(NoAnswer):
        fetch("POST", f"{other}/slow", seconds=0.4)

    assert time.monotonic() - began < 2


def test_no_proxy_of_the_environment_is_asked(other, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    assert fetch("POST", f"{other}/hook").status == 201


def test_a_socket_of_this_machine_is_no_address():
    with pytest.raises(httpcore.ConnectError):
        outbound.CheckedNetwork(time.monotonic() + 1).connect_unix_socket("/run/docker.sock")
