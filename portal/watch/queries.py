"""What of the last minutes looks like an attack: small rules over what is on the record anyway."""

from collections import defaultdict
from datetime import timedelta
from ipaddress import ip_network

from django.conf import settings
from django.db.models import Count

from portal.accounts.permissions import STAFF
from portal.audit import queries as record
from portal.audit.models import Event
from portal.organizations.models import Organization
from portal.watch.models import Alarm

LOOKS_BACK = timedelta(minutes=30)
SPRAY_WITHIN = timedelta(minutes=10)
KNOWN_FOR = timedelta(days=90)
POSTS = ("member.joined", "member.granted", "member.changed", "account.first_administrator")


def suspicions(at):
    """Whatever an alarm is to be raised for: its rule, whom it is about, its marker, what was seen."""
    yield from sprayed(at)
    yield from promoted(at)
    yield from elsewhere(at)


def sprayed(at):
    """One address tries many passwords, be it on one account or on many."""
    tries = (
        record.recent(at - SPRAY_WITHIN)
        .filter(name="account.sign_in_failed")
        .exclude(details__address="")
        .order_by()
        .values("details__address")
        .annotate(tries=Count("id"), accounts=Count("subject_code", distinct=True))
        .filter(tries__gte=settings.ALARM_FAILED_SIGN_INS)
    )
    for row in tries:
        address = row["details__address"]
        seen = {"tries": row["tries"], "accounts": row["accounts"]}
        yield Alarm.Rule.SPRAYED, address, f"{address} {at:%Y-%m-%d %H}", seen


def promoted(at):
    """Somebody came to a post that serves the city."""
    events = record.recent(at - LOOKS_BACK).filter(
        name__in=POSTS, organization__kind__in=Organization.STAFFED
    )
    for event in events.select_related("actor", "organization"):
        seen = {"event": event.name, "given_by": event.actor.username if event.actor else ""}
        yield Alarm.Rule.PROMOTED, event.subject_code, str(event.id), seen


def elsewhere(at):
    """An officer signed in from a network from which they have not come before."""
    events = record.recent(at - LOOKS_BACK).filter(
        name="account.signed_in", actor__memberships__role__in=STAFF
    )
    fresh = list(events.order_by("id").distinct().select_related("actor"))
    if not fresh:
        return
    known = _networks_of({event.actor_id for event in fresh}, at)
    for event in fresh:
        here = network_of(event.details.get("address", ""))
        before = {network for number, network in known[event.actor_id] if number < event.id}
        if before and here and here not in before:
            seen = {"address": event.details["address"], "device": event.details.get("device", "")}
            yield Alarm.Rule.ELSEWHERE, event.actor.username, str(event.id), seen


def network_of(address: str) -> str:
    """The neighbourhood of an address, wide enough that tomorrow's lease of the same provider lies in it."""
    if not address:
        return ""
    return str(ip_network(f"{address}/{32 if ':' in address else 16}", strict=False))


def _networks_of(people: set[int], at) -> dict[int, list[tuple[int, str]]]:
    """From where these people signed in, and with which event."""
    known = defaultdict(list)
    past = Event.objects.filter(
        actor__in=people, name="account.signed_in", happened_at__gte=at - KNOWN_FOR
    ).values_list("actor", "id", "details__address")
    for person, number, address in past:
        known[person].append((number, network_of(address or "")))
    return known
