"""A firm proves who it is; the platform looks; without it nothing is ordered."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from marketplace.orders import refusals
from marketplace.orders.models import Order
from portal.organizations.models import Membership, Organization
from portal.shell.exceptions import IllegalMove
from portal.shell.responses import picture as shown
from portal.verification import actions as verification
from portal.verification.models import Licence, Verification
from portal.verification.queries import parts_of
from tests import city as town
from tests.city import NOON, PICTURE, apply_for_verification, picture
from tests.entrance import BACKEND

TYPED = {
    "legal_representative": "林安",
    "address": "思明区软件园二期 1 号",
    "contact_name": "陈博",
    "contact_phone": "１３８ 0000 0000",
    "promise": "on",
}


@pytest.fixture
def applied(city):
    return apply_for_verification(city.ludao, city.bob)


def decide(found, verdict, by, reason="", remarks=None):
    return verification.decide(
        verification_id=found.id, verdict=verdict, reason=reason, remarks=remarks or {}, by=by, at=NOON
    )


def client_of(user):
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def test_without_proof_nothing_is_ordered(city, applied):
    city.ludao.refresh_from_db()

    with pytest.raises(refusals.NotVerified):
        town.place(city)

    assert Order.objects.count() == 0


def test_the_platform_says_yes_and_the_firm_may_order(city, applied):
    decide(applied, "approve", city.operator)
    city.ludao.refresh_from_db()

    order = town.place(city)

    assert city.ludao.verified_at == NOON
    assert order.code
    assert city.bob.notices.filter(sentence__contains="已通过企业认证").count() == 1


def test_what_is_returned_is_mended_in_the_same_application(city, applied):
    decide(applied, "return", city.operator, remarks={"licence": "执照不清晰"})
    page = client_of(city.alice).get("/organization/verification/").content.decode()
    again = apply_for_verification(city.ludao, city.bob, content=picture(b"sharper"), address="思明区 2 号")

    assert "执照不清晰" in page
    assert again.code == applied.code
    assert (again.status, again.remarks, again.address) == ("submitted", {}, "思明区 2 号")
    assert Licence.objects.count() == 1


@pytest.mark.parametrize("verdict", ["return", "reject"])
def test_a_no_says_why(city, applied, verdict):
    with pytest.raises(verification.CannotDecide):
        decide(applied, verdict, city.operator)

    applied.refresh_from_db()
    assert applied.status == "submitted"


def test_a_decided_application_is_decided_once(city, applied):
    decide(applied, "reject", city.operator, reason="名称不符")

    with pytest.raises(IllegalMove):
        decide(applied, "approve", city.operator)

    assert Organization.objects.get(code="EN-LUDAO").verified_at is None


def test_nobody_reviews_their_own_firm(city, applied):
    Membership.objects.create(user=city.operator, organization=city.ludao, role="enterprise_member")

    with pytest.raises(verification.CannotDecide) as refusal:
        decide(applied, "approve", city.operator)
    page = client_of(city.operator).get(f"/verifications/{applied.code}/").content.decode()

    assert refusal.value.code == "recusal"
    assert "按回避要求" in page


def test_the_machine_looks_first(city, applied):
    other = apply_for_verification(city.yunding, city.charlie)

    found = {fact.remark or str(fact.label): fact for fact in parts_of(other).facts}

    assert found["credit_code"].result == "ok"
    assert found["登记地区码"].value == "350200"
    assert found["licence"].result == "bad"
    assert "EN-LUDAO" in found["licence"].finding


def test_a_firm_hands_in_its_licence_on_the_page(city):
    Organization.objects.filter(code="EN-LUDAO").update(verified_at=None)
    client = client_of(city.alice)

    answer = client.post(
        "/organization/verification/",
        TYPED | {"licence": SimpleUploadedFile("执照.png", PICTURE)},
    )

    found = Verification.objects.get()
    assert answer.status_code == 302
    assert (found.contact_phone, found.legal_representative) == ("13800000000", "林安")
    assert client.get(f"/verifications/{found.code}/licence/").content == PICTURE
    assert client_of(city.charlie).get(f"/verifications/{found.code}/licence/").status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("licence.exe", b"MZ"),
        ("licence.png", b"%PDF-1.7"),
        ("licence.pdf", b"%PDF-1.7 /OpenAction /JavaScript"),
        ("licence.png", b""),
        ("licence.png", picture(b"." * 5 * 1024 * 1024)),
        ("licence.png", PICTURE + b"<script>"),
    ],
    ids=["a program", "a PDF that says it is a picture", "a PDF that acts", "nothing", "too large", "a tail"],
)
def test_what_is_no_licence_is_refused_beside_its_field(city, name, content):
    Organization.objects.filter(code="EN-LUDAO").update(verified_at=None)

    answer = client_of(city.alice).post(
        "/organization/verification/", TYPED | {"licence": SimpleUploadedFile(name, content)}
    )

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["licence"]
    assert answer.context["form"]["address"].value() == TYPED["address"]
    assert Verification.objects.count() == 0


def test_a_kept_file_runs_nothing():
    answer = shown("执照.pdf", b"%PDF-")

    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_personal_details_lie_sealed(city, applied, django_db_blocker):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT legal_representative, contact_phone FROM portal_verification")
        row = cursor.fetchone()

    assert "林安" not in row[0]
    assert "13800000000" not in row[1]


def test_a_licence_lies_sealed_and_is_still_shown(city, applied, client):
    from django.db import connection

    client.force_login(city.alice)

    shown_again = client.get(f"/verifications/{applied.code}/licence/").content

    with connection.cursor() as cursor:
        cursor.execute("SELECT closed, key FROM portal_licence")
        closed, key = cursor.fetchone()
    assert shown_again == PICTURE
    assert b"PNG" not in bytes(closed) and applied.licence.key not in key


def test_two_reviewers_see_who_was_faster(city, applied):
    decide(applied, "approve", city.operator)

    answer = client_of(city.operator).post(f"/verifications/{applied.code}/decide/", {"verdict": "approve"})

    assert answer.status_code == 409
