"""Other systems hear of every chosen event, signed, until they answer; nobody else's, and nobody inside."""

import json
import re
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from portal.approvals import actions as approvals
from portal.approvals.models import Approval
from portal.audit import actions as audit
from portal.audit.models import Event
from portal.notices.models import Notice
from portal.shell.exceptions import Refusal
from portal.tokens import actions as tokens
from portal.webhooks import actions as webhooks
from portal.webhooks import tasks
from portal.webhooks.events import EVENTS
from portal.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from portal.webhooks.signatures import sign
from tests.city import NOON, listener, place
from tests.entrance import BACKEND, use_second_factor

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def receiver(settings):
    """A real server on this machine: what it was sent, and what it shall answer next."""
    settings.OUTBOUND_LOOPBACK = True
    heard, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
            status, words = answers.pop(0) if answers else (200, b"ok")
            self.send_response(status)
            self.send_header("Content-Length", str(len(words)))
            self.end_headers()
            self.wfile.write(words)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    server.heard, server.answers = heard, answers
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def endpoint(city, receiver):
    audit.seal()
    row, secret = webhooks.create(
        organization=city.ludao,
        url=receiver.url,
        events=["order.placed", "approval.requested", "approval.approved"],
        by=city.alice,
        at=NOON,
    )
    row.shown = secret
    return row


def tell():
    audit.seal()
    tasks.fan_out_events()
    tasks.send_webhooks()


def is_ours():
    """The example of the handbook, as it is printed there."""
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "webhooks.md").read_text(), re.S)
    known: dict = {}
    exec(code, known)
    return known["is_ours"]


# --- what arrives --------------------------------------------------------------------------------------
def test_an_order_arrives_signed_and_thin(city, endpoint, receiver):
    order = place(city)

    tell()

    [(headers, body)] = receiver.heard
    message = json.loads(body)
    assert (message["type"], message["data"]["code"]) == ("order.placed", order.code)
    assert message["data"]["organization"] == "EN-LUDAO"
    assert re.fullmatch(r"\d+\.\d\d", message["data"]["amount"])
    assert headers["content-type"] == "application/json"
    assert is_ours()(endpoint.shown, headers, body)


@pytest.mark.parametrize("part", ["secret", "body", "id", "time"])
def test_the_example_of_the_handbook_refuses_what_was_altered(city, endpoint, receiver, part):
    place(city)
    tell()
    [(headers, body)] = receiver.heard
    secret = "whsec_" + "A" * 44 if part == "secret" else endpoint.shown
    headers |= {"id": {"webhook-id": "MSG-OTHER"}, "time": {"webhook-timestamp": "1"}}.get(part, {})

    assert not is_ours()(secret, headers, body + b" " * (part == "body"))


def test_the_example_of_the_standard_comes_out_as_printed_there():
    """The reference values of the specification's own libraries."""
    signature = sign(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"test": 2432232314}',
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_was_not_chosen_and_what_is_anothers_is_not_told(city, endpoint, receiver):
    other = WebhookEndpoint.objects.get(id=listener(city, url=receiver.url).id)
    WebhookEndpoint.objects.filter(id=other.id).update(organization=city.yunding)
    audit.record(city.lab, "project.changed", by=city.alice, before={}, after={})
    place(city)

    tell()

    assert [json.loads(body)["type"] for _headers, body in receiver.heard] == ["order.placed"]
    assert WebhookDelivery.objects.filter(endpoint=other).count() == 0


def test_what_happened_before_somebody_listened_is_not_told(city, receiver):
    place(city)
    audit.seal()
    webhooks.create(
        organization=city.ludao, url=receiver.url, events=["order.placed"], by=city.alice, at=NOON
    )

    tell()

    assert receiver.heard == []


def test_an_approval_is_told_with_what_it_is_about(city, endpoint, receiver):
    waiting = place(city, project=city.model, cards=1, hours="100")
    approval = Approval.objects.get(subject_code=waiting.code)
    approvals.decide(approval_id=approval.id, approve=True, by=city.alice, at=NOON)

    tell()

    messages = [json.loads(body) for _headers, body in receiver.heard]
    assert [m["type"] for m in messages] == ["order.placed", "approval.requested", "approval.approved"]
    assert messages[2]["data"]["about"] == waiting.code


def test_only_events_of_the_record_can_be_told():
    from portal.audit.register import EVENTS as RECORD

    assert set(EVENTS) <= set(RECORD)


# --- none lost, none doubled ---------------------------------------------------------------------------
def test_going_over_the_record_twice_writes_one_message(city, endpoint):
    place(city)
    audit.seal()

    counts = [webhooks.fan_out(endpoint_id=endpoint.id, at=NOON, limit=200) for _time in range(2)]

    assert (counts, WebhookDelivery.objects.count()) == ([1, 0], 1)


def test_small_steps_over_the_record_leave_nothing_out(city, endpoint):
    codes = {place(city, key=f"k{number}", cards=1).code for number in range(5)}
    audit.seal()

    while webhooks.fan_out(endpoint_id=endpoint.id, at=NOON, limit=2):
        pass

    told = {json.loads(row.body)["data"]["code"] for row in WebhookDelivery.objects.all()}
    assert told == codes


def test_the_database_refuses_a_second_message_of_one_event(city, endpoint):
    place(city)
    audit.seal()
    webhooks.fan_out(endpoint_id=endpoint.id, at=NOON, limit=200)
    row = WebhookDelivery.objects.get()

    with pytest.raises(IntegrityError, match="one_message_per_event"), transaction.atomic():
        WebhookDelivery.objects.create(
            code="MSG-2",
            endpoint=endpoint,
            event_number=row.event_number,
            type=row.type,
            body="",
            created_at=NOON,
        )


def test_a_sender_killed_in_between_loses_nothing_and_keeps_the_code(city, endpoint, receiver):
    place(city)
    audit.seal()
    tasks.fan_out_events()
    at = timezone.now()
    killed = webhooks.take(at=at)

    during = webhooks.take(at=at + timedelta(minutes=4))
    again = webhooks.take(at=at + timedelta(minutes=5))

    assert (during, again.code, again.tries) == (None, killed.code, 2)


def test_a_sender_that_slept_overwrites_nothing(city, endpoint):
    place(city)
    audit.seal()
    tasks.fan_out_events()
    at = timezone.now()
    slow = webhooks.take(at=at)
    quick = webhooks.take(at=at + timedelta(minutes=6))
    webhooks.note(delivery=quick, status=200, milliseconds=5, answer="ok", at=at)

    webhooks.note(delivery=slow, status=500, milliseconds=5, answer="", at=at)

    row = WebhookDelivery.objects.get()
    assert (row.due_at, row.last_status, row.attempts.count()) == (None, 200, 2)


# --- when it does not arrive ---------------------------------------------------------------------------
def fail(endpoint, status, at):
    delivery = webhooks.take(at=at)
    webhooks.note(delivery=delivery, status=status, milliseconds=1, answer="", at=at)
    return WebhookDelivery.objects.get(id=delivery.id)


def test_what_failed_waits_from_half_a_minute_to_a_day(city, endpoint):
    place(city)
    audit.seal()
    webhooks.fan_out(endpoint_id=endpoint.id, at=NOON, limit=200)
    at, waits = NOON, []

    for _try in range(8):
        row = fail(endpoint, 500, at)
        waits.append(row.due_at and int((row.due_at - at).total_seconds()))
        at = row.due_at or at

    assert waits == [30, 120, 600, 3600, 14400, 43200, 86400, None]
    assert WebhookDelivery.objects.with_state().get().state == "failed"


def test_the_first_kilobyte_of_the_answer_is_kept(city, endpoint, receiver):
    receiver.answers.append((503, b"x" * 3000))
    place(city)

    tell()

    attempt = WebhookAttempt.objects.get()
    assert (attempt.status, len(attempt.answer)) == (503, 1024)


def test_gone_switches_the_address_off_at_once_and_says_so(city, endpoint, receiver):
    receiver.answers.append((410, b""))
    place(city)

    tell()

    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "gone"
    assert Event.objects.get(name="webhook.switched_off").details["after"] == {"disabled_reason": "gone"}
    assert Notice.objects.filter(user=city.alice, url="/webhooks/").count() == 1


def test_five_days_of_failure_switch_the_address_off_and_four_do_not(city, endpoint):
    for number in range(3):
        place(city, key=f"k{number}", cards=1)
    audit.seal()
    webhooks.fan_out(endpoint_id=endpoint.id, at=NOON, limit=200)

    fail(endpoint, None, NOON)
    fail(endpoint, 500, NOON + timedelta(days=4))
    before = WebhookEndpoint.objects.get().disabled_reason
    fail(endpoint, 500, NOON + timedelta(days=5))

    assert (before, WebhookEndpoint.objects.get().disabled_reason) == ("", "failing")


def test_one_arrival_ends_the_count_of_days(city, endpoint):
    for number in range(2):
        place(city, key=f"k{number}", cards=1)
    audit.seal()
    webhooks.fan_out(endpoint_id=endpoint.id, at=NOON, limit=200)
    fail(endpoint, 500, NOON)

    fail(endpoint, 204, NOON)

    assert WebhookEndpoint.objects.get().failing_since is None


def test_an_address_that_fails_holds_up_nobody_elses(city, endpoint, receiver):
    dead = listener(city, url="http://127.0.0.1:1/dead")
    WebhookEndpoint.objects.filter(id=dead.id).update(seals_up_to=endpoint.seals_up_to)
    for number in range(3):
        place(city, key=f"k{number}", cards=1)

    tell()

    assert len(receiver.heard) == 3
    assert sum(row.tries for row in WebhookDelivery.objects.filter(endpoint=dead)) == 1


def test_an_address_that_now_points_inside_is_not_called(city, endpoint, receiver, settings):
    settings.OUTBOUND_LOOPBACK = False
    place(city)

    tell()

    assert (receiver.heard, WebhookAttempt.objects.get().status) == ([], None)


def test_an_inside_address_is_refused_when_it_is_typed(city, client):
    client.force_login(city.alice)

    answer = client.post("/webhooks/", {"url": "https://169.254.169.254/", "events": ["order.placed"]})

    assert answer.status_code == 422
    assert "这个地址指向内部网络，不能使用。" in answer.content.decode()
    assert 'value="https://169.254.169.254/"' in answer.content.decode()
    assert WebhookEndpoint.objects.count() == 0


# --- what its owner may do -----------------------------------------------------------------------------
def test_for_a_day_after_a_change_both_secrets_sign_and_then_the_new_one_alone(city, endpoint):
    _row, new = webhooks.rotate(endpoint_id=endpoint.id, by=city.alice, at=NOON)

    endpoint.refresh_from_db()
    assert endpoint.keys(NOON + timedelta(hours=23)) == [new, endpoint.shown]
    assert endpoint.keys(NOON + timedelta(hours=24)) == [new]


def test_a_message_of_the_overlap_opens_with_either_secret(city, endpoint, receiver):
    _row, new = webhooks.rotate(endpoint_id=endpoint.id, by=city.alice, at=timezone.now())
    place(city)

    tell()

    [(headers, body)] = receiver.heard
    assert is_ours()(new, headers, body) and is_ours()(endpoint.shown, headers, body)


def test_the_secret_is_shown_once_and_lies_sealed(city, client, receiver):
    client.force_login(city.alice)

    shown = client.post("/webhooks/", {"url": receiver.url, "events": ["order.placed"]}).content.decode()
    later = client.get("/webhooks/").content.decode()

    [secret] = set(re.findall(r"whsec_[\w+/=]+", shown))
    assert "whsec_" not in later
    row = WebhookEndpoint.objects.get()
    assert row.secret == secret and secret not in str(row.__dict__["secret"])
    assert "whsec_" not in str(list(Event.objects.values_list("details", flat=True)))


def test_a_test_message_arrives_and_is_tried_once(city, endpoint, receiver):
    receiver.answers.append((500, b"no"))
    delivery = webhooks.test(endpoint_id=endpoint.id, by=city.alice, at=NOON)

    tasks.send_webhooks()

    [(_headers, body)] = receiver.heard
    delivery.refresh_from_db()
    assert (json.loads(body)["type"], delivery.due_at, delivery.last_status) == ("webhook.test", None, 500)


def test_a_message_sent_again_keeps_its_code(city, endpoint, receiver):
    place(city)
    tell()
    row = WebhookDelivery.objects.get()

    webhooks.resend(delivery_id=row.id, by=city.alice, at=timezone.now())
    tasks.send_webhooks()

    first, second = (headers["webhook-id"] for headers, _body in receiver.heard)
    assert first == second == row.code


def test_an_address_switched_off_hears_nothing_and_later_not_what_it_missed(city, endpoint, receiver):
    webhooks.switch_off(endpoint_id=endpoint.id, reason="owner", by=city.alice, at=NOON)
    place(city, key="missed", cards=1)
    tell()
    webhooks.switch_on(endpoint_id=endpoint.id, by=city.alice, at=NOON)
    after = place(city, key="after", cards=1)

    tell()

    assert [json.loads(body)["data"]["code"] for _headers, body in receiver.heard] == [after.code]


def test_a_silent_address_is_sent_no_test(city, endpoint):
    webhooks.switch_off(endpoint_id=endpoint.id, reason="owner", by=city.alice, at=NOON)

    with pytest.raises(webhooks.NotListening):
        webhooks.test(endpoint_id=endpoint.id, by=city.alice, at=NOON)

    assert WebhookDelivery.objects.count() == 0


def test_another_firm_sees_neither_address_nor_log(city, endpoint, client):
    delivery = webhooks.test(endpoint_id=endpoint.id, by=city.alice, at=NOON)
    client.force_login(city.charlie)

    assert endpoint.url not in client.get("/webhooks/").content.decode()
    assert delivery.code not in client.get("/webhooks/deliveries/").content.decode()
    assert client.get(f"/webhooks/deliveries/{delivery.code}/").status_code == 404


def test_the_log_shows_the_answer(city, endpoint, receiver, client):
    receiver.answers.append((503, "稍后再试".encode()))
    delivery = webhooks.test(endpoint_id=endpoint.id, by=city.alice, at=NOON)
    tasks.send_webhooks()
    client.force_login(city.alice)

    page = client.get(f"/webhooks/deliveries/{delivery.code}/").content.decode()

    assert "503" in page and "稍后再试" in page and "重发" in page


# --- for programs --------------------------------------------------------------------------------------
def key(city, *scopes):
    words = {"organization": city.ludao, "name": "k", "days": 1, "by": city.alice, "at": timezone.now()}
    _token, secret = tokens.issue(scopes=list(scopes), **words)
    return Client(headers={"authorization": f"Bearer {secret}"})


def test_a_program_registers_lists_and_removes_an_address(city, receiver):
    program = key(city, "webhooks:read", "webhooks:write")
    wish = {"url": receiver.url, "events": ["bill.posted"]}

    made = program.post("/api/v1/webhooks/", wish, content_type="application/json")
    listed = program.get("/api/v1/webhooks/").json()["results"]
    removed = program.post(f"/api/v1/webhooks/{made.json()['code']}/removal/")

    assert (made.status_code, made.json()["secret"][:6]) == (201, "whsec_")
    assert [row["code"] for row in listed] == [made.json()["code"]] and "secret" not in listed[0]
    assert removed.status_code == 200
    assert program.get("/api/v1/webhooks/").json()["results"] == []


def test_an_address_is_read_by_itself_and_not_twice(city, endpoint):
    program = key(city, "webhooks:read")

    read = program.get(f"/api/v1/webhooks/{endpoint.code}/")
    again = program.get(f"/api/v1/webhooks/{endpoint.code}/", headers={"if-none-match": read["ETag"]})

    assert read.json() == program.get("/api/v1/webhooks/").json()["results"][0]
    assert (again.status_code, again.content) == (304, b"")
    webhooks.remove(endpoint_id=endpoint.id, by=city.alice, at=NOON)
    assert program.get(f"/api/v1/webhooks/{endpoint.code}/").status_code == 404


def test_another_firms_program_reads_and_moves_no_address(city, endpoint):
    words = {
        "organization": city.yunding,
        "name": "key",
        "days": 30,
        "by": city.charlie,
        "at": timezone.now(),
    }
    _token, secret = tokens.issue(scopes=["webhooks:read", "webhooks:write"], **words)
    stranger = Client(headers={"authorization": f"Bearer {secret}"})
    deeds = ("rotation", "test", "pause", "resumption", "removal")

    answers = [stranger.post(f"/api/v1/webhooks/{endpoint.code}/{deed}/") for deed in deeds]

    assert stranger.get(f"/api/v1/webhooks/{endpoint.code}/").status_code == 404
    assert [answer.status_code for answer in answers] == [404] * 5
    before = WebhookEndpoint.objects.get(id=endpoint.id)
    assert (before.secret, before.disabled_at, before.removed_at) == (endpoint.shown, None, None)


def test_a_program_rotates_tests_pauses_and_resumes_an_address(city, endpoint, receiver):
    program = key(city, "webhooks:read", "webhooks:write")

    def do(deed):
        return program.post(f"/api/v1/webhooks/{endpoint.code}/{deed}/")

    rotated, tested = do("rotation"), do("test")
    tasks.send_webhooks()
    paused, silent = do("pause"), do("test")
    resumed = do("resumption").json()

    fresh = WebhookEndpoint.objects.get(id=endpoint.id)
    assert rotated.json()["secret"] == fresh.secret != endpoint.shown
    assert rotated.json()["old_secret_until"] is not None
    (headers, body), *more = receiver.heard
    assert (tested.status_code, tested.json()["code"], more) == (201, headers["webhook-id"], [])
    assert headers["webhook-signature"] == sign(
        [fresh.secret, endpoint.shown],
        headers["webhook-id"],
        int(headers["webhook-timestamp"]),
        body.decode(),
    )
    assert (paused.json()["disabled_reason"], paused.json()["disabled_at"] is None) == ("owner", False)
    assert (silent.status_code, silent.json()["code"]) == (409, "not_listening")
    assert (resumed["disabled_at"], resumed["disabled_reason"]) == (None, "")


def revise(program, endpoint, **headers):
    wish = {"url": "https://93.184.216.34/moved", "events": ["order.placed", "bill.posted"]}
    path = f"/api/v1/webhooks/{endpoint.code}/revision/"
    return program.post(path, wish, content_type="application/json", headers=headers)


def test_an_address_moves_and_keeps_its_secret(city, endpoint):
    WebhookEndpoint.objects.update(failing_since=NOON)
    program = key(city, "webhooks:read", "webhooks:write")
    before = {"url": endpoint.url, "events": endpoint.events}

    moved, again = revise(program, endpoint), revise(program, endpoint)

    now = WebhookEndpoint.objects.get(id=endpoint.id)
    after = {"url": "https://93.184.216.34/moved", "events": ["bill.posted", "order.placed"]}
    assert (moved.status_code, again.json()) == (200, moved.json())
    assert {"url": now.url, "events": now.events} == after
    assert (now.secret, now.failing_since) == (endpoint.shown, None)
    (event,) = Event.objects.filter(name="webhook.revised")
    assert (event.details["before"], event.details["after"]) == (before, after)


def test_a_stranger_moves_no_address(city, endpoint):
    wish = {"organization": city.yunding, "name": "key", "days": 30, "by": city.charlie}
    _token, secret = tokens.issue(scopes=["webhooks:write"], **wish, at=timezone.now())
    stranger = Client(headers={"authorization": f"Bearer {secret}"})

    assert revise(stranger, endpoint).status_code == 404
    assert WebhookEndpoint.objects.get(id=endpoint.id).url == endpoint.url


def test_an_address_read_before_another_change_is_not_moved(city, endpoint):
    program = key(city, "webhooks:read", "webhooks:write")
    path = f"/api/v1/webhooks/{endpoint.code}/"
    read = program.get(path)["ETag"]
    program.post(f"{path}rotation/")

    late = revise(program, endpoint, **{"if-match": read})

    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert WebhookEndpoint.objects.get(id=endpoint.id).url == endpoint.url


@pytest.mark.parametrize(
    ("url", "events"), [("http://10.0.0.1/", ["bill.posted"]), ("https://93.184.216.34/", [])]
)
def test_a_change_is_checked_like_a_new_address(city, endpoint, url, events):
    with pytest.raises(Refusal):
        webhooks.revise(endpoint_id=endpoint.id, url=url, events=events, by=city.alice, at=NOON)

    assert WebhookEndpoint.objects.get(id=endpoint.id).url == endpoint.url


def test_an_administrator_changes_an_address_on_its_page(city, endpoint, client):
    client.force_login(city.alice, backend=BACKEND)
    use_second_factor(client, city.alice)
    path = f"/webhooks/{endpoint.code}/revise/"

    shown = client.get(path).content.decode()
    saved = client.post(path, {"url": "https://93.184.216.34/moved", "events": ["order.placed"]}, follow=True)
    refused = client.post(path, {"url": "http://10.0.0.1/", "events": ["order.placed"]})

    assert endpoint.url in shown
    assert "https://93.184.216.34/moved 已保存" in saved.content.decode()
    assert refused.status_code == 422
    assert WebhookEndpoint.objects.get(id=endpoint.id).url == "https://93.184.216.34/moved"


@pytest.mark.parametrize("deed", ["rotation", "test", "pause", "removal"])
def test_nobody_changes_an_address_that_has_changed_since_it_was_read(city, endpoint, deed):
    program = key(city, "webhooks:read", "webhooks:write")
    path = f"/api/v1/webhooks/{endpoint.code}/"
    read = program.get(path)["ETag"]
    program.post(f"{path}rotation/")
    rotated = WebhookEndpoint.objects.get(id=endpoint.id)

    late = program.post(f"{path}{deed}/", headers={"if-match": read})

    now = WebhookEndpoint.objects.get(id=endpoint.id)
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert (now.secret, now.disabled_at, now.removed_at) == (rotated.secret, None, None)
    assert WebhookDelivery.objects.count() == 0
    fresh = program.get(path)["ETag"]
    assert program.post(f"{path}{deed}/", headers={"if-match": fresh}).status_code in (200, 201)


def test_a_key_that_only_reads_moves_no_address(city, endpoint):
    answer = key(city, "webhooks:read").post(f"/api/v1/webhooks/{endpoint.code}/rotation/")

    assert (answer.status_code, WebhookEndpoint.objects.get(id=endpoint.id).secret) == (403, endpoint.shown)


def test_a_key_without_the_scope_registers_nothing(city, receiver):
    answer = key(city, "webhooks:read").post(
        "/api/v1/webhooks/", {"url": receiver.url, "events": ["bill.posted"]}, content_type="application/json"
    )

    assert (answer.status_code, WebhookEndpoint.objects.count()) == (403, 0)
