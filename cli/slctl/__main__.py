"""slctl login
slctl orders list --status running --output table --explain
slctl exports ask --list orders --query status=billed; slctl operations watch EX…; slctl exports get EX… > orders.csv

Exit codes: 0 done · 1 refused · 2 wrong usage · 3 no valid token or not allowed · 4 not found · 5 somebody was faster ·
6 too often · 7 the portal cannot be reached or has failed.
"""

import argparse
import datetime
import importlib
import inspect
import json
import os
import platform
import shlex
import sys
import time
import typing
import uuid
from enum import Enum
from pathlib import Path

import httpx
from public_compute import AuthenticatedClient

from slctl.output import FORMS, show

# What one types: which operation of the client it calls.
COMMANDS = {
    ("orders", "list"): "orders.orders_list",
    ("orders", "get"): "orders.orders_retrieve",
    ("orders", "place"): "orders.orders_create",
    ("orders", "cancel"): "orders.orders_cancel_create",
    ("orders", "log"): "orders.orders_log_retrieve",
    ("orders", "why"): "orders.orders_placement_list",
    ("plans", "list"): "plans.plans_list",
    ("plans", "get"): "plans.plans_retrieve",
    ("projects", "list"): "projects.projects_list",
    ("bills", "list"): "bills.bills_list",
    ("vouchers", "list"): "vouchers.vouchers_list",
    ("approvals", "list"): "approvals.approvals_list",
    ("wallet", "show"): "wallet.wallet_retrieve",
    ("exports", "ask"): "exports.exports_create",
    ("exports", "get"): "exports.exports_retrieve",
    ("operations", "list"): "operations.operations_list",
    ("operations", "get"): "operations.operations_retrieve",
    ("operations", "watch"): "operations.operations_retrieve",
}
# What a login asks for; whoever consents may give more or less.
SCOPES = "market:read orders:read orders:write wallet:read"
EXIT = {401: 3, 403: 3, 404: 4, 409: 5, 412: 5, 429: 6}
TOKEN_FILE = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "slctl" / "token"


class Stop(Exception):
    """We cannot go on; `code` is what the shell hears."""

    def __init__(self, words, code):
        super().__init__(words)
        self.code = code


def operation(name: str):
    return importlib.import_module(f"public_compute.api.{name}")


def options(name: str) -> dict[str, type]:
    """The options that an operation takes, with the type of each."""
    call = operation(name).sync_detailed
    hints = typing.get_type_hints(call)
    return {
        key: first(hints[key])
        for key in inspect.signature(call).parameters
        if key not in ("client", "body", "code")
    }


def first(hint):
    """The type that one gives; the others are for what is left out."""
    return (typing.get_args(hint) or (hint,))[0]


def one_of(kind: type) -> type:
    """What a list holds; what is no list, itself."""
    return typing.get_args(kind)[0] if typing.get_origin(kind) is list else kind


def body_of(name: str):
    """The class of what an operation sends along, if it sends something."""
    hint = typing.get_type_hints(operation(name).sync_detailed).get("body")
    return next((one for one in typing.get_args(hint) or (hint,) if hasattr(one, "from_dict")), None)


def plain_fields(name: str) -> dict[str, type]:
    """What is sent along, as options, where every part is a plain value; anything deeper comes as a file."""
    body = body_of(name)
    if body is None:
        return {}
    try:
        hints = typing.get_type_hints(body)
    except NameError:
        # The generated client imports the classes within a class only for type checkers.
        return {}
    return {one.name.rstrip("_"): first(hints[one.name]) for one in body.__attrs_attrs__ if one.init}


def read(kind: type, text: str):
    """What somebody typed, as the client wants it; several with commas between."""
    if typing.get_origin(kind) is list:
        return [read(one_of(kind), part) for part in text.split(",")]
    if issubclass(kind, datetime.date):
        return kind.fromisoformat(text)
    if issubclass(kind, Enum | int):
        return kind(int(text)) if issubclass(kind, int) else kind(text)
    return text


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="slctl", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    top.add_argument("--portal", default=os.environ.get("SLCTL_PORTAL", "http://127.0.0.1:8000"))
    rooms = top.add_subparsers(dest="room", required=True)
    rooms.add_parser(
        "login",
        help="get a token by way of a browser, or read one from standard input; keep it for this user only",
    )
    verbs = {}
    for (room, verb), name in COMMANDS.items():
        if room not in verbs:
            verbs[room] = rooms.add_parser(room).add_subparsers(dest="verb", required=True)
        command = verbs[room].add_parser(verb)
        command.add_argument(
            "--output", choices=list(FORMS), default="table" if sys.stdout.isatty() else "json"
        )
        command.add_argument("--explain", action="store_true", help="print the same request as curl")
        if "code" in inspect.signature(operation(name).sync_detailed).parameters:
            command.add_argument("code")
        if body_of(name) and not plain_fields(name):
            command.add_argument("--file", required=True, help="the order as JSON; - reads standard input")
        for key in options(name) | plain_fields(name):
            command.add_argument(f"--{key.replace('_', '-')}", dest=f"option_{key}")
    rooms.add_parser("completion", help="source <(slctl completion)")
    rooms.add_parser("suggest").add_argument("words", nargs=argparse.REMAINDER)
    return top


COMPLETION = """# bash; zsh after: autoload -U bashcompinit && bashcompinit
_slctl() {
    COMPREPLY=($(compgen -W "$(slctl suggest "${COMP_WORDS[@]:1:COMP_CWORD-1}")" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _slctl slctl"""


def suggestions(words: list[str]) -> list[str]:
    """What may come next after these words."""
    if not words:
        return sorted({room for room, _verb in COMMANDS} | {"login", "completion"})
    if len(words) == 1:
        return [verb for room, verb in COMMANDS if room == words[0]]
    name = COMMANDS.get((words[0], words[1]))
    if name is None:
        return []
    kinds = options(name) | plain_fields(name)
    if words[-1] == "--output":
        return list(FORMS)
    kind = kinds.get(words[-1].removeprefix("--").replace("-", "_")) if words[-1].startswith("--") else None
    if kind is not None:
        kind = one_of(kind)
        return [str(one.value) for one in kind] if issubclass(kind, Enum) else []
    return ["--output", "--explain", *(f"--{key.replace('_', '-')}" for key in kinds)]


def token() -> str:
    """From SLCTL_TOKEN, or from a file that nobody else may read."""
    if given := os.environ.get("SLCTL_TOKEN"):
        return given
    if not TOKEN_FILE.exists():
        raise Stop("no token: set SLCTL_TOKEN, or run slctl login", 3)
    if TOKEN_FILE.stat().st_mode & 0o077:
        raise Stop(f"others may read {TOKEN_FILE}; chmod 600 it", 3)
    return TOKEN_FILE.read_text().strip()


def login(asked) -> int:
    """Keep a token for this user only: the one that is piped in, or one to which somebody consents in a browser."""
    found = (
        fetched(f"{asked.portal.rstrip('/')}/api/v1/device-logins/")
        if sys.stdin.isatty()
        else sys.stdin.read()
    )
    TOKEN_FILE.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    TOKEN_FILE.unlink(missing_ok=True)
    with open(os.open(TOKEN_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(found.strip())
    print(TOKEN_FILE)
    return 0


def fetched(address: str) -> str:
    """A token for which somebody types our code into the portal's page (RFC 8628)."""
    begun = said(address, {"client_id": "slctl", "machine": platform.node()[:60], "scope": SCOPES})
    if "device_code" not in begun:
        raise refused(begun)
    print(f"Open {begun['verification_uri']} and enter {begun['user_code']}", file=sys.stderr)
    print(f"or open {begun['verification_uri_complete']}", file=sys.stderr, flush=True)
    interval, until = begun["interval"], time.monotonic() + begun["expires_in"]
    while True:
        time.sleep(interval)
        try:
            found = said(f"{address}key/", {"device_code": begun["device_code"]})
        except Stop:
            # The line broke; as long as the code is good we ask on, less often (RFC 8628, 3.5).
            if time.monotonic() > until:
                raise
            interval *= 2
            continue
        if "access_token" in found:
            return found["access_token"]
        if found["code"] == "slow_down":
            interval += 5
        elif found["code"] != "authorization_pending":
            raise refused(found)


def said(address: str, words: dict) -> dict:
    """What the portal answers to somebody who has no token yet."""
    try:
        return httpx.post(address, json=words, timeout=60).json()
    except (httpx.TransportError, ValueError) as error:
        raise Stop(f"{address} cannot be reached: {error}", 7) from error


def refused(problem: dict) -> Stop:
    """Why there is no token: denied or too late is not allowed, anything else as for other requests."""
    code = 3 if problem["status"] == 400 else exit_code(problem["status"])
    return Stop(f"{problem['title']}\nrequest {problem['request_id']}", code)


def exit_code(status: int) -> int:
    return EXIT.get(status, 7 if status >= 500 else 1)


def explain(request: httpx.Request) -> None:
    """The request as curl, with the token left out."""
    lines = [f"curl --request {request.method} {shlex.quote(str(request.url))}"]
    lines.append('--header "Authorization: Bearer $SLCTL_TOKEN"')
    lines += [
        f"--header {shlex.quote(f'{name}: {request.headers[name]}')}"
        for name in ("Content-Type", "Idempotency-Key", "If-Match")
        if name in request.headers
    ]
    if body := request.read():
        lines.append(f"--data {shlex.quote(body.decode())}")
    print(" \\\n  ".join(lines), file=sys.stderr)


def arguments(asked) -> dict:
    """What the client is called with."""
    name = COMMANDS[asked.room, asked.verb]
    kinds = options(name)
    given = {key: getattr(asked, f"option_{key}") for key in kinds}
    found = {}
    for key, text in given.items():
        if text is not None:
            try:
                found[key] = read(kinds[key], text)
            except ValueError as error:
                raise Stop(f"--{key}: {error}", 2) from error
    if "code" in asked:
        found["code"] = asked.code
    if "idempotency_key" in kinds:
        found.setdefault("idempotency_key", str(uuid.uuid4()))
    if getattr(asked, "file", None):
        text = sys.stdin.read() if asked.file == "-" else Path(asked.file).read_text()
        found["body"] = body_of(name).from_dict(json.loads(text))
    elif plain := plain_fields(name):
        given = {key: getattr(asked, f"option_{key}") for key in plain}
        try:
            found["body"] = body_of(name).from_dict({k: v for k, v in given.items() if v is not None})
        except (KeyError, ValueError) as error:
            raise Stop(f"--{error.args[0]}", 2) from error
    return found


def run(asked) -> int:
    if asked.room == "login":
        return login(asked)
    if asked.room == "completion":
        print(COMPLETION)
        return 0
    if asked.room == "suggest":
        print(*suggestions(asked.words))
        return 0
    hooks = {"request": [explain]} if asked.explain else {}
    client = AuthenticatedClient(
        base_url=asked.portal.rstrip("/"),
        token=token(),
        timeout=httpx.Timeout(60),
        httpx_args={"event_hooks": hooks},
    )
    call, given = operation(COMMANDS[asked.room, asked.verb]).sync_detailed, arguments(asked)
    answer = ask(asked, call, client, given)
    if asked.verb == "watch":
        while "retry-after" in answer.headers:
            time.sleep(int(answer.headers["retry-after"]))
            answer = ask(asked, call, client, given)
    if not answer.headers["content-type"].startswith("application/json"):
        sys.stdout.buffer.write(answer.content)
        return 0
    found = json.loads(answer.content)
    print(show(found, asked.output))
    return 1 if asked.verb == "watch" and found["state"] == "failed" else 0


def ask(asked, call, client, given):
    """One request; a refusal is told and ends it."""
    try:
        answer = call(client=client, **given)
    except httpx.TransportError as error:
        raise Stop(f"{asked.portal} cannot be reached: {error}", 7) from error
    status = int(answer.status_code)
    if status >= 400:
        problem = json.loads(answer.content)
        words = [problem["title"], *(f"{e['pointer']}: {e['detail']}" for e in problem.get("errors", []))]
        raise Stop("\n".join([*words, f"request {problem['request_id']}"]), exit_code(status))
    return answer


def main() -> int:
    try:
        return run(parser().parse_args())
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.code


if __name__ == "__main__":
    sys.exit(main())
