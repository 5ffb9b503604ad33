"""What every operation of the API's document says besides its own answer."""

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="1–255 characters; the same key with the same body is answered once",
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


ERRORS = {
    400: "bad request",
    401: "not signed in",
    403: "not allowed",
    404: "not found or not yours",
    406: "only JSON is spoken",
}
WRITE_ERRORS = {
    409: "the state of things does not allow it",
    415: "unknown media type",
    422: "the content has errors",
}


class Schema(AutoSchema):
    """Adds the problem answers to every operation."""

    def get_auth(self):
        """A key is not needed where the view names no scope."""
        is_public = self.method in getattr(self.view, "scopes", {}) and self.view.scopes[self.method] is None
        return super().get_auth() + ([{}] if is_public else [])

    def _get_paginator(self):
        """Only what is read comes in pages."""
        return super()._get_paginator() if self.method == "GET" else None

    def _get_response_bodies(self, *args, **options):
        bodies = super()._get_response_bodies(*args, **options)
        errors = ERRORS | (WRITE_ERRORS if self.method not in ("GET", "HEAD") else {})
        if self.view.throttle_classes:
            errors |= {429: "too often; Retry-After says when"}
        for status, description in errors.items():
            if str(status) not in bodies:
                answer = OpenApiResponse(Problem, description)
                bodies[str(status)] = self._get_response_for_code(
                    answer, str(status), ["application/problem+json"]
                )
        return bodies
