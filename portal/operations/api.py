"""Watching long work."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.operations import queries
from portal.shell.operations import STATES, OperationSerializer, when_to_look_again
from portal.tokens.queries import ANY_SCOPE, has_scope, require_scope


class OperationList(APIView):
    """The newest long work that this key may watch."""

    scopes = {"GET": ANY_SCOPE}

    @extend_schema(
        parameters=[OpenApiParameter("state", str, enum=STATES)],
        responses=OperationSerializer(many=True),
    )
    def get(self, request):
        wish = request.query_params.get("state")
        found = [
            one
            for one in queries.operations(request.user)
            if has_scope(request.auth, one.scope) and wish in (None, one.state)
        ]
        return Response(OperationSerializer(found, many=True).data)


class OperationDetail(APIView):
    """How far one is; while it runs, Retry-After says when to look again."""

    scopes = {"GET": ANY_SCOPE}

    @extend_schema(responses=OperationSerializer)
    def get(self, request, code):
        found = queries.operation(request.user, code)
        if found is None:
            raise Http404
        require_scope(request, found.scope)
        return Response(OperationSerializer(found).data, headers=when_to_look_again(found))
