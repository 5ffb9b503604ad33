"""What was printed on a paper that left the house."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.shell import tenancy
from portal.shell.codes import in_groups
from portal.shell.models import AppendOnly


class PrintedPaper(AppendOnly):
    """One paper's number, kind, day, amount and digest, under the code that stands on it; nothing else of it is told."""

    tenant = tenancy.Public("whoever holds the paper may check it by its code")

    code = models.CharField(_("核验码"), max_length=32, unique=True)
    title = models.CharField(_("单据"), max_length=200)
    number = models.CharField(_("编号"), max_length=64)
    amount = models.BigIntegerField(_("金额（分）"), null=True)
    digest = models.CharField(_("校验值"), max_length=64)
    printed_at = models.DateTimeField(_("首次打印时间"))

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["number", "digest"], name="one_code_per_paper_and_content"),
        ]

    @property
    def digest_words(self) -> str:
        return in_groups(self.digest)
