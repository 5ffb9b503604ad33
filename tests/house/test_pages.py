"""Every address of the house × every kind of visitor; a newcomer that nobody listed fails."""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from portal.accounts.models import User
from tests.entrance import BACKEND
from tests.furnished import furnish

pytestmark = pytest.mark.django_db

# Who visits, in groups: nobody and a disabled account · the owning firm's administrator, member and finance · another firm, and
# one that nobody has verified yet (the application is its own) · city's and district's voucher officers, auditor · the
# platform's operator and finance · system, security and audit administrator · the provider that serves, and another one.
PEOPLE = (
    "anonymous jian  alice bob fiona  charlie wendy  officer siming auditor  "
    "operator finance  sysadmin security auditadmin  unicom baidu"
)
DISABLED = "jian"

# What GET answers to each of them.
# L = asked to sign in (302 to login), 1 = 200, 3 = 403, 4 = 404, 5 = method not allowed (405), > = sent elsewhere (302).
PAGES = {
    "": "11 111 11 111 11 111 11",
    "desk/": "LL 111 11 111 11 111 11",
    "todo/": "LL 111 11 111 11 111 11",
    "todo/submitted/": "LL 111 11 111 11 111 11",
    "search/": "11 111 11 111 11 111 11",
    "preferences/": "55 555 55 555 55 555 55",
    "help/": "11 111 11 111 11 111 11",
    "help/<slug:code>/": "11 111 11 111 11 111 11",
    "status/": "11 111 11 111 11 111 11",
    "organization/": "LL 111 11 111 11 111 11",
    "organization/join/": "LL 111 11 333 33 333 11",
    "organization/switch/": "LL 555 55 555 55 555 55",
    "organization/second-factor/": "LL 533 55 333 33 333 55",
    "organization/projects/new/": "LL 133 11 333 33 333 33",
    "organization/projects/<code>/budget/": "LL 131 44 333 33 333 33",
    "organization/projects/<code>/": "LL 133 44 333 33 333 33",
    "organization/verification/": "LL 133 11 333 33 333 33",
    "verifications/": "LL 333 33 333 13 333 33",
    "verifications/<code>/": "LL 333 33 333 13 333 33",
    "verifications/<code>/decide/": "LL 333 33 333 53 333 33",
    "verifications/<code>/licence/": "LL 433 41 333 13 333 33",
    "members/": "LL 111 11 111 11 111 11",
    "members/invite/": "LL 133 11 333 33 313 11",
    "members/onboard/": "LL 333 33 333 13 333 33",
    "members/onboard/<code>/invite/": "LL 333 33 333 53 333 33",
    "members/invitations/<code>/withdraw/": "LL 555 55 555 55 555 55",
    "members/reviews/<code>/": "LL 144 44 444 44 444 44",
    "members/<code>/": "LL 144 44 444 44 444 44",
    "members/<code>/stand-in/": "LL 555 55 555 55 555 55",
    "members/<code>/withdraw/": "LL 555 55 555 55 555 55",
    "invitations/<secret>/": "11 111 11 111 11 111 11",
    "applications/": "LL 133 11 333 33 133 11",
    "applications/<code>/rotate/": "LL 533 55 333 33 533 55",
    "applications/<code>/networks/": "LL 133 44 333 33 433 44",
    "applications/<code>/disconnect/": "LL 533 55 333 33 533 55",
    "city-systems/": "LL 333 33 333 33 133 33",
    "city-systems/mine/": "LL 111 11 111 11 111 11",
    "city-systems/mine/<code>/withdraw/": "LL 555 55 555 55 555 55",
    "city-systems/<code>/rotate/": "LL 333 33 333 33 533 33",
    "city-systems/<code>/disconnect/": "LL 333 33 333 33 533 33",
    "developers/": "11 111 11 111 11 111 11",
    "developers/requests/": "LL 111 11 111 11 111 11",
    "webhooks/": "LL 133 11 333 33 333 11",
    "webhooks/deliveries/": "LL 133 11 333 33 333 11",
    "webhooks/deliveries/<code>/": "LL 133 44 333 33 333 44",
    "webhooks/deliveries/<code>/resend/": "LL 533 55 333 33 333 55",
    "webhooks/<code>/revise/": "LL 133 44 333 33 333 44",
    "webhooks/<code>/rotate/": "LL 533 55 333 33 333 55",
    "webhooks/<code>/test/": "LL 533 55 333 33 333 55",
    "webhooks/<code>/switch/": "LL 533 55 333 33 333 55",
    "webhooks/<code>/remove/": "LL 533 55 333 33 333 55",
    "tokens/": "LL 111 11 111 11 111 11",
    "tokens/device/": "LL 111 11 111 11 111 11",
    "tokens/<code>/rotate/": "LL 555 55 555 55 555 55",
    "tokens/<code>/networks/": "LL 144 44 444 44 444 44",
    "tokens/<code>/revoke/": "LL 555 55 555 55 555 55",
    "account/security/": "LL 111 11 111 11 111 11",
    "account/sessions/hold/": "55 555 55 555 55 555 55",
    "account/sessions/<code>/end/": "LL 555 55 555 55 555 55",
    "account/sessions/end-others/": "LL 555 55 555 55 555 55",
    "account/first/<secret>/": "44 444 44 444 44 444 44",
    "people/": "LL 333 33 333 33 313 33",
    "people/locked/": "LL 333 33 333 33 313 33",
    "people/alarms/": "LL 333 33 333 33 311 33",
    "people/factor-resets/": "LL 333 33 333 33 111 33",
    "people/factor-resets/<code>/confirm/": "LL 333 33 333 33 555 33",
    "people/factor-resets/<code>/refuse/": "LL 333 33 333 33 555 33",
    "people/unlock/": "LL 333 33 333 33 353 33",
    "people/<code>/disable/": "LL 333 33 333 33 313 33",
    "people/<code>/enable/": "LL 333 33 333 33 353 33",
    "people/<code>/reveal/": "LL 533 55 553 53 353 55",
    "approvals/": "LL 111 11 333 11 333 33",
    "approvals/<code>/": "LL 111 44 333 44 333 33",
    "approvals/<code>/decide/": "LL 555 55 333 55 333 33",
    "notices/": "LL 111 11 111 11 111 11",
    "notices/bell/": "LL 111 11 111 11 111 11",
    "notices/settings/": "LL 111 11 111 11 111 11",
    "notices/read/": "LL 555 55 555 55 555 55",
    "notices/read-many/": "LL 555 55 555 55 555 55",
    "notices/<code>/read/": "LL 555 55 555 55 555 55",
    "incidents/": "LL 333 33 333 13 333 33",
    "incidents/new/": "LL 333 33 333 13 333 33",
    "incidents/<code>/": "LL 333 33 333 13 333 33",
    "audit/": "LL 133 11 331 33 331 11",
    "audit/<code>/": "LL 133 44 331 33 331 44",
    "audit/versions/<kind>/<code>/": "LL 333 33 331 33 331 33",
    "audit/export/": "LL 533 55 335 33 335 55",
    "audit/evidence/": "LL 333 33 335 33 335 33",
    "audit/verify/": "LL 533 55 335 33 335 55",
    "cockpit/": "LL 333 33 111 11 333 33",
    "clusters/": "LL 333 33 111 11 333 11",
    "clusters/<code>/": "LL 333 33 111 11 333 14",
    "accelerators/": "11 111 11 111 11 111 11",
    "lists/<code>/export.<slug:form>": "44 111 11 111 11 333 33",
    "lists/<code>/exports/": "LL 555 55 555 55 555 55",
    "lists/<code>/views/": "LL 555 55 555 55 555 55",
    "lists/views/<code>/forget/": "LL 555 55 555 55 555 55",
    "exports/": "LL 111 11 111 11 111 11",
    "exports/<code>/": "LL 444 44 444 44 444 44",
    "marketplace/": "11 111 11 111 11 111 11",
    "marketplace/plans/<code>/": "11 111 11 111 11 111 11",
    "marketplace/plans/<code>/quotation.pdf": "11 111 11 111 11 111 11",
    "marketplace/plans/<code>/order/": "LL 113 11 333 33 333 33",
    "marketplace/drafts/<code>/": "LL 443 44 333 33 333 33",
    "prices/": "LL 333 33 331 11 333 11",
    "prices/new/": "LL 333 33 333 33 333 11",
    "prices/sheet/": "LL 333 33 333 33 333 11",
    "prices/sheet/prices.xlsx": "LL 333 33 333 33 333 11",
    "prices/<code>/": "LL 333 33 331 11 333 14",
    "prices/<code>/submit/": "LL 333 33 333 33 333 55",
    "prices/<code>/withdraw/": "LL 333 33 333 33 333 55",
    "orders/": "LL 111 11 111 11 333 33",
    "orders/<code>/": "LL 111 44 111 11 333 33",
    "orders/<code>/log/": "LL 111 44 333 33 333 33",
    "orders/<code>/cancel/": "LL 553 55 333 33 333 33",
    "wallet/": "LL 111 11 333 33 333 33",
    "papers/check/": "11 111 11 111 11 111 11",
    "budgets/budgets.pdf": "LL 111 11 331 33 333 33",
    "budgets/": "LL 111 11 331 33 333 33",
    "budgets/marks/": "LL 111 11 331 33 333 33",
    "costs/": "LL 111 11 111 11 333 33",
    "costs/export.<slug:form>": "LL 111 11 111 11 333 33",
    "invoices/": "LL 131 11 331 11 333 33",
    "invoices/<code>/": "LL 131 44 331 11 333 33",
    "invoices/<code>/register/": "LL 333 33 333 35 333 33",
    "invoices/<code>/refuse/": "LL 333 33 333 35 333 33",
    "bills/": "LL 111 11 111 11 333 33",
    "bills/lines/": "LL 111 11 111 11 333 33",
    "bills/refunds/": "LL 333 33 333 31 333 33",
    "bills/<code>/": "LL 111 44 111 11 333 33",
    "bills/<code>/pay/": "LL 535 55 333 33 333 33",
    "bills/<code>/bill.pdf": "LL 111 44 111 11 333 33",
    "bills/<code>/export.xlsx": "LL 111 44 111 11 333 33",
    "receipts/": "LL 333 33 331 11 333 33",
    "payments/": "LL 111 11 331 31 333 33",
    "payments/top-up/": "LL 131 11 333 33 333 33",
    "payments/webhooks/stripe/": "55 555 55 555 55 555 55",
    "payments/refunds/": "LL 111 11 331 31 333 33",
    "payments/refunds/ask/": "LL 131 11 333 33 333 33",
    "payments/refunds/<code>/refund.pdf": "LL 444 44 334 34 333 33",
    "payments/refunds/<code>/again/": "LL 333 33 333 35 333 33",
    "payments/differences/": "LL 333 33 331 11 333 33",
    "payments/differences/<code>/": "LL 333 33 331 11 333 33",
    "payments/<code>/refund/": "LL 333 33 333 35 333 33",
    "payments/<code>/": "LL 111 44 331 31 333 33",
    "payments/<code>/cancel/": "LL 535 55 333 33 333 33",
    "credit/": "LL 333 33 331 31 333 33",
    "credit/<code>/": "LL 333 33 331 31 333 33",
    "bank/": "LL 333 33 331 11 333 33",
    "bank/close/": "LL 333 33 333 35 333 33",
    "bank/<code>/": "LL 333 33 331 11 333 33",
    "bank/<code>/assign/": "LL 333 33 333 35 333 33",
    "bank/<code>/explain/": "LL 333 33 333 35 333 33",
    "statements/": "LL 333 33 111 11 333 11",
    "statements/close/": "LL 333 33 333 35 333 33",
    "statements/books/": "LL 333 33 331 31 333 33",
    "statements/terms/": "LL 333 33 111 11 333 11",
    "statements/adjustments/": "LL 333 33 331 31 333 33",
    "statements/adjustments/<code>/adjustment.pdf": "LL 333 33 334 34 333 33",
    "statements/runs/": "LL 333 33 331 31 333 33",
    "statements/<code>/": "LL 333 33 111 11 333 14",
    "statements/<code>/confirm/": "LL 333 33 333 33 333 55",
    "statements/<code>/dispute/": "LL 333 33 333 33 333 55",
    "statements/<code>/resolve/": "LL 333 33 333 35 333 33",
    "statements/<code>/release/": "LL 333 33 333 35 333 33",
    "statements/<code>/statement.pdf": "LL 333 33 111 11 333 14",
    "statements/<code>/export.xlsx": "LL 333 33 111 11 333 14",
    "payouts/": "LL 333 33 331 31 333 33",
    "payouts/propose/": "LL 333 33 333 35 333 33",
    "payouts/accounts/": "LL 333 33 111 11 333 11",
    "payouts/payments/": "LL 333 33 331 31 333 33",
    "payouts/payments/<code>/fail/": "LL 333 33 333 35 333 33",
    "payouts/<code>/": "LL 333 33 331 31 333 33",
    "payouts/<code>/batch.pdf": "LL 333 33 331 31 333 33",
    "payouts/<code>/file/": "LL 333 33 333 35 333 33",
    "vouchers/": "LL 111 11 111 33 333 33",
    "subsidies/programmes/": "LL 333 33 111 11 333 33",
    "subsidies/programmes/<code>/": "LL 333 33 111 11 333 33",
    "healthz": "11 111 11 111 11 111 11",
    "readyz": "11 111 11 111 11 111 11",
    "metrics": "11 111 11 111 11 111 11",
    "api/v1/schema/": "11 111 11 111 11 111 11",
    "api/v1/reference/": "11 111 11 111 11 111 11",
}
# The API answers programs: 2 = 200, 1 = 401, 3 = 403, 4 = 404, 5 = 405.
API = {
    "tokens/": "55 555 55 555 55 555 55",
    "device-logins/": "55 555 55 555 55 555 55",
    "device-logins/key/": "55 555 55 555 55 555 55",
    "projects/": "11 222 22 332 33 333 33",
    "approvals/": "11 222 22 333 22 333 33",
    "approvals/<code>/": "11 222 44 333 44 333 33",
    "approvals/<code>/decision/": "55 555 55 555 55 555 55",
    "webhooks/": "11 233 22 333 33 333 22",
    "webhooks/<code>/": "11 233 44 333 33 333 44",
    "webhooks/<code>/revision/": "55 555 55 555 55 555 55",
    "webhooks/<code>/rotation/": "55 555 55 555 55 555 55",
    "webhooks/<code>/test/": "55 555 55 555 55 555 55",
    "webhooks/<code>/pause/": "55 555 55 555 55 555 55",
    "webhooks/<code>/resumption/": "55 555 55 555 55 555 55",
    "webhooks/<code>/removal/": "55 555 55 555 55 555 55",
    "exports/": "55 555 55 555 55 555 55",
    "exports/<code>/": "11 444 44 444 44 444 44",
    "operations/": "11 222 22 222 22 222 22",
    "operations/<code>/": "11 444 44 444 44 444 44",
    "audit-events/": "11 233 22 332 33 332 22",
    "accelerators/": "22 222 22 222 22 222 22",
    "clusters/": "11 333 33 222 22 333 22",
    "plans/": "22 222 22 222 22 222 22",
    "plans/<code>/": "22 222 22 222 22 222 22",
    "orders/": "11 222 22 222 22 333 33",
    "orders/<code>/": "11 222 44 222 22 333 33",
    "orders/<code>/cancel/": "55 555 55 555 55 555 55",
    "orders/<code>/log/": "11 222 44 333 33 333 33",
    "orders/<code>/placement/": "11 222 44 222 22 333 33",
    "wallet/": "11 222 22 333 33 333 33",
    "refunds/": "11 222 22 332 32 333 33",
    "credit-lines/": "11 333 33 332 32 333 33",
    "payout-batches/": "11 333 33 332 32 333 33",
    "payouts/": "11 333 33 332 32 333 33",
    "adjustments/": "11 333 33 332 32 333 33",
    "settlement-terms/": "11 333 33 222 22 333 22",
    "receipts/": "11 333 33 332 22 333 33",
    "payments/": "11 222 22 332 32 333 33",
    "payments/<code>/": "11 222 44 332 32 333 33",
    "invoices/": "11 232 22 332 22 333 33",
    "bank-files/": "55 555 55 555 55 555 55",
    "bank-lines/": "11 333 33 332 22 333 33",
    "budgets/": "11 222 22 332 33 333 33",
    "costs/": "11 222 22 222 22 333 33",
    "bills/": "11 222 22 222 22 333 33",
    "monthly-bills/": "11 222 22 222 22 333 33",
    "monthly-bills/<code>/": "11 222 44 222 22 333 33",
    "monthly-bills/<code>/payment/": "55 555 55 555 55 555 55",
    "statements/": "11 333 33 222 22 333 22",
    "statements/<code>/": "11 333 33 222 22 333 24",
    "statements/<code>/confirmation/": "55 555 55 555 55 555 55",
    "statements/<code>/dispute/": "55 555 55 555 55 555 55",
    "vouchers/": "11 222 22 222 33 333 33",
    "programmes/": "11 333 33 222 22 333 33",
    "programmes/<code>/vouchers/": "55 555 55 555 55 555 55",
}
# The libraries' pages, which tests/portal/test_identity_*.py and test_single_sign_on.py walk; a new one is listed, too.
THEIRS = {
    ".well-known/jwks.json",
    ".well-known/openid-configuration",
    "_components/",
    "accounts/2fa/",
    "accounts/2fa/authenticate/",
    "accounts/2fa/reauthenticate/",
    "accounts/2fa/recovery-codes/",
    "accounts/2fa/recovery-codes/download/",
    "accounts/2fa/recovery-codes/generate/",
    "accounts/2fa/totp/activate/",
    "accounts/2fa/totp/deactivate/",
    "accounts/2fa/webauthn/",
    "accounts/2fa/webauthn/add/",
    "accounts/2fa/webauthn/keys/<int:pk>/edit/",
    "accounts/2fa/webauthn/keys/<int:pk>/remove/",
    "accounts/2fa/webauthn/login/",
    "accounts/2fa/webauthn/reauthenticate/",
    "accounts/3rdparty/",
    "accounts/3rdparty/login/cancelled/",
    "accounts/3rdparty/login/error/",
    "accounts/3rdparty/signup/",
    r"accounts/^confirm-email/(?P<key>[-:\w]+)/$",
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
    "accounts/confirm-email/",
    "accounts/email/",
    "accounts/inactive/",
    "accounts/login/",
    "accounts/login/code/",
    "accounts/login/code/confirm/",
    "accounts/logout/",
    "accounts/oidc/<provider_id>/login/",
    "accounts/oidc/<provider_id>/login/callback/",
    "accounts/oidc/^(?P<provider_id>[^/]+)/login/",
    "accounts/oidc/^(?P<provider_id>[^/]+)/login/callback/",
    "accounts/password/change/",
    "accounts/password/reset/",
    "accounts/password/reset/done/",
    "accounts/password/reset/key/done/",
    "accounts/password/set/",
    "accounts/phone/change/",
    "accounts/phone/verify/",
    "accounts/reauthenticate/",
    "accounts/sessions/",
    "accounts/signup/",
    "accounts/social/connections/",
    "accounts/social/login/cancelled/",
    "accounts/social/login/error/",
    "accounts/social/signup/",
    "favicon.ico",
    "i18n/setlang/",
    "oauth/authorize",
    "oauth/device",
    "oauth/device/code",
    "oauth/introspect",
    "oauth/logout",
    "oauth/revoke",
    "oauth/token",
    "oauth/userinfo",
}


def addresses(patterns=None, prefix=""):
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern).replace("<str:code>", "<code>")
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def test_every_address_is_listed():
    known = set(PAGES) | {f"api/v1/{route}" for route in API}

    assert {route for route in addresses() if not route.startswith("static/")} == known | THEIRS
    assert not known & THEIRS


@pytest.fixture(scope="module")
def visited(django_db_setup, django_db_blocker):
    """One city with one of everything, for all the visits; visits change nothing."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield furnish(at=timezone.now())
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def visitors(visited):
    """Everybody, signed in."""
    city, _codes = visited
    return {name: visitor(city, name) for name in PEOPLE.split()}


def visitor(city, name) -> Client:
    client = Client()
    if name != "anonymous":
        client.force_login(getattr(city, name), backend=BACKEND)
    if name == DISABLED:
        User.objects.filter(username=name).update(is_active=False)
    return client


def filled(route, codes):
    route = route.replace("<slug:form>", "csv").replace("<slug:code>", "join").replace("<kind>", "project")
    if "<secret>" in route:
        return "/" + route.replace("<secret>", codes["invitations"])
    if "<code>" not in route:
        return f"/{route}"
    place_of = route.removeprefix("api/v1/").split("/<code>")[0]
    return "/" + route.replace("<code>", codes[place_of])


SIGNS = {200: "1", 403: "3", 404: "4", 405: "5"}
API_SIGNS = {200: "2", 401: "1", 403: "3", 404: "4", 405: "5"}


def sign(answer, signs) -> str:
    is_login = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
    return "L" if is_login else signs.get(answer.status_code, str(answer.status_code))


def answers(visitors, address, signs) -> str:
    """What every visitor is told here, in the order and the groups of PEOPLE."""
    return " ".join(
        "".join(sign(visitors[name].get(address), signs) for name in group.split())
        for group in PEOPLE.split("  ")
    )


@pytest.mark.parametrize("route", PAGES)
def test_a_page_opens_for_those_it_is_for(visited, visitors, route):
    _city, codes = visited

    assert answers(visitors, filled(route, codes), SIGNS) == PAGES[route]


@pytest.mark.parametrize("route", API)
def test_an_api_address_opens_for_those_it_is_for(visited, visitors, route):
    _city, codes = visited

    assert answers(visitors, filled(f"api/v1/{route}", codes), API_SIGNS) == API[route]
