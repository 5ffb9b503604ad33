"""Every address of the house × every kind of visitor; a newcomer that nobody listed fails."""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from portal.approvals.models import Approval
from portal.audit import actions as audit
from portal.members import actions as members
from portal.notices.models import Notice
from subsidies.vouchers.models import Voucher
from tests import city as town
from tests.city import apply_for_verification, bill, message_to, place, run

pytestmark = pytest.mark.django_db

PEOPLE = ("anonymous", "alice", "charlie", "officer", "auditor", "finance", "unicom")

# What GET answers to: nobody · the owner's administrator · another firm · voucher officer · auditor · platform finance · a provider.
# L = asked to sign in (302 to login), 1 = 200, 3 = 403, 4 = 404, 5 = method not allowed (405), > = sent elsewhere (302).
PAGES = {
    "": "1111111",
    "desk/": "L111111",
    "todo/": "L111111",
    "todo/submitted/": "L111111",
    "search/": "1111111",
    "preferences/": "5555555",
    "help/": "1111111",
    "help/<slug:code>/": "1111111",
    "status/": "1111111",
    "organization/": "L111111",
    "organization/join/": "L111111",
    "organization/switch/": "L555555",
    "organization/projects/new/": "L113333",
    "organization/projects/<code>/": "L143333",
    "organization/verification/": "L113333",
    "verifications/": "L333333",
    "verifications/<code>/": "L333333",
    "verifications/<code>/decide/": "L333333",
    "verifications/<code>/licence/": "L143333",
    "members/": "L111111",
    "members/invite/": "L113331",
    "members/onboard/": "L333333",
    "members/invitations/<code>/withdraw/": "L555555",
    "members/reviews/<code>/": "L144444",
    "members/<code>/": "L144444",
    "members/<code>/stand-in/": "L555555",
    "members/<code>/withdraw/": "L555555",
    "invitations/<secret>/": "L111111",
    "applications/": "L113331",
    "applications/<code>/rotate/": "L553335",
    "applications/<code>/disconnect/": "L553335",
    "city-systems/": "L333333",
    "city-systems/<code>/rotate/": "L333333",
    "city-systems/<code>/disconnect/": "L333333",
    "webhooks/": "L113331",
    "webhooks/deliveries/": "L113331",
    "webhooks/deliveries/<code>/": "L143334",
    "webhooks/deliveries/<code>/resend/": "L553335",
    "webhooks/<code>/rotate/": "L553335",
    "webhooks/<code>/test/": "L553335",
    "webhooks/<code>/switch/": "L553335",
    "webhooks/<code>/remove/": "L553335",
    "tokens/": "L111111",
    "tokens/<code>/revoke/": "L555555",
    "account/security/": "L111111",
    "account/sessions/<code>/end/": "L555555",
    "account/sessions/end-others/": "L555555",
    "account/first/<code>/": "4444444",
    "people/": "L333333",
    "people/locked/": "L333333",
    "people/unlock/": "L333333",
    "people/<code>/disable/": "L333333",
    "people/<code>/enable/": "L333333",
    "people/<code>/reveal/": "L555335",
    "approvals/": "L113333",
    "approvals/<code>/": "L143333",
    "approvals/<code>/decide/": "L553333",
    "notices/": "L111111",
    "notices/bell/": "L111111",
    "notices/settings/": "L111111",
    "notices/read/": "L555555",
    "notices/read-many/": "L555555",
    "notices/<code>/read/": "L555555",
    "audit/": "L113131",
    "audit/<code>/": "L143134",
    "audit/export/": "L553535",
    "audit/evidence/": "L333533",
    "audit/verify/": "L553535",
    "cockpit/": "L331113",
    "clusters/": "L331111",
    "clusters/<code>/": "L331111",
    "accelerators/": "1111111",
    "lists/<code>/export.<slug:form>": "4111113",
    "lists/<code>/exports/": "L555555",
    "lists/<code>/views/": "L555555",
    "lists/views/<code>/forget/": "L555555",
    "exports/": "L111111",
    "exports/<code>/": "L444444",
    "marketplace/": "1111111",
    "marketplace/plans/<code>/": "1111111",
    "marketplace/plans/<code>/order/": "L113333",
    "marketplace/drafts/<code>/": "L443333",
    "orders/": "L111113",
    "orders/<code>/": "L141113",
    "orders/<code>/log/": "L141113",
    "orders/<code>/cancel/": "L553333",
    "wallet/": "L113333",
    "bills/": "L111113",
    "receipts/": "L333113",
    "statements/": "L331111",
    "statements/close/": "L333353",
    "statements/books/": "L333113",
    "statements/<code>/": "L331111",
    "statements/<code>/export.xlsx": "L331111",
    "vouchers/": "L111133",
    "subsidies/programmes/": "L331113",
    "subsidies/programmes/<code>/": "L331113",
    "healthz": "1111111",
    "readyz": "1111111",
    "metrics": "1111111",
    "api/v1/schema/": "1111111",
    "api/v1/reference/": "1111111",
}
# The API answers programs: 2 = 200, 1 = 401, 3 = 403, 4 = 404, 5 = 405.
API = {
    "tokens/": "5555555",
    "projects/": "1223233",
    "approvals/": "1223333",
    "approvals/<code>/": "1243333",
    "approvals/<code>/decision/": "5555555",
    "webhooks/": "1223332",
    "webhooks/<code>/removal/": "5555555",
    "audit-events/": "1223232",
    "accelerators/": "2222222",
    "clusters/": "1332222",
    "plans/": "2222222",
    "plans/<code>/": "2222222",
    "orders/": "1222223",
    "orders/<code>/": "1242223",
    "orders/<code>/cancel/": "5555555",
    "orders/<code>/log/": "1242223",
    "orders/<code>/placement/": "1242223",
    "wallet/": "1223333",
    "receipts/": "1333223",
    "bills/": "1222223",
    "statements/": "1332222",
    "statements/<code>/": "1332222",
    "vouchers/": "1222233",
    "programmes/": "1332223",
    "programmes/<code>/vouchers/": "5555555",
}
# Other people's pages, which their own tests know.
THEIRS = ("accounts/", "oauth/", ".well-known/", "i18n/", "static/", "_components/", "favicon.ico")


def addresses(patterns=None, prefix=""):
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern).replace("<str:code>", "<code>")
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def test_every_address_is_listed():
    known = set(PAGES) | {f"api/v1/{route}" for route in API}
    found = {route for route in addresses() if not route.startswith(THEIRS)}

    assert found == known


@pytest.fixture(scope="module")
def visited(django_db_setup, django_db_blocker):
    """One city with one of everything, for all the visits; visits change nothing."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        city = town.found(at=timezone.now())
        now = timezone.now()
        order = place(city, at=now)
        run(order, seconds=1800, at=now)
        bill(order, at=now)
        waiting = place(city, key="waiting", at=now, project=city.model, cards=1, hours="100")
        from datetime import timedelta

        from marketplace.settlement import actions as settlement

        closed = settlement.close(until=now + timedelta(seconds=1), by=None, at=now + timedelta(seconds=1))
        statement = next(s for s in closed if s.party == "unicom")
        verified = apply_for_verification(city.ludao, city.bob, at=now)
        audit.seal()
        codes = {
            "audit": "EN-LUDAO-1",
            "organization/projects": "PJ-LUDAO-LAB",
            "city-systems": "CS-NONE",
            "verifications": verified.code,
            "members/invitations": "IV-NONE",
            "members/reviews": members.open_review(organization_id=city.ludao.id, at=now).code,
            "members": city.bob.memberships.get().code,
            "invitations": members.invite(
                organization=city.ludao,
                email="new@example.com",
                role="enterprise_member",
                until=None,
                reason="",
                by=city.alice,
                at=now,
            ).secret,
            "applications": "AC-NONE",
            "webhooks": "WH-NONE",
            "webhooks/deliveries": message_to(city, at=now),
            "tokens": "TK-NONE",
            "account/sessions": "NONE",
            "account/first": "NONE",
            "people": "bob",
            "approvals": Approval.objects.get(subject_code=waiting.code).code,
            "notices": Notice.objects.filter(user=city.bob).first().code,
            "clusters": "unicom-jimei",
            "marketplace/plans": "unicom-h800",
            "marketplace/drafts": "DR-NONE",
            "plans": "unicom-h800",
            "lists": "orders",
            "lists/views": "VW-NONE",
            "exports": "EX-NONE",
            "orders": order.code,
            "statements": statement.code,
            "subsidies/programmes": "PG-CITY-2026",
            "programmes": "PG-CITY-2026",
        }
        assert Voucher.objects.exists()
        yield city, codes
        transaction.set_rollback(True)


def visitor(city, name) -> Client:
    client = Client()
    if name != "anonymous":
        client.force_login(getattr(city, name), backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def filled(route, codes):
    route = route.replace("<slug:form>", "csv").replace("<slug:code>", "join")
    if "<secret>" in route:
        return "/" + route.replace("<secret>", codes["invitations"])
    if "<code>" not in route:
        return f"/{route}"
    place_of = route.removeprefix("api/v1/").split("/<code>")[0]
    return "/" + route.replace("<code>", codes[place_of])


SIGNS = {200: "1", 403: "3", 404: "4", 405: "5"}
API_SIGNS = {200: "2", 401: "1", 403: "3", 404: "4", 405: "5"}


@pytest.mark.parametrize("route", PAGES)
def test_a_page_opens_for_those_it_is_for(visited, route):
    city, codes = visited
    answers = ""
    for name in PEOPLE:
        answer = visitor(city, name).get(filled(route, codes))
        is_login = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
        answers += "L" if is_login else SIGNS.get(answer.status_code, str(answer.status_code))

    assert answers == PAGES[route]


@pytest.mark.parametrize("route", API)
def test_an_api_address_opens_for_those_it_is_for(visited, route):
    city, codes = visited
    answers = ""
    for name in PEOPLE:
        answer = visitor(city, name).get(filled(f"api/v1/{route}", codes))
        answers += API_SIGNS.get(answer.status_code, str(answer.status_code))

    assert answers == API[route]
