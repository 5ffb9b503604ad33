"""The city's clusters and accelerators for programs."""

from rest_framework import serializers

from federation.capacity import tables
from federation.capacity.models import Accelerator, Pool
from federation.clusters.models import Cluster
from portal.accounts.scoping import require_for_api
from portal.shell.listings import Listed


class PoolSerializer(serializers.ModelSerializer):
    accelerator = serializers.CharField(source="accelerator.code")
    cards_free = serializers.IntegerField()

    class Meta:
        model = Pool
        fields = [
            "code",
            "accelerator",
            "nodes",
            "cards_total",
            "cards_sold",
            "cards_held",
            "cards_free",
            "observed_at",
        ]


class ClusterSerializer(serializers.ModelSerializer):
    provider = serializers.CharField(source="provider.code")
    is_simulated = serializers.BooleanField()
    pools = PoolSerializer(many=True)

    class Meta:
        model = Cluster
        fields = [
            "code",
            "name",
            "provider",
            "district",
            "adapter",
            "is_simulated",
            "state",
            "last_seen_at",
            "pue",
            "interconnect",
            "pools",
        ]


class ClusterList(Listed):
    """Clusters with their pools: what stands where, what is sold, held and free."""

    screen = tables.clusters
    serializer_class = ClusterSerializer
    scopes = {"GET": "federation:read"}
    queryset = Cluster.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "clusters.view")
        return (
            Cluster.objects.visible_to(self.request.user)
            .select_related("provider")
            .prefetch_related("pools__accelerator")
        )


class AcceleratorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Accelerator
        fields = ["code", "name", "vendor", "memory_gb", "fp16_tflops", "source", "is_domestic"]


class AcceleratorList(Listed):
    """The accelerator catalogue; every figure with its source. Public."""

    screen = tables.accelerators
    pagination_class = None
    serializer_class = AcceleratorSerializer
    scopes = {"GET": None}
    queryset = Accelerator.objects.order_by("code")
