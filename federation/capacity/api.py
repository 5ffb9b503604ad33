"""The city's clusters and accelerators for programs."""

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from federation.capacity.models import Accelerator, Pool
from federation.clusters.models import Cluster
from portal.accounts.scoping import require_for_api


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


class ClusterList(generics.ListAPIView):
    """Clusters with their pools: what stands where, what is sold, held and free."""

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


class AcceleratorList(APIView):
    """The accelerator catalogue; every figure with its source. Public."""

    scopes = {"GET": None}

    @extend_schema(responses=AcceleratorSerializer(many=True))
    def get(self, request):
        return Response(AcceleratorSerializer(Accelerator.objects.order_by("code"), many=True).data)
