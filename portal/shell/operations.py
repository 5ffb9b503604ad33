"""Long work is answered at once with 202: where to watch it, and when to look again (RFC 9110, 15.3.3)."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from portal.shell.entries import Operation

LOOK_AGAIN_SECONDS = 2
STATES = ("running", "succeeded", "failed")

LOCATION = OpenApiParameter(
    "Location",
    str,
    OpenApiParameter.HEADER,
    response=[202],
    description=_("长任务的地址：读取它直到 state 不再是 running，间隔见 Retry-After。"),
)


class OperationProblem(serializers.Serializer):
    """Why it failed, and what to do."""

    code = serializers.CharField()
    title = serializers.CharField(source="message")


class OperationSerializer(serializers.Serializer):
    """Long work, as its row tells it."""

    code = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    progress = serializers.IntegerField(min_value=0, max_value=100, allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    result = serializers.CharField(help_text=_("结果的地址；尚无结果时为空。"))
    problem = OperationProblem(allow_null=True)


def when_to_look_again(operation: Operation) -> dict[str, str]:
    """A header, while it runs."""
    return {"Retry-After": str(LOOK_AGAIN_SECONDS)} if operation.state == "running" else {}


def accepted(operation: Operation, body=None) -> Response:
    """We go on with it: where to watch, and when to look again."""
    where = {"Location": f"/api/v1/operations/{operation.code}/"}
    body = OperationSerializer(operation).data if body is None else body
    return Response(body, status=202, headers=where | when_to_look_again(operation))
