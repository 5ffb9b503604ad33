"""What every operation of the API's document says besides its own answer."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from portal.shell import expansions

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description=_("1–255 个字符；同一键与同一内容只执行一次，重复请求得到第一次的应答。"),
)


class ProblemError(serializers.Serializer):
    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer):
    """RFC 9457: what is wrong and what to do."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    instance = serializers.CharField()
    request_id = serializers.CharField()
    errors = ProblemError(many=True, required=False)


IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description=_("此前读到的 ETag；对象若已改变，则不执行并返回 412。"),
)
DRY_RUN = OpenApiParameter(
    "dry_run",
    str,
    enum=["true"],
    description=_("试算：与正式请求做同样的检查并返回结果，不改动任何数据，也不需要幂等键。"),
)

ERRORS = {
    400: _("请求无法识别"),
    401: _("没有有效的令牌"),
    403: _("权限不足"),
    404: _("没有找到，或您无权查看"),
    406: _("只提供 JSON"),
    429: _("过于频繁，Retry-After 说明多少秒后再试"),
}
WRITE_ERRORS = {
    409: _("当前状态不允许此操作"),
    415: _("不支持的内容类型"),
    422: _("提交的内容有误"),
}


class Schema(AutoSchema):
    """Adds the problem answers to every operation."""

    def get_auth(self):
        """A key is not needed where the view names no scope."""
        is_public = self.method in getattr(self.view, "scopes", {}) and self.view.scopes[self.method] is None
        return super().get_auth() + ([{}] if is_public else [])

    def get_override_parameters(self):
        handler = getattr(self.view, self.method.lower(), None)
        given = [*super().get_override_parameters(), *[DRY_RUN] * hasattr(handler, "answers_dry_runs")]
        return given + (expansions.parameter(self.get_response_serializers()) if self.method == "GET" else [])

    def is_deprecated(self):
        return hasattr(self.view, "retirement") or super().is_deprecated()

    def get_extensions(self):
        """When it ends, for programs and for the reference."""
        if not hasattr(self.view, "retirement"):
            return super().get_extensions()
        retirement = self.view.retirement
        return {"x-sunset": retirement.sunset.isoformat(), "x-retirement": retirement.words}

    def _get_paginator(self):
        """Only what is read comes in pages."""
        return super()._get_paginator() if self.method == "GET" else None

    def _get_response_bodies(self, *args, **options):
        bodies = super()._get_response_bodies(*args, **options)
        errors = ERRORS | (WRITE_ERRORS if self.method not in ("GET", "HEAD") else {})
        if self.method == "GET":
            bodies["304"] = {"description": str(_("与 If-None-Match 所列一致，没有变化"))}
            if any(parameter["in"] == "query" for parameter in self._get_parameters()):
                errors |= {422: _("查询条件有误")}
        if any(getattr(p, "name", "") == "If-Match" for p in self.get_override_parameters()):
            errors |= {412: _("对象已被他人更改")}
        for status, description in errors.items():
            if str(status) not in bodies:
                answer = OpenApiResponse(Problem, str(description))
                bodies[str(status)] = self._get_response_for_code(
                    answer, str(status), ["application/problem+json"]
                )
        return bodies
