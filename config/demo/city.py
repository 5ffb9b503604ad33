"""Loading the demonstration city through the same actions that a real one uses. Loading twice changes nothing."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from config.demo import data, factors
from federation.capacity.actions import load_city
from federation.capacity.catalogue_data import CITY
from federation.capacity.models import Pool
from marketplace.catalogue.actions import put_on_shelf
from marketplace.catalogue.models import Kind
from marketplace.payments.actions import record_bank_receipt
from portal.accounts.models import User
from portal.organizations.credit_code import check_digit
from portal.organizations.models import Membership, Organization, Project
from portal.shell.money import to_fen
from subsidies.budgets import actions as budgets
from subsidies.policies import actions as policies
from subsidies.policies.calculator import Rules
from subsidies.vouchers import actions as vouchers


def fen(yuan: str) -> int:
    return to_fen(Decimal(yuan))


def load(*, at):
    """Everything of the city that is not there yet."""
    with transaction.atomic():
        load_city(CITY, at)
        organizations = _organizations()
        people = _people(organizations)
        _projects(organizations)
        _shelf(at)
        _money(organizations, people["finance"], at)
        _programmes(organizations, people, at)


def _organizations() -> dict[str, Organization]:
    rows = [(*data.PLATFORM, "platform", "", "")]
    rows += [
        (code, name, name_en, "government", district, "") for code, name, name_en, district in data.GOVERNMENT
    ]
    rows += [
        (code, name, name_en, "enterprise", district, body + check_digit(body))
        for code, name, name_en, district, body, _transfer in data.ENTERPRISES
    ]
    for code, name, name_en, kind, district, credit_code in rows:
        Organization.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "name_en": name_en,
                "kind": kind,
                "district": district,
                "credit_code": credit_code,
                "verified_at": timezone.now(),
                # A look round begins with a password; each firm's administrator may ask for more.
                "second_factor": Organization.SecondFactor.NOBODY,
            },
        )
    return {o.code: o for o in Organization.objects.all()}


def _people(organizations) -> dict[str, User]:
    people = {}
    for number, (username, name, role, organization) in enumerate(data.PEOPLE, 1):
        user = User.objects.filter(username=username).first()
        if user is None:
            user = User.objects.create_user(
                username, f"{username}@example.com", data.PASSWORD, name=name, phone=data.PHONE.format(number)
            )
        Membership.objects.get_or_create(
            user=user, organization=organizations[organization], defaults={"role": role}
        )
        user.__dict__.pop("_memberships", None)
        factors.give(user)
        people[username] = user
    return people


def _projects(organizations):
    for organization, code, name, threshold, budget in data.PROJECTS:
        Project.objects.get_or_create(
            code=code,
            defaults={
                "organization": organizations[organization],
                "name": name,
                "approval_threshold": fen(threshold),
                "monthly_budget": fen(budget),
            },
        )


def _shelf(at):
    pools = Pool.objects.select_related("cluster__provider", "accelerator")
    offers = {
        (p.cluster.provider.code, p.accelerator.code): (p.cluster.provider, p.accelerator) for p in pools
    }
    for (provider_code, accelerator_code), (provider, accelerator) in sorted(offers.items()):
        put_on_shelf(
            provider=provider,
            accelerator=accelerator,
            unit_price=data.card_hour(accelerator_code, provider_code),
            tiers=data.tiers(accelerator_code, provider_code),
            package=data.PACKAGES.get((provider_code, accelerator_code)),
            cards_max=data.CARDS_MAX,
            hours_max=data.HOURS_MAX,
            at=at,
        )
        if provider_code in data.SELLS_RESERVED:
            _reserved(provider, accelerator, at)


def _reserved(provider, accelerator, at):
    """The same cards by the day and the month."""
    hour = data.card_hour(accelerator.code, provider.code)
    prices = {(unit, term): hour * Decimal(hours) for unit, term, hours in data.RESERVED}
    for (unit, term), price in prices.items():
        put_on_shelf(
            provider=provider,
            accelerator=accelerator,
            kind=Kind.RESERVED,
            unit=unit,
            term=term,
            unit_price=price,
            early_price=prices[unit, 0] if term else None,
            cards_max=data.CARDS_MAX,
            hours_max=data.RESERVED_HOURS_MAX,
            at=at,
        )


def _money(organizations, finance, at):
    for code, *_names, transfer in data.ENTERPRISES:
        record_bank_receipt(
            organization=organizations[code],
            bank_reference=f"DEMO-{code}",
            amount=fen(transfer),
            received_on=timezone.localdate(at),
            by=finance,
            at=at,
        )


def _programmes(organizations, people, at):
    year = timezone.localtime(at).year
    zone = timezone.get_current_timezone()
    starts_at, ends_at = datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 7, 1, tzinfo=zone)
    officers = {"GV-CITY": people["officer"], "GV-SIMING": people["siming"]}
    for row in data.PROGRAMMES:
        officer = officers[row["payer"]]
        version = policies.publish(
            code=row["policy"],
            name=row["policy_name"],
            document=row["document"],
            rules=Rules.from_json(row["rules"]),
            by=officer,
            at=at,
        )
        programme = budgets.publish(
            code=row["code"],
            name=row["name"],
            version=version,
            payer=organizations[row["payer"]],
            year=year,
            budget=fen(row["budget"]),
            enterprise_cap=fen(row["enterprise_cap"]),
            starts_at=starts_at,
            ends_at=ends_at,
            by=officer,
            at=at,
        )
        for organization, amount in row["vouchers"]:
            vouchers.issue(
                programme_id=programme.id,
                organization=organizations[organization],
                amount=fen(amount),
                expires_at=ends_at,
                idempotency_key=f"demo-{organization}",
                by=officer,
                at=at,
            )
