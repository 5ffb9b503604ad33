"""Publishing what the city promises."""

from django.db import transaction

from portal.audit import actions as audit
from subsidies.policies.calculator import Rules
from subsidies.policies.models import Policy, PolicyVersion


def publish(*, code, name, document, rules: Rules, by, at) -> PolicyVersion:
    """Put the next version of a policy in force. The same rules again change nothing."""
    with transaction.atomic():
        policy, _created = Policy.objects.select_for_update().get_or_create(
            code=code, defaults={"name": name, "document": document}
        )
        latest = policy.versions.order_by("-number").first()
        if latest and latest.rules == rules.to_json():
            return latest
        version = PolicyVersion.objects.create(
            policy=policy,
            number=latest.number + 1 if latest else 1,
            rules=rules.to_json(),
            published_by=by,
            published_at=at,
        )
        audit.record(policy, "policy.published", by=by, number=version.number, rules=version.rules)
    return version
