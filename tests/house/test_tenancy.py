"""The second wall: with every filter of the querysets taken away, PostgreSQL alone hides other tenants' rows."""

import ast
import threading
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from config.celery import CityTask, app
from config.demo.data import PASSWORD
from marketplace.orders.models import Order
from portal.accounts.permissions import ADMINISTRATORS, reach_of
from portal.organizations.models import Membership, Organization
from portal.shell import tenancy
from portal.tokens.models import ApiToken
from scheduler.workloads.models import Workload
from tests import city as town
from tests.city import bill, place, run
from tests.furnished import furnish
from tests.house.test_pages import API, PAGES, filled, visitor

OURS = ("portal", "federation", "scheduler", "marketplace", "subsidies", "maas", "ops")
ROOT = Path(settings.BASE_DIR)

# Tables of ours that have no tenant. Whoever adds one says why beside the model; whoever makes one needless removes it here.
PUBLIC = {
    "portal_organization",
    "portal_user",
    "portal_passwordrecord",
    "portal_backup",
    "portal_incident",
    "portal_incidentupdate",
    "federation_provider",
    "federation_cluster",
    "federation_accelerator",
    "federation_pool",
    "marketplace_plan",
    "marketplace_planprice",
    "marketplace_account",
    "marketplace_journal",
    "marketplace_journalseal",
    "marketplace_snapshot",
    "marketplace_entry",
    "subsidies_policy",
    "subsidies_policyversion",
    "subsidies_programme",
    "portal_printedpaper",
}
AT_THE_DOOR = "asked for before anybody is known; a library asks by the person or the secret, and shows a person their own"
# Tables that Django, the libraries and ManyToManyFields bring, and why no policy stands before them.
NOT_OURS = {
    "account_emailaddress": AT_THE_DOOR,
    "account_emailconfirmation": AT_THE_DOOR,
    "allauth_idp_oidc_client": "which systems of the city sign people in; only the system administrator lists them",
    "allauth_idp_oidc_token": AT_THE_DOOR,
    "auth_group": "Django's groups: nobody has one, roles are memberships",
    "auth_group_permissions": "Django's groups: nobody has one, roles are memberships",
    "auth_permission": "the names of models and verbs",
    "axes_accessattempt": "wrong tries, counted before anybody is known; only the security administrator lists them",
    "axes_accessattemptexpiration": "until when a wrong try counts",
    "axes_accessfailurelog": "left empty: the record keeps refusals",
    "axes_accesslog": "left empty: the record keeps sign-ins",
    "django_content_type": "the names of models",
    "django_migrations": "which migrations have run",
    "django_session": AT_THE_DOOR,
    "mfa_authenticator": AT_THE_DOOR,
    "pghistory_context": "left empty: each version carries why its row changed",
    "portal_user_groups": "Django's groups: nobody has one, roles are memberships",
    "portal_user_user_permissions": "Django's permissions: nobody has one, roles are memberships",
    "socialaccount_socialaccount": AT_THE_DOOR,
    "socialaccount_socialapp": "which identity of the city opens our door; configured, not stored",
    "socialaccount_socialtoken": AT_THE_DOOR,
    "usersessions_usersession": AT_THE_DOOR,
}
# What rows were, kept by triggers.
VERSIONS = {
    "marketplace_planpriceversion",
    "marketplace_planversion",
    "marketplace_creditlineversion",
    "marketplace_payoutaccountversion",
    "marketplace_termsversion",
    "portal_apitokenversion",
    "portal_applicationversion",
    "portal_membershipversion",
    "portal_organizationversion",
    "portal_projectversion",
    "portal_userversion",
    "portal_webhookendpointversion",
    "subsidies_programmeversion",
    "subsidies_voucherversion",
}
# Tables that only the city's own deeds touch.
CITYS_OWN = {
    "portal_alarm",
    "portal_factorreset",
    "federation_hold",
    "federation_simulatedjob",
    "marketplace_bankday",
    "marketplace_bankfile",
    "marketplace_bankline",
    "marketplace_difference",
    "marketplace_eventreading",
    "marketplace_payoutbatch",
    "marketplace_providerentry",
    "marketplace_providerevent",
    "marketplace_settlementrun",
    "portal_archive",
    "portal_checkpoint",
    *VERSIONS,
}
# Where code asks for more than its visitor may see.
ELEVATED = {
    "config/celery.py": 1,
    "config/metrics.py": 1,
    "marketplace/orders/actions.py": 1,
    "marketplace/orders/placing.py": 1,
    "marketplace/payments/actions.py": 1,
    "portal/accounts/permissions.py": 1,
    "portal/audit/actions.py": 1,
    "portal/audit/queries.py": 4,
    "portal/members/actions.py": 3,
    "portal/members/queries.py": 1,
    "portal/entrance/actions.py": 2,
    "portal/entrance/queries.py": 1,
    "portal/notices/actions.py": 1,
    "portal/organizations/actions.py": 1,
    "portal/organizations/backends.py": 1,  # a session's person with their roles, the root of all rights
    "portal/sso/actions.py": 3,
    "portal/verification/queries.py": 1,
    "portal/watch/actions.py": 1,
    "portal/tokens/authentication.py": 1,
    "portal/tokens/device_logins.py": 5,
}

OWN_MODELS = [m for m in apps.get_models() if m._meta.app_label in OURS]
WALLED = [m for m in OWN_MODELS if isinstance(m.__dict__.get("tenant"), tenancy.Belongs)]


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda m: m._meta.db_table)
def test_every_table_says_whose_rows_it_holds(model):
    assert isinstance(model.__dict__.get("tenant"), tenancy.Belongs | tenancy.Public), (
        f"{model.__name__} declares no `tenant`: tenancy.belongs_to(…) or tenancy.Public(why)"
    )


def test_the_tables_without_a_tenant_are_listed():
    public = {m._meta.db_table for m in OWN_MODELS if isinstance(m.tenant, tenancy.Public)}
    only_city = {m._meta.db_table for m in WALLED if not m.tenant.paths}

    assert (public, only_city) == (PUBLIC, CITYS_OWN)


@pytest.mark.parametrize("table", sorted(PUBLIC))
def test_no_table_is_public_that_names_a_buyer(table):
    model = next(m for m in OWN_MODELS if m._meta.db_table == table)
    keys = {f.name for f in model._meta.fields if f.related_model is Organization}

    # A provider's organisation and a programme's payer are published; a buyer never is.
    assert keys <= {"organization", "payer"}
    assert "organization" not in keys or table == "federation_provider"


@pytest.mark.parametrize("model", WALLED, ids=lambda m: m._meta.db_table)
def test_every_tenant_table_stands_behind_the_wall(db, model):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relrowsecurity, p.polname, p.polroles::regrole[]::text[] FROM pg_class c "
            "JOIN pg_policy p ON p.polrelid = c.oid WHERE c.relname = %s",
            [model._meta.db_table],
        )
        names = ["tenancy", "tenancy_adds"] if model.tenant.is_added_freely else ["tenancy"]
        assert sorted(cursor.fetchall()) == [(True, name, [settings.DATABASE_APP_ROLE]) for name in names]


def test_every_table_of_the_database_says_whose_rows_it_holds_or_is_listed_with_a_reason(db):
    """A library's table or a ManyToManyField is a newcomer like any other; a reason that lost its table goes."""
    with_a_word = {m._meta.db_table for m in OWN_MODELS}

    assert set(connection.introspection.table_names()) - with_a_word == set(NOT_OURS)
    assert not with_a_word & set(NOT_OURS)


@pytest.mark.parametrize(
    "table",
    ["auth_group", "axes_accesslog", "pghistory_context", "axes_accessfailurelog", "socialaccount_socialapp"],
)
def test_a_table_said_to_be_left_empty_is_empty(two_firms, table):
    wrong = {"login": "bob", "password": "wrong-Passphrase-1"}
    Client().post("/accounts/login/", wrong)
    Client().post("/accounts/login/", wrong | {"password": PASSWORD})

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone() == (0,)


def test_asking_for_more_than_the_visitor_may_see_is_listed():
    found = {}
    for floor in (*OURS, "config"):
        for path in (ROOT / floor).rglob("*.py"):
            if path == ROOT / "portal/shell/tenancy.py":
                continue
            calls = [
                node
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Call)
                and (
                    getattr(node.func, "attr", "") == "citywide"
                    or (getattr(node.func, "attr", "") == "asking_for" and "CITY" in ast.dump(node))
                )
            ]
            if calls:
                found[str(path.relative_to(ROOT))] = len(calls)

    assert found == ELEVATED


# --- the wall itself ----------------------------------------------------------------------------------
@pytest.fixture
def two_firms(db):
    """Ludao has ordered, run and been billed; Yunding has its own order; nothing is shared but the catalogue."""
    now = timezone.now()
    city = town.found(at=now)
    order = place(city, at=now)
    run(order, seconds=1800, at=now)
    bill(order, at=now)
    place(city, key="open", at=now)
    return city


def codes_of(model) -> set[str]:
    if not any(f.name == "code" for f in model._meta.fields):
        return set()
    return set(model._default_manager.values_list("code", flat=True))


def theirs(user) -> set[str]:
    """Every code of a tenant's row that this person may not see."""
    tenants = [model for model in WALLED if not model.tenant.is_added_freely]
    all_codes = {code for model in tenants for code in codes_of(model)}
    with tenancy.asking_for(reach_of(user)):
        own = {code for model in tenants for code in codes_of(model)}
    return all_codes - own


@pytest.fixture
def no_first_wall(monkeypatch):
    """Every `visible_to` of the house lets everything through."""
    taken = 0
    for model in OWN_MODELS:
        queryset = type(model._default_manager.all())
        if hasattr(queryset, "visible_to"):
            monkeypatch.setattr(queryset, "visible_to", lambda self, user: self)
            taken += 1
    assert taken >= 15


def leaks(city, name, forbidden, codes) -> set[tuple[str, str]]:
    found = set()
    for route in [*PAGES, *(f"api/v1/{route}" for route in API)]:
        place_of = route.removeprefix("api/v1/").split("/<code>")[0]
        if "<code>" in route and place_of not in codes:
            continue
        address = filled(route, codes)
        answer = visitor(city, name).get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        # A refusal repeats the address that was asked for, and says nothing of what stands there.
        repeated = address if answer.status_code >= 400 else ""
        found |= {(route, code) for code in forbidden if code.encode() in body and code not in repeated}
    return found


@pytest.mark.parametrize("name", ["charlie", "unicom"])
def test_without_the_querysets_filters_the_database_still_hides_other_tenants(two_firms, no_first_wall, name):
    forbidden = theirs(getattr(two_firms, name))
    order = Order.objects.filter(organization=two_firms.ludao).first()
    codes = {"orders": order.code, "organization/projects": "PJ-LUDAO-LAB", "invitations": "forged"}
    assert order.code in forbidden or name == "unicom"

    assert leaks(two_firms, name, forbidden - set(codes.values()), codes) == set()
    if name == "charlie":
        assert visitor(two_firms, name).get(f"/orders/{order.code}/").status_code == 404


@pytest.mark.parametrize("name", ["charlie", "baidu"])
def test_so_it_does_on_every_page_of_one_thing(db, no_first_wall, name):
    """A city with one of everything, and each page opened by somebody to whom none of it belongs."""
    city, codes = furnish(at=timezone.now())
    forbidden = theirs(getattr(city, name))
    assert len(forbidden & set(codes.values())) >= 10

    # The reference's examples name this project to everybody.
    assert leaks(city, name, forbidden - {"PJ-LUDAO-LAB"}, codes) == set()


def test_without_either_wall_the_rows_would_show(two_firms, no_first_wall, monkeypatch):
    """So the test above can fail."""
    forbidden = theirs(two_firms.charlie)
    monkeypatch.setattr("portal.organizations.middleware.reach_of", lambda user: tenancy.CITY)

    found = {route for route, _code in leaks(two_firms, "charlie", forbidden, {"invitations": "forged"})}

    assert {"orders/", "bills/lines/", "vouchers/", "api/v1/orders/", "api/v1/projects/"} <= found


def test_who_says_nothing_sees_nothing(two_firms):
    with tenancy.asking_for(tenancy.NOBODY):
        seen = {model._meta.db_table: model._default_manager.count() for model in WALLED}

    assert seen == dict.fromkeys(seen, 0)


def test_a_firm_sees_its_own(two_firms):
    with tenancy.asking_for(reach_of(two_firms.alice)):
        assert set(Order.objects.values_list("organization__code", flat=True)) == {"EN-LUDAO"}
        assert Workload.objects.count() == 2


def test_a_provider_sees_what_runs_on_its_cards_and_no_purse(two_firms):
    with tenancy.asking_for(reach_of(two_firms.unicom)):
        assert Order.objects.count() == 2
        assert ApiToken.objects.count() == 0
    with tenancy.asking_for(reach_of(two_firms.mobile)):
        assert Order.objects.count() == 0


def test_another_firms_row_can_be_neither_changed_nor_made(two_firms):
    order = Order.objects.first()
    fields = {f.attname: getattr(order, f.attname) for f in Order._meta.concrete_fields if f.attname != "id"}

    with tenancy.asking_for(reach_of(two_firms.charlie)):
        changed = Order.objects.filter(id=order.id).update(name="mine")
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Order.objects.create(**fields | {"code": "OD-FORGED", "idempotency_key": "forged"})

    order.refresh_from_db()
    assert (changed, order.name) == (0, fields["name"])


def test_a_servers_cursor_outside_a_transaction_asks_for_the_same_person(two_firms):
    def names():
        return {order.organization_id for order in Order.objects.iterator(chunk_size=1)}

    with tenancy.asking_for(reach_of(two_firms.charlie)):
        assert names() == set()
    with tenancy.asking_for(reach_of(two_firms.alice)):
        assert names() == {two_firms.ludao.id}


@pytest.mark.django_db(transaction=True)
def test_a_servers_cursor_leaves_nothing_behind_on_its_connection():
    city = town.found(at=timezone.now())

    with tenancy.asking_for(reach_of(city.alice)):
        seen = [m.user_id for m in Membership.objects.iterator(chunk_size=1)]
    with tenancy.asking_for(tenancy.NOBODY):
        left = list(Membership.objects.all())

    assert (len(seen), left) == (3, [])


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_savepoint_does_not_change_for_whom_we_ask():
    city = town.found(at=timezone.now())

    with tenancy.asking_for(reach_of(city.charlie)), transaction.atomic():
        with tenancy.citywide(), transaction.atomic():
            everybody = Membership.objects.count()
            transaction.set_rollback(True)
        own = Membership.objects.count()

    assert (everybody, own) == (len(town.demo.data.PEOPLE), 1)


@pytest.mark.django_db(transaction=True)
def test_a_task_works_for_the_city_in_a_process_that_has_said_nothing(monkeypatch):
    town.found(at=timezone.now())
    monkeypatch.setattr(tenancy, "_of_process", tenancy.NOBODY)
    counted = {}

    class Count(CityTask):
        name = "tests.count"

        def run(self):
            counted["in the task"] = Membership.objects.count()

    task = app.register_task(Count())

    def other_process():
        counted["outside"] = Membership.objects.count()
        task()
        connection.close()

    thread = threading.Thread(target=other_process)
    thread.start()
    thread.join()

    assert counted == {"outside": 0, "in the task": len(town.demo.data.PEOPLE)}


# --- three administrators -----------------------------------------------------------------------------
@pytest.mark.parametrize("first", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("second", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("elsewhere", [False, True], ids=["same organisation", "another organisation"])
def test_no_account_combines_two_administrators(city, first, second, elsewhere):
    home, other = (
        Organization.objects.filter(kind="platform").first(),
        Organization.objects.get(code="GV-CITY"),
    )
    Membership.objects.filter(user=city.bob).delete()
    Membership.objects.create(user=city.bob, organization=home, role=first)

    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=city.bob, organization=other if elsewhere else home, role=second)

    assert [m.role for m in Membership.objects.filter(user=city.bob)] == [first]


def test_nobody_grants_themselves(city):
    with pytest.raises(IntegrityError, match="nobody_grants_themselves"), transaction.atomic():
        Membership.objects.create(
            user=city.bob, organization=city.yunding, role="enterprise_admin", granted_by=city.bob
        )
