"""A whole city out of an empty database, by its own pages: who comes how, up to the first order."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from federation.capacity import actions as capacity
from federation.capacity.catalogue_data import CITY
from federation.capacity.models import Pool
from federation.clusters.models import Cluster
from federation.sync.tasks import sync_clusters
from marketplace.catalogue.models import Plan
from marketplace.catalogue.tasks import follow_price_drafts
from marketplace.orders.models import Order
from portal.accounts.permissions import ADMINISTRATORS
from portal.members.tasks import send_invitations
from portal.organizations.credit_code import check_digit
from portal.organizations.models import Membership, Organization
from portal.verification.models import Verification
from tests.city import PICTURE
from tests.entrance import code_now

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "Lantern-river-42"
BODY = "91350200MA0000U9X"


@pytest.fixture(autouse=True)
def no_demo(settings):
    """A city that is none to look round in, and a morning on which no code was used."""
    settings.CITY = settings.CITY | {"is_demo": False}
    cache.clear()


def words() -> dict[str, str]:
    """What the person in front of the server reads out: one address for each administrator still missing."""
    out = StringIO()
    call_command("first_admin", stdout=out)
    return dict(re.sub(r"https?://[^/]+", "", line).split() for line in out.getvalue().splitlines())


def become(role, address) -> Client:
    """Somebody opens their address in their own browser and becomes this administrator."""
    client = Client()
    form = {"organization_name": "鹭江平台运营公司", "name": role, "username": role}
    form |= {"email": f"{role}@example.com", "password": PASSWORD, "again": PASSWORD}
    assert client.get(address).status_code == 200
    answer = client.post(address, form)
    assert answer.status_code == 302, answer.context["form"].errors
    return with_second_factor(client)


def with_second_factor(client) -> Client:
    """No door of an officer opens before there is one."""
    assert client.get("/desk/")["Location"] == "/account/security/"
    client.get("/accounts/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    # Who types in the very moment of the change types the next code.
    any(
        client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)}).status_code == 302
        for _ in "12"
    )
    assert client.get("/desk/").status_code == 200
    return client


def come_alone(name) -> Client:
    """A newcomer makes an account and proves the mailbox, without which no second factor is taken."""
    client = sign_up(Client(), name, then="/desk/")
    client.post("/accounts/email/", {"action_send": "", "email": f"{name}@example.com"})
    client.post(link_in_letter_to(name, "/accounts/confirm-email/"))
    return client


def sign_up(client, name, then) -> Client:
    form = {"username": name, "email": f"{name}@example.com", "name": name, "next": then}
    answer = client.post("/accounts/signup/", form | {"password1": PASSWORD, "password2": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, then)
    return client


def accept(name) -> Client:
    """The invited one opens the letter, which proves the mailbox, signs up, and takes the role."""
    send_invitations()
    link = link_in_letter_to(name, "/invitations/")
    client = Client()
    assert f"email={name}%40example.com" in client.get(link).content.decode()
    sign_up(client, name, then=link)
    assert client.post(link)["Location"] == "/desk/"
    return client


def link_in_letter_to(name, path) -> str:
    letters = [m.body for m in mail.outbox if m.to == [f"{name}@example.com"]]
    return next(found[0] for body in letters if (found := re.search(rf"{path}\S+", body)))


def invite(client, name, role, organization="") -> None:
    answer = client.post(
        f"/members/invite/?organization={organization}",
        {"email": f"{name}@example.com", "role": role, "until": "", "reason": ""},
    )
    assert answer.status_code == 302, answer.context["form"].errors


def onboard(client, kind, name, organization, role) -> None:
    answer = client.post(
        "/members/onboard/",
        {"kind": kind, "name": organization, "district": "", "role": role, "email": f"{name}@example.com"},
    )
    assert answer.status_code == 302, answer.context["form"].errors


def administrators() -> dict[str, Client]:
    return {role: become(role, address) for role, address in words().items()}


def roles() -> dict[str, str]:
    return dict(Membership.objects.values_list("user__username", "role"))


def test_three_people_become_the_three_administrators_each_by_their_own_word():
    addresses = words()
    first = become("system_admin", addresses["system_admin"])

    assert set(words()) == {"security_admin", "audit_admin"}
    used = Client().get(addresses["system_admin"]).status_code
    for role in ("security_admin", "audit_admin"):
        become(role, addresses[role])

    assert (used, first.get("/city-systems/").status_code) == (404, 200)
    assert roles() == {role.value: role.value for role in ADMINISTRATORS}
    assert Organization.objects.get().name == "鹭江平台运营公司"
    with pytest.raises(CommandError):
        call_command("first_admin")


def test_nobody_becomes_two_of_them_by_their_mailbox_or_their_name():
    addresses = words()
    become("system_admin", addresses["system_admin"])
    form = {"name": "x", "username": "system_admin", "email": "system_admin@example.com"}

    answer = Client().post(addresses["security_admin"], form | {"password": PASSWORD, "again": PASSWORD})

    assert set(answer.context["form"].errors) == {"username", "email"}
    assert roles() == {"system_admin": "system_admin"}


def test_an_empty_database_becomes_a_city_that_takes_its_first_order():
    security = administrators()["security_admin"]
    home = Organization.objects.get().code

    # The security administrator lets all staff in, the operator brings in who takes part.
    invite(security, "operator", "platform_operator", home)
    invite(security, "finance", "platform_finance", home)
    operator, finance = (with_second_factor(accept(name)) for name in ("operator", "finance"))
    onboard(operator, "government", "officer", "市工业和信息化局", "voucher_officer")
    invite(security, "officer", "voucher_officer", Organization.objects.get(kind="government").code)
    onboard(operator, "provider", "provider", "鹭江智算中心", "provider_admin")
    provider, officer = (with_second_factor(accept(name)) for name in ("provider", "officer"))

    # The operator connects the provider's machines; the provider prices them, the operator agrees.
    connect("鹭江智算中心")
    sell(provider, operator)

    # A firm signs up, proves who it is, pays in and lets a colleague in.
    owner = come_alone("owner")
    firm = {"name": "新来科技有限公司", "district": "huli", "credit_code": BODY + check_digit(BODY)}
    assert owner.post("/organization/join/", firm)["Location"] == "/desk/"
    with_second_factor(owner)
    prove(owner, operator)
    pay_in(finance, "新来科技有限公司")
    invite(owner, "member", "enterprise_member")
    member = accept("member")

    page = order(member)

    assert page.status_code == 200
    assert Order.objects.get().code in page.content.decode()
    assert officer.get("/orders/").status_code == 200
    assert roles() == {
        **{role.value: role.value for role in ADMINISTRATORS},
        "operator": "platform_operator",
        "finance": "platform_finance",
        "officer": "voucher_officer",
        "provider": "provider_admin",
        "owner": "enterprise_admin",
        "member": "enterprise_member",
    }


def connect(name) -> None:
    organization = Organization.objects.get(name=name)
    provider = CITY["providers"][0] | {"organization": organization.code, "name": name}
    clusters = [
        c for c in CITY["clusters"] if c["provider"] == provider["code"] and c["adapter"] == "simulated"
    ]
    capacity.load_city(
        {"accelerators": CITY["accelerators"], "providers": [provider], "clusters": clusters[:1]},
        timezone.now(),
    )
    sync_clusters()
    assert Cluster.objects.get().state == Cluster.State.ONLINE


def sell(provider, operator) -> None:
    now = timezone.localtime() - timedelta(minutes=1)
    offer = {
        "accelerator": Pool.objects.first().accelerator.code,
        "way": "batch",
        "unit_price": "10",
        "cards_max": "64",
        "hours_max": "720",
        "is_listed": "on",
        "effective_from": f"{now:%Y-%m-%dT%H:%M}",
    }
    draft = provider.post("/prices/new/", offer)["Location"]
    provider.post(f"{draft}submit/")
    approval = re.search(r"/approvals/(AP[^/]+)/", operator.get("/approvals/").content.decode())[0]
    assert operator.post(f"{approval}decide/", {"verdict": "approve"}).status_code == 302
    follow_price_drafts()


def prove(owner, operator) -> None:
    proof = {"legal_representative": "吴超", "address": "湖里区", "contact_name": "吴超", "promise": "on"}
    licence = SimpleUploadedFile("licence.png", PICTURE)
    owner.post("/organization/verification/", proof | {"contact_phone": "138 0000 0000", "licence": licence})
    code = Verification.objects.get().code
    assert operator.post(f"/verifications/{code}/decide/", {"verdict": "approve"}).status_code == 302


def pay_in(finance, name) -> None:
    firm = Organization.objects.get(name=name).code
    paid = {"organization": firm, "amount": "1000.00", "bank_reference": "B-1"}
    answer = finance.post("/receipts/", paid | {"received_on": f"{timezone.localdate():%Y-%m-%d}"})
    assert answer.status_code == 302, answer.context["form"].errors


def order(member):
    plan = Plan.objects.get()
    job = {"cards": 1, "hours": "1", "command": "python train.py", "way_0": "wallet"}
    page = member.get(f"/marketplace/plans/{plan.code}/order/")
    project = page.context["form"].fields["project"].queryset.get()
    draft = member.post(f"/marketplace/plans/{plan.code}/order/", job | {"project": project.id})
    placed = member.post(draft["Location"])
    assert placed.status_code == 302, re.sub(r"<[^>]+>|\s+", " ", placed.content.decode())
    return member.get(placed["Location"])
