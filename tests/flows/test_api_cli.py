"""The client is generated from the promised document, installed with slctl, and used from a terminal."""

import csv
import json
import os
import pty
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from marketplace.orders.models import Order
from portal.lists.tasks import write_exports
from portal.tokens import actions as tokens
from tests import city as town
from tests.city import place

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROOT = Path(settings.BASE_DIR)
TOOL = Path(sys.executable).with_name("openapi-python-client")
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """A folder with both wheels unpacked, as pip would."""
    work = tmp_path_factory.mktemp("sdk")
    generate = [TOOL, "generate", "--path", ROOT / "docs/openapi.json", "--config", ROOT / "cli/sdk.yaml"]
    subprocess.run([*generate, "--meta", "setup", "--output-path", work / "source"], check=True)
    # setuptools builds beside its sources.
    subprocess.run(["cp", "-r", ROOT / "cli", work / "cli"], check=True)
    wheel = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", work / "wheels"]
    subprocess.run([*wheel, work / "source", work / "cli"], check=True)
    wheels = list((work / "wheels").glob("*.whl"))
    subprocess.run(
        [*PIP, "install", "--no-index", "--no-deps", "--target", work / "site", *wheels], check=True
    )
    return work / "site"


@pytest.fixture
def city(transactional_db):
    return town.found(at=timezone.now())


@pytest.fixture
def slctl(installed, live_server, city, tmp_path):
    _token, secret = tokens.issue(
        organization=city.ludao,
        name="slctl",
        scopes=["orders:read", "orders:write", "wallet:read"],
        days=1,
        by=city.bob,
        at=timezone.now(),
    )
    own = {
        "PYTHONPATH": str(installed),
        "SLCTL_PORTAL": live_server.url,
        "XDG_CONFIG_HOME": str(tmp_path),
        "SLCTL_TOKEN": secret,
    }

    def run(*words, typed="", **more):
        env = {**os.environ, **own, **more}
        return subprocess.run(
            [sys.executable, "-m", "slctl", *words], env=env, input=typed, capture_output=True, text=True
        )

    run.secret = secret
    return run


def test_a_list_in_every_form_and_as_curl(slctl, city):
    now = timezone.now()
    code = place(city, at=now).code
    place(city, key="k2", cards=1, hours="2", at=now + timedelta(seconds=1))

    as_json = slctl("orders", "list", "--output", "json", "--status", "confirmed", "--ordering", "hours")
    as_csv = slctl("orders", "list", "--output", "csv", "--limit", "1")
    as_table = slctl("orders", "list", "--output", "table", "--explain", "--q", code)

    assert [row["code"] for row in json.loads(as_json.stdout)["results"]][0] == code, as_json.stderr
    assert [row["hours"] for row in csv.DictReader(as_csv.stdout.splitlines())] == ["2.00"]
    heads, line = as_table.stdout.splitlines()
    assert (heads.split()[0], line.split()[0]) == ("code", code)
    assert as_table.stderr.startswith(f"curl --request GET '{slctl_address(as_table)}")
    assert f"q={code}" in as_table.stderr and slctl.secret not in as_table.stderr


def test_what_is_named_comes_whole_and_several_are_typed_with_commas(slctl, city):
    code = place(city, at=timezone.now()).code

    listed = slctl("orders", "list", "--expand", "plan,project", "--output", "json")
    single = slctl("orders", "get", code, "--expand", "plan", "--output", "json")
    wrong = slctl("orders", "list", "--expand", "plan,secret")
    cards = slctl("plans", "list", "--accelerator", "h800", "--output", "json")

    (row,) = json.loads(listed.stdout)["results"]
    assert (row["plan"]["code"], row["project"]["code"]) == ("unicom-h800", "PJ-LUDAO-LAB"), listed.stderr
    assert json.loads(single.stdout)["plan"] == row["plan"], single.stderr
    assert (wrong.returncode, "--expand" in wrong.stderr) == (2, True)
    assert {plan["accelerator"] for plan in json.loads(cards.stdout)["results"]} == {"h800"}, cards.stderr
    assert set(slctl("suggest", "orders", "list", "--expand").stdout.split()) == {
        "plan",
        "project",
        "renews",
        "reservation",
    }


def slctl_address(done) -> str:
    return done.stderr.split("'")[1].split("?")[0]


def test_an_order_is_tried_placed_read_and_cancelled(slctl):
    wish = {"plan": "unicom-h800", "project": "PJ-LUDAO-LAB", "cards": 1, "hours": "1", "command": "true"}
    order = ["orders", "place", "--file", "-", "--output", "json"]

    tried = slctl(*order, "--dry-run", "true", typed=json.dumps(wish))
    assert (tried.returncode, Order.objects.count()) == (0, 0), tried.stderr
    placed = slctl(*order, "--idempotency-key", "cli-1", typed=json.dumps(wish))
    again = slctl(*order, "--idempotency-key", "cli-1", typed=json.dumps(wish))

    code = json.loads(placed.stdout)["code"]
    assert json.loads(again.stdout)["code"] == code
    assert json.loads(slctl("orders", "get", code, "--output", "json").stdout)["status"] == "confirmed"
    assert slctl("orders", "cancel", code).returncode == 0
    assert Order.objects.get().cancel_requested_at is not None


@pytest.mark.parametrize(
    ("words", "more", "code", "said"),
    [
        (["orders", "get", "OD-NONE"], {}, 4, "没有找到"),
        (["vouchers", "list"], {"SLCTL_TOKEN": "pc_live_wrong"}, 3, "抄写有误"),
        (["approvals", "list", "--since", "yesterday"], {}, 2, "--since"),
        (["orders", "list"], {"SLCTL_TOKEN": ""}, 3, "slctl login"),
        (["orders", "list"], {"SLCTL_PORTAL": "http://127.0.0.1:1"}, 7, "cannot be reached"),
        (["orders", "nothing"], {}, 2, "invalid choice"),
    ],
)
def test_the_shell_hears_what_went_wrong(slctl, words, more, code, said):
    done = slctl(*words, **more)

    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_a_list_is_asked_for_watched_and_fetched(slctl, city):
    code = place(city, at=timezone.now()).code

    asked = slctl("exports", "ask", "--list", "orders", "--query", "status=confirmed", "--output", "json")
    export = json.loads(asked.stdout)["code"]
    running = slctl("operations", "list", "--state", "running", "--output", "csv")
    # The worker that the city has beside its web server.
    write_exports()
    watched = slctl("operations", "watch", export, "--output", "json")
    file = slctl("exports", "get", export)

    assert [row["code"] for row in csv.DictReader(running.stdout.splitlines())] == [export]
    assert (watched.returncode, json.loads(watched.stdout)["progress"]) == (0, 100), watched.stderr
    assert code in file.stdout
    assert slctl("exports", "ask", "--form", "csv").returncode == 2


def test_a_failed_operation_is_told_to_the_shell(slctl, city, monkeypatch):
    monkeypatch.setattr("portal.lists.tasks.file_of", lambda *args, **more: 1 / 0)
    export = json.loads(slctl("exports", "ask", "--list", "orders", "--output", "json").stdout)["code"]
    write_exports()

    watched = slctl("operations", "watch", export, "--output", "json")

    assert (watched.returncode, json.loads(watched.stdout)["problem"]["code"]) == (1, "export_failed")


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ([], {"orders", "operations", "login"}),
        (["orders"], {"list", "get", "place", "cancel", "log", "why"}),
        (["orders", "list"], {"--output", "--explain", "--status", "--limit"}),
        (["orders", "list", "--status"], {"confirmed", "running", "billed"}),
        (["exports", "ask", "--form"], {"csv", "xlsx"}),
        (["orders", "list", "--output"], {"json", "table", "csv"}),
        (["nothing", "here"], set()),
    ],
)
def test_the_shell_completes_what_may_come_next(slctl, words, known):
    found = set(slctl("suggest", *words).stdout.split())

    assert known <= found and bool(known) == bool(found)


def test_bash_takes_the_completion(slctl, installed):
    script = (
        f'slctl() {{ "{sys.executable}" -m slctl "$@"; }}; source /dev/stdin; '
        'COMP_WORDS=(slctl wallet s) COMP_CWORD=2; _slctl; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script],
        input=slctl("completion").stdout,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )

    assert (done.stdout, done.returncode) == ("show\n", 0), done.stderr


def read_until(terminal, words) -> str:
    said = ""
    while words not in said:
        said += os.read(terminal, 1024).decode()
    return said


@pytest.mark.parametrize(("verdict", "code"), [("consent", 0), ("refuse", 3)])
def test_a_terminal_gets_a_token_by_way_of_a_browser(
    installed, live_server, city, tmp_path, slctl, verdict, code
):
    ours, theirs = pty.openpty()
    own = {"PYTHONPATH": str(installed), "SLCTL_PORTAL": live_server.url, "XDG_CONFIG_HOME": str(tmp_path)}
    program = subprocess.Popen(
        [sys.executable, "-m", "slctl", "login"],
        env={**os.environ, **own},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    said = read_until(ours, "?code=")
    browser = Client()
    browser.force_login(city.bob)
    answer = {"verdict": verdict, "kind": "live", "scopes": ["wallet:read"], "days": 30}
    user_code = said.partition("and enter ")[2][:9]
    browser.post(f"/tokens/device/?code={user_code}", answer)

    shown, _errors = program.communicate(timeout=60)

    kept = tmp_path / "slctl" / "token"
    assert program.returncode == code
    if verdict == "consent":
        assert (shown.strip(), kept.stat().st_mode & 0o777) == (str(kept), 0o600)
        assert slctl("wallet", "show", SLCTL_TOKEN="").returncode == 0
    else:
        assert "已被拒绝" in read_until(ours, "request ") and not kept.exists()


def test_a_kept_token_is_for_this_user_only(slctl, tmp_path):
    slctl("login", typed=f"{slctl.secret}\n")
    kept = tmp_path / "slctl" / "token"

    assert (kept.stat().st_mode & 0o777, kept.read_text()) == (0o600, slctl.secret)
    assert slctl("wallet", "show", SLCTL_TOKEN="").returncode == 0
    kept.chmod(0o644)
    assert slctl("wallet", "show", SLCTL_TOKEN="").returncode == 3
