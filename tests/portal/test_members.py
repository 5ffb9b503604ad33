"""Who belongs where: invited, standing in, changed, ended, reviewed."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.permissions import can
from portal.audit.models import Event
from portal.members import actions as members
from portal.members import reviews, tasks
from portal.members.models import AccessReview, Invitation
from portal.members.queries import ROLES_OF, looked_after_by
from portal.organizations.actions import OfficersAccount
from portal.organizations.models import Membership, Organization
from tests.city import DAY, NEW_PROVIDER, NOON
from tests.entrance import BACKEND

WEEK = timedelta(days=7)
PASSWORD = "Lantern-river-42"


@pytest.fixture
def guardian(city):
    """The security administrator."""
    user = User.objects.create_user("guardian", "guardian@example.com", name="安全员")
    Membership.objects.create(
        user=user, organization=Organization.objects.get(kind="platform"), role="security_admin"
    )
    return user


def held(user):
    return sorted(Membership.objects.filter(user=user).values_list("role", flat=True))


def member(user, organization):
    return Membership.objects.get(user=user, organization=organization)


def invite(city, email="newcomer@example.com", role="enterprise_member", by=None, at=NOON, **more):
    wishes = {"until": None, "reason": ""} | more
    return members.invite(
        organization=city.ludao, email=email, role=role, by=by or city.alice, at=at, **wishes
    )


def test_an_invited_colleague_opens_the_mail_and_belongs(city, settings):
    invitation = invite(city, at=timezone.now())
    tasks.send_invitations()
    tasks.send_invitations()
    link = next(line for line in mail.outbox[0].body.splitlines() if line.startswith("http"))
    newcomer = User.objects.create_user("newcomer", "newcomer@example.com", name="新人")
    client = Client()
    client.force_login(newcomer, backend=BACKEND)
    path = link.removeprefix(settings.PUBLIC_URL)

    page = client.get(path)
    answer = client.post(path)

    assert len(mail.outbox) == 1
    assert "鹭岛智能科技有限公司" in page.content.decode()
    assert answer.headers["Location"] == "/desk/"
    assert held(newcomer) == ["enterprise_member"]
    assert member(newcomer, city.ludao).granted_by == city.alice
    assert invitation.secret not in str(list(Invitation.objects.values()))


@pytest.mark.parametrize("name", ["newcomer", "somebody.else"])
def test_the_letter_proves_its_mailbox_to_whoever_signs_up_with_it(city, name):
    path = f"/invitations/{invite(city, at=timezone.now()).secret}/"
    client = Client()
    page = client.get(path).content.decode()
    form = {"username": name.replace(".", ""), "email": f"{name}@example.com", "name": "新人"}

    client.post("/accounts/signup/", form | {"password1": PASSWORD, "password2": PASSWORD, "next": path})

    proved = dict(EmailAddress.objects.values_list("email", "verified"))
    assert "鹭岛智能科技有限公司" in page and "newcomer%40example.com" in page
    assert proved == {f"{name}@example.com": name == "newcomer", "newcomer@example.com": True}
    client.post(path)
    assert held(User.objects.get(username=form["username"])) == ["enterprise_member"]


@pytest.mark.parametrize("is_forged", [True, False])
def test_what_is_offered_no_more_proves_nothing(city, is_forged):
    invitation = invite(city, at=timezone.now())
    members.withdraw_invitation(invitation_id=invitation.id, by=city.alice, at=timezone.now())
    client = Client()

    answer = client.get(f"/invitations/{'forged' if is_forged else invitation.secret}/")

    assert (answer.status_code, "account_verified_email" in client.session) == (404, False)
    assert client.post(f"/invitations/{invitation.secret}/")["Location"].startswith("/accounts/login/")


def test_an_invitation_opens_once_and_only_for_its_mailbox(city):
    invitation = invite(city)
    newcomer = User.objects.create_user("newcomer", "newcomer@example.com")

    with pytest.raises(members.InvitationUnusable) as refusal:
        members.accept(code=invitation.code, by=city.charlie, at=NOON)
    members.accept(code=invitation.code, by=newcomer, at=NOON)
    with pytest.raises(members.InvitationUnusable):
        members.accept(code=invitation.code, by=newcomer, at=NOON)

    assert refusal.value.code == "other_mailbox"
    assert (held(city.charlie), held(newcomer)) == (["enterprise_admin"], ["enterprise_member"])


def test_a_late_or_withdrawn_invitation_opens_nothing(city):
    newcomer = User.objects.create_user("newcomer", "newcomer@example.com")
    late, withdrawn = invite(city), invite(city, role="enterprise_finance")
    members.withdraw_invitation(invitation_id=withdrawn.id, by=city.alice, at=NOON)

    for invitation, at in ((late, NOON + WEEK), (withdrawn, NOON)):
        with pytest.raises(members.InvitationUnusable):
            members.accept(code=invitation.code, by=newcomer, at=at)

    assert held(newcomer) == []


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"role": "voucher_officer"}, "role"),
        ({"email": "alice@example.com"}, "email"),
        ({"email": "bob@example.com"}, "email"),
        ({"until": NOON}, "until"),
        ({"until": NOON + timedelta(days=91), "reason": "休假"}, "until"),
        ({"until": NOON + WEEK, "reason": " "}, "reason"),
    ],
)
def test_what_may_not_be_offered_is_refused_beside_its_field(city, wishes, field):
    assert city.alice.email == "alice@example.com"

    with pytest.raises(members.CannotGrant) as refusal:
        invite(city, **wishes)

    assert refusal.value.field == field
    assert Invitation.objects.count() == 0


def test_the_same_offer_twice_is_refused_while_the_first_is_open(city):
    invite(city)

    with pytest.raises(members.CannotGrant):
        invite(city)
    again = invite(city, at=NOON + WEEK)

    assert Invitation.objects.open(NOON + WEEK).get() == again


def test_an_enterprise_administrator_never_reaches_the_staff(city):
    bureau = Organization.objects.get(code="GV-CITY")

    with pytest.raises(members.CannotGrant):
        members.invite(
            organization=bureau,
            email="x@example.com",
            role="auditor",
            until=None,
            reason="",
            by=city.alice,
            at=NOON,
        )

    assert looked_after_by(city.alice, city.ludao) == [city.ludao]


def test_the_security_administrator_looks_after_staff_and_not_after_firms(city, guardian):
    bureau = Organization.objects.get(code="GV-CITY")

    members.invite(
        organization=bureau,
        email="x@example.com",
        role="auditor",
        until=None,
        reason="",
        by=guardian,
        at=NOON,
    )
    with pytest.raises(members.CannotGrant):
        invite(city, by=guardian)

    assert Invitation.objects.get().organization == bureau


def test_somebody_stands_in_until_the_minute(city):
    until = NOON + WEEK

    members.stand_in(
        membership_id=member(city.bob, city.ludao).id,
        role="enterprise_finance",
        until=until,
        reason="黄菲休假",
        by=city.alice,
        at=NOON,
    )

    assert held(city.bob) == ["enterprise_finance", "enterprise_member"]
    rows = Membership.objects.filter(user=city.bob)
    assert rows.in_force(until - timedelta(seconds=1)).count() == 2
    assert rows.in_force(until).count() == 1


def test_a_stand_in_has_the_right_for_as_long_as_it_lasts_and_the_sweep_clears_it(city):
    now = timezone.now()
    granted = members.stand_in(
        membership_id=member(city.bob, city.ludao).id,
        role="enterprise_finance",
        until=now + timedelta(hours=1),
        reason="黄菲休假",
        by=city.alice,
        at=now,
    )
    during = can(User.objects.get(pk=city.bob.pk), "approvals.decide", city.ludao)
    Membership.objects.filter(pk=granted.pk).update(until=now)

    after = can(User.objects.get(pk=city.bob.pk), "approvals.decide", city.ludao)
    tasks.end_expired_memberships()
    tasks.end_expired_memberships()

    assert (during, after) == (True, False)
    assert held(city.bob) == ["enterprise_member"]
    assert Event.objects.filter(name="member.expired").count() == 1


def test_the_last_administrator_stays(city):
    only = member(city.alice, city.ludao)

    with pytest.raises(members.CannotWithdraw):
        members.withdraw(membership_id=only.id, reason="离职", by=city.alice, at=NOON)
    members.change_role(
        membership_id=member(city.bob, city.ludao).id, role="enterprise_admin", by=city.alice, at=NOON
    )
    members.withdraw(membership_id=only.id, reason="离职", by=city.bob, at=NOON)

    assert (held(city.alice), held(city.bob)) == ([], ["enterprise_admin"])


def test_nobody_changes_their_own_role(city):
    members.change_role(
        membership_id=member(city.bob, city.ludao).id, role="enterprise_admin", by=city.alice, at=NOON
    )

    with pytest.raises(members.CannotGrant):
        members.change_role(
            membership_id=member(city.alice, city.ludao).id, role="enterprise_finance", by=city.alice, at=NOON
        )

    assert held(city.alice) == ["enterprise_admin"]


def test_an_administrator_of_one_kind_is_never_offered_another_into_hand(city, guardian):
    platform = Organization.objects.get(kind="platform")
    invitation = members.invite(
        organization=platform, email="operator@example.com", role="system_admin", until=None, reason="", by=guardian,
        at=NOON,
    )  # fmt: skip
    members.accept(code=invitation.code, by=city.operator, at=NOON)
    second = members.invite(
        organization=platform, email="operator@example.com", role="audit_admin", until=None, reason="", by=guardian,
        at=NOON,
    )  # fmt: skip

    with pytest.raises(members.CannotGrant) as refusal:
        members.accept(code=second.code, by=city.operator, at=NOON)

    assert refusal.value.code == "separated_roles"
    assert held(city.operator) == ["platform_operator", "system_admin"]


def test_a_provider_comes_in_by_invitation(city):
    _provider, invitation = members.onboard(**NEW_PROVIDER, by=city.operator, at=NOON)
    first = User.objects.create_user("first", "first@example.com")

    members.accept(code=invitation.code, by=first, at=NOON)

    assert Membership.objects.get(user=first).organization.name == NEW_PROVIDER["name"]
    with pytest.raises(members.CannotGrant):
        members.onboard(**NEW_PROVIDER | {"email": "b@example.com"}, by=city.operator, at=NOON)


def test_a_providers_first_person_is_asked_again_perhaps_elsewhere(city, client):
    provider, lapsed = members.onboard(**NEW_PROVIDER, by=city.operator, at=NOON - 8 * DAY)
    client.force_login(city.operator)

    page = client.get("/members/onboard/").content.decode()
    wrong = client.post(f"/members/onboard/{provider.code}/invite/", {"email": "first"}, follow=True)
    client.post(f"/members/onboard/{provider.code}/invite/", {"email": "right@example.com"})

    assert "邀请已过期" in page and lapsed.email in page
    assert "请填写首位成员的电子邮箱" in wrong.content.decode()
    lapsed.refresh_from_db()
    offer = Invitation.objects.get(organization=provider, withdrawn_at=None)
    assert lapsed.withdrawn_at and (offer.email, offer.role) == ("right@example.com", "provider_admin")
    members.accept(code=offer.code, by=User.objects.create_user("r", "right@example.com"), at=NOON)
    with pytest.raises(members.CannotGrant, match="首位成员已加入"):
        members.invite_first_again(
            organization_id=provider.id, email="x@example.com", by=city.operator, at=NOON
        )


AUTHORITY = {
    "kind": "government", "name": "市数据局", "district": "", "role": "auditor", "email": "first@example.com",
}  # fmt: skip


def test_an_authoritys_first_officer_is_invited_by_the_security_administrator_alone(city, client):
    client.force_login(city.operator)

    page = client.post("/members/onboard/", AUTHORITY, follow=True).content.decode()

    authority = Organization.objects.get(name="市数据局")
    assert (Invitation.objects.count(), authority.memberships.count()) == (0, 0)
    assert "已通知安全管理员核实并邀请 first@example.com" in page and "待安全管理员邀请" in page
    assert Event.objects.get(name="organization.onboarded").details["invited"] is False


def test_the_security_administrator_finds_the_invitation_as_it_was_wished(city, client):
    client.force_login(city.operator)
    client.post("/members/onboard/", AUTHORITY)
    news = city.security.notices.get(sentence__contains="已建档")
    client.force_login(city.security)

    page = client.get(news.url).content.decode()
    client.post(news.url, {"email": "first@example.com", "role": "auditor"})

    assert 'value="first@example.com"' in page and '<option value="auditor" selected>' in page
    sent = Invitation.objects.get()
    assert (sent.organization.name, sent.role, sent.invited_by) == ("市数据局", "auditor", city.security)
    client.force_login(city.operator)
    assert "已邀请，待接受" in client.get("/members/onboard/").content.decode()


def test_whoever_may_appoint_staff_invites_at_once(city):
    Membership.objects.create(
        user=city.operator, organization=Organization.objects.get(kind="platform"), role="security_admin"
    )

    onboarded = members.onboard(**AUTHORITY, by=city.operator, at=NOON)

    assert onboarded.invitation.role == "auditor"


def test_every_role_belongs_to_a_kind_of_organisation(city):
    for membership in Membership.objects.select_related("organization"):
        assert membership.role in ROLES_OF[membership.organization.kind]


def test_a_review_is_asked_once_a_quarter_and_answered_whole(city):
    review = reviews.open_review(organization_id=city.ludao.id, at=NOON)
    again = reviews.open_review(organization_id=city.ludao.id, at=NOON)
    bob = member(city.bob, city.ludao)
    keep = {line.membership_code: "keep" for line in review.lines.all()}

    with pytest.raises(members.CannotGrant):
        reviews.close_review(review_id=review.id, verdicts={bob.code: "keep"}, by=city.alice, at=NOON)
    reviews.close_review(review_id=review.id, verdicts=keep | {bob.code: "withdraw"}, by=city.alice, at=NOON)

    assert again is None
    assert held(city.bob) == []
    assert AccessReview.objects.get().closed_by == city.alice
    details = Event.objects.get(name="review.closed").details
    assert (details["kept"], details["withdrawn"]) == (2, 1)


def test_reviews_open_by_themselves(city, settings):
    settings.ACCESS_REVIEW_DAYS = 90
    Organization.objects.filter(code="EN-LUDAO").update(created_at=timezone.now() - timedelta(days=90))

    tasks.open_access_reviews()
    tasks.open_access_reviews()

    assert [r.organization.code for r in AccessReview.objects.all()] == ["EN-LUDAO"]
    assert city.alice.notices.filter(url__startswith="/members/reviews/").count() == 1


def test_who_serves_the_city_belongs_to_no_firm_under_the_same_account(city, client):
    invitation = invite(city, email=city.officer.email)
    client.force_login(city.officer)

    page = client.get("/organization/join/")
    with pytest.raises(OfficersAccount):
        members.accept(code=invitation.code, by=city.officer, at=NOON)

    assert page.status_code == 403
    assert held(city.officer) == ["voucher_officer"]
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


def test_a_strangers_pages_do_not_exist(city):
    client = Client()
    client.force_login(city.charlie, backend=BACKEND)
    bob = member(city.bob, city.ludao)
    review = reviews.open_review(organization_id=city.ludao.id, at=NOON)

    answers = [
        client.get("/members/?organization=EN-LUDAO"),
        client.get(f"/members/{bob.code}/"),
        client.post(f"/members/{bob.code}/withdraw/", {"reason": "x"}),
        client.get(f"/members/reviews/{review.code}/"),
        client.get("/invitations/forged/"),
    ]

    assert [a.status_code for a in answers] == [404] * 5
    assert held(city.bob) == ["enterprise_member"]
