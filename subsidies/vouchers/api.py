"""Vouchers and programmes for programs."""

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.ledger.models import Kind
from marketplace.ledger.queries import balance
from portal.accounts.scoping import require_for_api
from portal.organizations.models import Organization
from portal.shell.api import idempotency_key, is_rehearsal, replay_of
from portal.shell.codes import new_code
from portal.shell.expansions import Code
from portal.shell.listings import Listed
from portal.shell.openapi import IDEMPOTENCY_KEY
from portal.shell.rehearsals import answers_dry_runs
from portal.shell.serializers import Currency, Yuan
from subsidies.budgets.models import Programme
from subsidies.budgets.queries import standings
from subsidies.vouchers import actions as vouchers
from subsidies.vouchers import tables
from subsidies.vouchers.models import Voucher
from subsidies.vouchers.queries import may_issue, worths


class VoucherSerializer(serializers.ModelSerializer):
    programme = Code(of="programmes", source="programme.code")
    organization = serializers.CharField(source="organization.code")
    amount = Yuan()

    class Meta:
        model = Voucher
        fields = ["code", "programme", "organization", "amount", "status", "expires_at", "issued_at"]


class WorthSerializer(VoucherSerializer):
    left = Yuan()
    frozen = Yuan()

    class Meta(VoucherSerializer.Meta):
        fields = [*VoucherSerializer.Meta.fields, "left", "frozen"]


class ProgrammeSerializer(serializers.Serializer):
    code = serializers.CharField(source="programme.code")
    name = serializers.CharField(source="programme.name")
    payer = serializers.CharField(source="programme.payer.name")
    year = serializers.IntegerField(source="programme.year")
    status = serializers.CharField(source="programme.status")
    currency = Currency()
    budget = Yuan(source="programme.budget")
    pool = Yuan()
    issued = Yuan()
    redeemed = Yuan()
    rules = serializers.JSONField(source="programme.version.rules")


class IssueRequest(serializers.Serializer):
    organization = serializers.SlugRelatedField(slug_field="code", queryset=Organization.objects.all())
    amount = Yuan()
    expires_at = serializers.DateTimeField()


class TrialSerializer(serializers.Serializer):
    programme = serializers.CharField()
    organization = serializers.CharField()
    currency = Currency()
    amount = Yuan()
    expires_at = serializers.DateTimeField()
    pool_left = Yuan(help_text=_lazy("发放后券池的余额"))


def _tried(programme, wish, by, at):
    """A voucher that would be issued; refused like the voucher itself, and nothing is left of it."""
    with transaction.atomic():
        vouchers.issue(programme_id=programme.id, **wish, idempotency_key=new_code("DR"), by=by, at=at)
        left = balance(Kind.POOL, programme.code)
        transaction.set_rollback(True)
    return TrialSerializer(
        {
            "programme": programme.code,
            "organization": wish["organization"].code,
            "amount": wish["amount"],
            "expires_at": wish["expires_at"],
            "pool_left": left,
        }
    ).data


class VoucherList(Listed):
    """The vouchers I may see, with what they are still worth."""

    screen = tables.vouchers
    serializer_class = WorthSerializer
    scopes = {"GET": "wallet:read"}
    queryset = Voucher.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "vouchers.view")
        return Voucher.objects.visible_to(self.request.user).select_related("programme", "organization")

    def paginate_queryset(self, queryset):
        page = super().paginate_queryset(queryset)
        for worth in worths(page):
            worth.voucher.left, worth.voucher.frozen = worth.left, worth.frozen
        return page


def whole_programmes(request, codes):
    """These programmes as their list answers them."""
    require_for_api(request, "programmes.view")
    rows = tables.programmes.rows(request.user).filter(code__in=codes)
    return ProgrammeSerializer(standings(rows), many=True).data


class ProgrammeList(Listed):
    """Voucher programmes and how far their money has gone."""

    screen = tables.programmes
    serializer_class = ProgrammeSerializer
    scopes = {"GET": "subsidies:read"}
    queryset = Programme.objects.none()

    def get_queryset(self):
        require_for_api(self.request, "programmes.view")
        return self.screen.rows(self.request.user)

    def paginate_queryset(self, queryset):
        return standings(super().paginate_queryset(queryset))


class ProgrammeVouchers(APIView):
    """Issue a voucher from a programme's pool, once for each key."""

    scopes = {"POST": "subsidies:write"}

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=IssueRequest,
        responses={200: TrialSerializer, 201: VoucherSerializer},
    )
    @answers_dry_runs
    def post(self, request, code):
        require_for_api(request, "vouchers.issue")
        programme = get_object_or_404(Programme.objects.select_related("payer"), code=code)
        if not may_issue(request.user, programme):
            raise exceptions.PermissionDenied(
                _("只有出资部门“%(payer)s”的算力券经办可以发放。") % {"payer": programme.payer}
            )
        body = IssueRequest(data=request.data)
        body.is_valid(raise_exception=True)
        if is_rehearsal(request):
            return Response(_tried(programme, body.validated_data, request.user, timezone.now()))
        key = idempotency_key(request)
        now = timezone.now()
        voucher = vouchers.issue(
            programme_id=programme.id,
            **body.validated_data,
            idempotency_key=key,
            by=request.user,
            at=now,
        )
        return Response(
            VoucherSerializer(voucher).data, status=201, headers=replay_of(voucher.issued_at, now)
        )
