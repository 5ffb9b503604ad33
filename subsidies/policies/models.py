"""A promise in words and in data; a published version is never edited."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.shell import tenancy
from portal.shell.models import AppendOnly
from subsidies.policies.calculator import Rules


class Policy(models.Model):
    """A subsidy policy as the city issued it."""

    tenant = tenancy.Public("policies are published")

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(_("政策名称"), max_length=120)
    document = models.CharField(_("文号"), max_length=80, blank=True)

    def __str__(self):
        return self.name


class PolicyVersion(AppendOnly):
    """The rules of a policy from a date; the next version supersedes it."""

    tenant = tenancy.Public("policies are published")

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    rules = models.JSONField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="one_policy_version_per_number")
        ]

    @property
    def parsed(self) -> Rules:
        return Rules.from_json(self.rules)
