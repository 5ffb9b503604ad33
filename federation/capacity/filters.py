"""Which pools a reader wants to see."""

import django_filters
from django.utils.translation import gettext_lazy as _

from federation.capacity.models import Accelerator, Pool
from federation.clusters.models import Cluster
from portal.shell.districts import District


class PoolFilter(django_filters.FilterSet):
    """The address of the list: every wish lives in the URL."""

    district = django_filters.ChoiceFilter(
        field_name="cluster__district", choices=District, label=_("所在区"), empty_label=_("全部")
    )
    accelerator = django_filters.ModelChoiceFilter(
        queryset=Accelerator.objects.all(), to_field_name="code", label=_("型号"), empty_label=_("全部")
    )
    state = django_filters.ChoiceFilter(
        field_name="cluster__state", choices=Cluster.State, label=_("接入状态"), empty_label=_("全部")
    )
    show = django_filters.ChoiceFilter(
        method="by_use",
        choices=[("sold", _("有已售的")), ("free", _("有可售的"))],
        label=_("余量"),
        empty_label=_("全部"),
    )
    cluster = django_filters.CharFilter(field_name="cluster__code", label=_("集群编号"))

    class Meta:
        model = Pool
        fields: list[str] = []

    def by_use(self, rows, _name, value):
        return rows.with_free_cards() if value == "free" else rows.with_taken_cards()
