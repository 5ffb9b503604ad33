"""Watching long work."""

import re
from functools import partial

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.operations import queries
from portal.shell.listings import Listed, Pages, size_of
from portal.shell.lists import Rows
from portal.shell.operations import STATES, OperationSerializer, when_to_look_again
from portal.shell.scopes import ANY_SCOPE, has_scope, require_scope


class PagesOfWorks(Pages):
    """The same of rows of several tables; a place is a moment and a code."""

    places = re.compile(r"-?[0-9]{1,16}\.[A-Z0-9-]{1,32}")

    def cut(self, rows, place, request, view) -> Rows:
        return queries.page_of_works(rows, place, size_of(request))


class OperationList(Listed):
    """The long work that this key may watch, newest first."""

    serializer_class = OperationSerializer
    pagination_class = PagesOfWorks
    scopes = {"GET": ANY_SCOPE}

    def get_queryset(self):
        state = self.request.query_params.get("state", "")
        if state not in ("", *STATES):
            raise exceptions.ValidationError({"state": _("没有这个取值。")})
        return queries.works(self.request.user, partial(has_scope, self.request.auth), state)

    @extend_schema(parameters=[OpenApiParameter("state", str, enum=STATES)])
    def get(self, request):
        return self.list(request)


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
