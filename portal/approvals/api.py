"""Approvals for programs."""

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.response import Response

from portal.accounts.scoping import require_for_api
from portal.approvals import actions as approvals
from portal.approvals import tables
from portal.approvals.models import Approval
from portal.shell.api import expect_unchanged
from portal.shell.expansions import Code, expanded
from portal.shell.listings import Listed
from portal.shell.openapi import IF_MATCH
from portal.shell.rehearsals import rehearsable
from portal.shell.serializers import Yuan


class ApprovalSerializer(serializers.ModelSerializer):
    subject_code = Code(of="orders", help_text=_("所审事项的编号；事项是订单时可展开。"))
    amount = Yuan()
    requested_by = serializers.CharField(source="requested_by.username")
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)

    class Meta:
        model = Approval
        fields = [
            "code",
            "kind",
            "subject_code",
            "summary",
            "amount",
            "status",
            "requested_by",
            "requested_at",
            "decided_by",
            "decided_at",
            "reason",
        ]


class Verdict(serializers.Serializer):
    approve = serializers.BooleanField()
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class ApprovalList(Listed):
    """What waits for a second person, and what was decided."""

    screen = tables.screen
    serializer_class = ApprovalSerializer
    scopes = {"GET": "orders:read"}
    queryset = Approval.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "approvals.view")
        return Approval.objects.visible_to(self.request.user).select_related("requested_by", "decided_by")


class ApprovalDetail(generics.GenericAPIView):
    """One approval."""

    serializer_class = ApprovalSerializer
    scopes = {"GET": "orders:read"}
    queryset = Approval.objects.none()

    def get(self, request, code):
        require_for_api(request, "approvals.view")
        rows = Approval.objects.visible_to(request.user).select_related("requested_by", "decided_by")
        found = ApprovalSerializer(get_object_or_404(rows, code=code)).data
        return Response(expanded(request, ApprovalSerializer, [found])[0])


class ApprovalDecision(generics.GenericAPIView):
    """Give or refuse the word. Saying the same twice changes nothing."""

    serializer_class = Verdict
    scopes = {"POST": "approvals:write"}
    queryset = Approval.objects.none()

    @extend_schema(parameters=[IF_MATCH], request=Verdict, responses=ApprovalSerializer)
    @rehearsable
    def post(self, request, code):
        require_for_api(request, "approvals.view")
        approval = get_object_or_404(Approval.objects.visible_to(request.user), code=code)
        data = Verdict(data=request.data)
        data.is_valid(raise_exception=True)
        with transaction.atomic():
            expect_unchanged(request, lambda: ApprovalSerializer(Approval.objects.locked(approval.id)).data)
            decided = approvals.decide(
                approval_id=approval.id, **data.validated_data, by=request.user, at=timezone.now()
            )
        return Response(ApprovalSerializer(decided).data)
