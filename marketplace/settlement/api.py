"""Statements for programs."""

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.settlement import actions as settlement
from marketplace.settlement import answers, tables
from marketplace.settlement.models import Adjustment, Statement, Terms
from portal.accounts.scoping import require_for_api
from portal.shell.api import expect_unchanged
from portal.shell.expansions import Code
from portal.shell.listings import Listed
from portal.shell.openapi import IF_MATCH
from portal.shell.rehearsals import rehearsable
from portal.shell.serializers import Currency, Yuan


class StatementSerializer(serializers.ModelSerializer):
    currency = Currency()
    gross = Yuan()
    commission = Yuan()
    penalty = Yuan()
    tax = Yuan()
    retention = Yuan()
    net = Yuan()
    carried = Yuan()
    adjusted = Yuan()
    released = Yuan()
    due = Yuan()

    class Meta:
        model = Statement
        fields = [
            "code",
            "kind",
            "party",
            "title",
            "clause",
            "from_at",
            "until_at",
            "line_count",
            "card_seconds",
            "currency",
            "gross",
            "commission",
            "penalty",
            "tax",
            "retention",
            "net",
            "carried",
            "adjusted",
            "released",
            "due",
            "availability",
            "digest",
            "status",
            "answer_by",
            "objection",
            "resolution",
            "closed_at",
        ]


class Closing(serializers.Serializer):
    until = serializers.DateTimeField(required=False, help_text=_("结算此刻之前的账单；不填为现在。"))


def whole_statements(request, codes):
    """These statements as their addresses answer them."""
    require_for_api(request, "statements.view")
    rows = Statement.objects.visible_to(request.user).filter(code__in=codes)
    return StatementSerializer(rows, many=True).data


class StatementList(Listed):
    """Closed statements, newest first; and closing the books up to a watermark."""

    screen = tables.screen
    serializer_class = StatementSerializer
    scopes = {"GET": "settlement:read", "POST": "settlement:write"}
    queryset = Statement.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "statements.view")
        return Statement.objects.visible_to(self.request.user)

    @extend_schema(request=Closing, responses={201: StatementSerializer(many=True)})
    @rehearsable
    def post(self, request):
        require_for_api(request, "statements.close")
        body = Closing(data=request.data)
        body.is_valid(raise_exception=True)
        now = timezone.now()
        closed = settlement.close(until=body.validated_data.get("until", now), by=request.user, at=now)
        return Response(StatementSerializer(closed, many=True).data, status=201)


class StatementDetail(APIView):
    """One statement."""

    scopes = {"GET": "settlement:read"}

    @extend_schema(responses=StatementSerializer)
    def get(self, request, code):
        require_for_api(request, "statements.view")
        return Response(
            StatementSerializer(get_object_or_404(Statement.objects.visible_to(request.user), code=code)).data
        )


def _answered(request, code, say, **words):
    """A statement after the provider's word on it."""
    require_for_api(request, "statements.answer")
    statement = get_object_or_404(Statement.objects.visible_to(request.user), code=code)
    with transaction.atomic():
        expect_unchanged(request, lambda: StatementSerializer(Statement.objects.locked(statement.id)).data)
        said = say(statement_id=statement.id, **words, by=request.user, at=timezone.now())
    return Response(StatementSerializer(said).data)


class StatementConfirmation(APIView):
    """The provider agrees. Saying it twice changes nothing."""

    scopes = {"POST": "settlement:write"}

    @extend_schema(parameters=[IF_MATCH], request=None, responses=StatementSerializer)
    @rehearsable
    def post(self, request, code):
        return _answered(request, code, answers.confirm)


class Objection(serializers.Serializer):
    reason = serializers.CharField(max_length=300)
    line = serializers.CharField(
        max_length=32, required=False, default="", help_text=_("有异议的账单号；不填则为整张结算单。")
    )


class StatementDispute(APIView):
    """The provider objects, to the whole or to one bill line."""

    scopes = {"POST": "settlement:write"}

    @extend_schema(parameters=[IF_MATCH], request=Objection, responses=StatementSerializer)
    @rehearsable
    def post(self, request, code):
        body = Objection(data=request.data)
        body.is_valid(raise_exception=True)
        return _answered(request, code, answers.dispute, **body.validated_data)


class AdjustmentSerializer(serializers.ModelSerializer):
    organization = serializers.CharField(source="organization.code")
    statement = Code(of="statements", source="statement.code", default=None, allow_null=True)
    taken_with = Code(of="statements", source="taken_with.code", default=None, allow_null=True)
    amount = Yuan()
    currency = Currency()
    proposed_by = serializers.CharField(source="proposed_by.username")
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)

    class Meta:
        model = Adjustment
        fields = [
            "code",
            "organization",
            "statement",
            "amount",
            "currency",
            "reason",
            "status",
            "proposed_by",
            "proposed_at",
            "decided_by",
            "decided_at",
            "answer",
            "taken_with",
        ]


class AdjustmentList(Listed):
    """Corrections outside the bills, and which two persons said so."""

    screen = tables.adjustments
    serializer_class = AdjustmentSerializer
    scopes = {"GET": "settlement:read"}
    queryset = Adjustment.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "payouts.view")
        return tables.adjustments.rows(self.request.user)


class BandSerializer(serializers.Serializer):
    below = serializers.CharField()
    rate = serializers.CharField()


class TermsSerializer(serializers.ModelSerializer):
    provider = serializers.CharField(source="provider.code")
    bands = BandSerializer(many=True)

    class Meta:
        model = Terms
        fields = [
            "code",
            "provider",
            "clause",
            "effective_from",
            "tax_rate",
            "retention_rate",
            "retention_months",
            "bands",
            "status",
            "set_at",
            "decided_at",
        ]


class TermsList(Listed):
    """What contracts let the platform deduct, from which day on, and whether a second person has agreed."""

    screen = tables.terms
    serializer_class = TermsSerializer
    scopes = {"GET": "settlement:read"}
    queryset = Terms.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "statements.view")
        return tables.terms.rows(self.request.user)
