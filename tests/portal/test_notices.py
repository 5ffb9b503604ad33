"""News reaches its reader by the ways they wish, once, and what is mandatory always."""

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import Event
from portal.notices import actions as notices
from portal.notices import tasks
from portal.notices.models import MANDATORY, Channel, Notice, NoticeDelivery, NoticePreference, Wish
from portal.shell.entries import tallies
from portal.tokens import actions as tokens
from tests.city import NOON

texts: list[tuple[str, str]] = []


def keep_text(phone, text):
    """Short messages go no further than this list."""
    texts.append((phone, text))


@pytest.fixture
def bob(city, settings):
    texts.clear()
    settings.SMS_BACKEND = "tests.portal.test_notices.keep_text"
    Notice.objects.all().delete()
    return city.bob


def tell(user, kind=Notice.Kind.MONEY, sentence="对公转账到账 ¥%(amount)s", at=NOON):
    notices.notify(kind=kind, sentence=sentence, values={"amount": "10.00"}, url="/wallet/", at=at, user=user)


def deliver():
    tasks.sort_notices()
    tasks.send_notices()


def prefer(user, kind, channel, wish):
    notices.choose(user=user, wishes={(kind, channel): wish}, by=user)


def verify_phone(user):
    user.phone, user.is_phone_verified = "+8613800138000", True
    user.save()


# --- letters -------------------------------------------------------------------------------------------
def test_a_line_about_money_goes_out_as_a_letter_with_a_link(bob):
    tell(bob)

    deliver()

    [letter] = mail.outbox
    assert letter.to == ["bob@example.com"]
    assert letter.subject == "[厦门市公共算力服务平台] 对公转账到账 ¥10.00"
    assert "/wallet/" in letter.body and "/wallet/" in letter.alternatives[0][0]
    delivery = NoticeDelivery.objects.get()
    assert (delivery.due_at, delivery.tries, delivery.sent_at is not None) == (None, 1, True)


def test_a_letter_speaks_the_language_its_reader_last_chose(bob, client):
    client.force_login(bob)
    client.post("/i18n/setlang/", {"language": "en"})
    tell(bob)

    deliver()

    assert User.objects.get(id=bob.id).language == "en"
    assert mail.outbox[0].subject.startswith("[Xiamen Public Compute] ")


def test_a_second_round_sends_nothing_twice(bob):
    tell(bob)

    deliver()
    deliver()

    assert len(mail.outbox) == 1


def test_a_closed_account_is_written_to_no_more(bob):
    bob.is_active = False
    bob.save()
    tell(bob)

    deliver()

    assert (len(mail.outbox), NoticeDelivery.objects.count()) == (0, 0)
    assert Notice.objects.get().sorted_at is not None


def test_a_letter_that_comes_back_waits_half_a_minute_then_longer(bob, monkeypatch):
    tell(bob)
    notices.sort(at=NOON, limit=10)
    waits = []
    at = NOON

    for _try in range(8):
        rows = notices.take(at=at)
        notices.note_failed(rows=rows, error="421 try later", at=at)
        due_at = NoticeDelivery.objects.get().due_at
        waits.append(due_at and int((due_at - at).total_seconds()))
        at = due_at or at

    assert waits == [30, 120, 600, 3600, 14400, 43200, 86400, None]
    delivery = NoticeDelivery.objects.get()
    assert (delivery.sent_at, delivery.error) == (None, "421 try later")


def test_one_letter_that_cannot_go_does_not_hold_up_the_next(bob, city, monkeypatch):
    tell(bob)
    tell(city.alice)
    send = tasks.send_letter

    def fail_for_bob(rows):
        if rows[0].notice.user == bob:
            raise OSError("connection refused")
        send(rows)

    monkeypatch.setitem(tasks.SENDERS, Channel.EMAIL, fail_for_bob)
    deliver()

    assert [letter.to for letter in mail.outbox] == [["alice@example.com"]]
    assert NoticeDelivery.objects.get(notice__user=bob).error == "connection refused"


# --- killed at any instant -----------------------------------------------------------------------------
def test_a_sender_killed_before_sending_loses_nothing(bob):
    tell(bob)
    notices.sort(at=NOON, limit=10)
    notices.take(at=NOON)

    during = notices.take(at=NOON + timedelta(minutes=4))
    after = notices.take(at=NOON + timedelta(minutes=5))

    assert (during, len(after)) == ([], 1)


def test_a_sender_that_slept_past_its_lease_overwrites_nothing(bob):
    tell(bob)
    notices.sort(at=NOON, limit=10)
    slow = notices.take(at=NOON)
    quick = notices.take(at=NOON + timedelta(minutes=6))
    notices.note_sent(rows=quick, at=NOON + timedelta(minutes=6))

    notices.note_failed(rows=slow, error="too late", at=NOON + timedelta(minutes=7))

    delivery = NoticeDelivery.objects.get()
    assert (delivery.due_at, delivery.error, delivery.tries) == (None, "", 2)


def test_a_letter_sent_twice_bears_one_message_id(bob):
    tell(bob)
    notices.sort(at=NOON, limit=10)
    rows = notices.take(at=NOON)

    tasks.send_letter(rows)
    tasks.send_letter(rows)

    first, second = (letter.extra_headers["Message-ID"] for letter in mail.outbox)
    assert first == second and first.startswith(f"<{rows[0].notice.code}@")


# --- wishes --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", MANDATORY)
def test_what_is_mandatory_cannot_be_refused_by_an_action(bob, kind):
    with pytest.raises(notices.CannotSilence):
        prefer(bob, kind, Channel.EMAIL, Wish.NEVER)

    assert NoticePreference.objects.count() == 0


@pytest.mark.parametrize("kind", MANDATORY)
def test_what_is_mandatory_cannot_be_refused_in_the_database(bob, kind):
    with pytest.raises(IntegrityError, match="mandatory_news"), transaction.atomic():
        NoticePreference.objects.create(user=bob, kind=kind, channel="email", wish="never")


@pytest.mark.parametrize("kind", MANDATORY)
def test_what_is_mandatory_comes_whatever_a_form_was_made_to_say(bob, client, kind):
    client.force_login(bob)
    wishes = {"order_email": "never", "approval_email": "never", "system_email": "never"}
    client.post("/notices/settings/", wishes | {f"{kind}_email": "never"})
    tell(bob, kind)

    deliver()

    assert len(mail.outbox) == 1


def test_what_is_switched_off_stays_in_the_inbox_alone(bob):
    prefer(bob, "approval", "email", "never")
    tell(bob, Notice.Kind.APPROVAL)

    deliver()

    assert (len(mail.outbox), Notice.objects.unread().count()) == (0, 1)


def test_what_is_switched_off_on_the_way_is_dropped(bob):
    tell(bob, Notice.Kind.APPROVAL)
    tasks.sort_notices()
    prefer(bob, "approval", "email", "never")

    tasks.send_notices()

    delivery = NoticeDelivery.objects.get()
    assert (len(mail.outbox), delivery.due_at, delivery.sent_at) == (0, None, None)


def test_a_wish_is_on_the_record_with_what_was_before(bob, client):
    client.force_login(bob)
    wishes = {"order_email": "now", "approval_email": "now", "system_email": "never", "security_sms": "on"}

    client.post("/notices/settings/", wishes)
    client.post("/notices/settings/", wishes)

    [event] = Event.objects.filter(name="account.news_chosen")
    assert (event.details["before"], event.details["after"]) == (
        {"order.email": "daily"},
        {"order.email": "now"},
    )


def test_the_page_shows_what_cannot_be_switched_off(bob, client):
    client.force_login(bob)

    page = client.get("/notices/settings/").content.decode()

    assert page.count("必须知晓，邮件不能关闭。") == 3 and page.count("<select disabled") == 3


# --- once a day ----------------------------------------------------------------------------------------
def test_the_days_orders_come_in_one_letter_at_nine_without_what_was_read(bob):
    for number in range(3):
        tell(bob, Notice.Kind.ORDER, sentence=f"订单 {number}")
    notices.sort(at=NOON, limit=10)
    notices.mark_read(user=bob, code=Notice.objects.first().code, at=NOON)
    nine = timezone.make_aware(datetime(2026, 11, 22, 9))

    early = notices.take(at=nine - timedelta(seconds=1))
    rows = notices.take(at=nine)
    tasks.send_letter(rows)

    assert early == []
    assert mail.outbox[0].subject == "[厦门市公共算力服务平台] 2 条通知"
    assert "订单 0" in mail.outbox[0].body and "订单 2" not in mail.outbox[0].body


def test_a_digest_of_things_all_read_is_not_sent(bob):
    tell(bob, Notice.Kind.ORDER)
    notices.sort(at=NOON, limit=10)
    notices.mark_read(user=bob, at=NOON)

    assert notices.take(at=NOON + timedelta(days=1)) == []
    assert NoticeDelivery.objects.get().due_at is None


# --- short messages ------------------------------------------------------------------------------------
def test_news_of_security_goes_to_a_verified_phone_too(bob):
    verify_phone(bob)
    tell(bob, Notice.Kind.SECURITY, sentence="您的密码已修改")

    deliver()

    [(phone, text)] = texts
    assert phone == "+8613800138000"
    assert text.startswith("【厦门市公共算力服务平台】您的密码已修改 详情 ")


def test_an_unproved_number_gets_nothing(bob):
    tell(bob, Notice.Kind.SECURITY)

    deliver()

    assert (texts, len(mail.outbox)) == ([], 1)


# --- security ------------------------------------------------------------------------------------------
def test_a_sign_in_from_a_new_device_is_news_and_from_a_known_one_is_not(bob, client, city):
    phone, laptop = "Mozilla/5.0 (iPhone) Safari/605", "Mozilla/5.0 (Windows) Firefox/140"
    from config.demo.data import PASSWORD

    for agent in (laptop, laptop, phone, phone):
        client.post("/accounts/login/", {"login": "bob", "password": PASSWORD}, headers={"user-agent": agent})
        client.logout()

    [notice] = Notice.objects.filter(user=bob)
    assert (notice.kind, notice.values["device"]) == ("security", "Safari · iPhone")


def test_a_new_token_is_news_to_its_owner(bob, city):
    tokens.issue(organization=city.ludao, name="训练", scopes=["orders:read"], days=30, by=bob, at=NOON)

    assert Notice.objects.get().title == "您的账号创建了访问令牌“训练”。若非本人操作，请立即吊销。"


# --- the bell ------------------------------------------------------------------------------------------
def test_the_bell_says_nothing_when_nothing_is_new(bob, client):
    client.force_login(bob)
    tell(bob)
    seen = tallies({"bell": bob.notices.unread()})["bell"].seen

    assert client.get("/notices/bell/", {"seen": seen}).status_code == 204


def test_the_bell_counts_and_says_the_newest_line(bob, client):
    client.force_login(bob)
    seen = tallies({"bell": bob.notices.unread()})["bell"].seen
    tell(bob)

    fragment = client.get("/notices/bell/", {"seen": seen}).content.decode()

    assert '<span class="tool-count" aria-hidden="true">1</span>' in fragment
    assert "对公转账到账 ¥10.00" in fragment


def test_a_line_read_elsewhere_leaves_the_bell_without_a_word(bob, client):
    client.force_login(bob)
    tell(bob, sentence="第一条")
    tell(bob, sentence="第二条", at=NOON + timedelta(minutes=1))
    seen = tallies({"bell": bob.notices.unread()})["bell"].seen
    notices.mark_read(user=bob, code=Notice.objects.first().code, at=NOON)

    fragment = client.get("/notices/bell/", {"seen": seen}).content.decode()

    assert '<span class="tool-count" aria-hidden="true">1</span>' in fragment
    assert "第一条" not in fragment and "第二条" not in fragment


def test_a_bell_that_outlived_its_stay_leads_to_the_door(client, db):
    answer = client.get("/notices/bell/", headers={"hx-request": "true"})

    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=%2Fdesk%2F"
