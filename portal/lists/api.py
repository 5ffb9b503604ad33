"""Long lists for programs: asked for now, written in the background, fetched as a file."""

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.views import APIView

from portal.accounts.scoping import require_for_api
from portal.lists import actions as lists
from portal.lists.files import FORMS, MOST_IN_BACKGROUND
from portal.lists.models import MOST_LETTERS, Export
from portal.lists.queries import as_operation
from portal.shell import entries
from portal.shell.operations import LOCATION, OperationSerializer, accepted
from portal.shell.responses import download
from portal.shell.scopes import ANY_SCOPE, require_scope


class ExportWish(serializers.Serializer):
    list = serializers.ChoiceField(choices=[], help_text=_("列表的名称"))
    form = serializers.ChoiceField(choices=[*FORMS], default="csv", help_text=_("文件格式"))
    query = serializers.CharField(
        max_length=MOST_LETTERS,
        default="",
        allow_blank=True,
        help_text=_("筛选条件与排序，写法与读取该列表时网址中的相同，例如 status=billed&ordering=-amount"),
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["list"].choices = sorted(code for code, one in entries.screens().items() if one.scope)


class ExportList(APIView):
    """Ask for a list as a file; the answer says where to watch it being written."""

    scopes = {"POST": ANY_SCOPE}

    @extend_schema(
        request={"application/json": ExportWish}, responses={202: OperationSerializer}, parameters=[LOCATION]
    )
    def post(self, request):
        wish = ExportWish(data=request.data)
        wish.is_valid(raise_exception=True)
        screen = entries.screens()[wish.validated_data["list"]]
        require_scope(request, screen.scope)
        require_for_api(request, screen.action)
        asked = screen.asked(request.user, QueryDict(wish.validated_data["query"]))
        if asked.filterset and not asked.filterset.is_valid():
            raise exceptions.ValidationError({"query": asked.filterset.errors})
        export = lists.request_export(
            screen=screen.code,
            query=wish.validated_data["query"],
            form=wish.validated_data["form"],
            row_count=min(asked.count, MOST_IN_BACKGROUND),
            language=get_language(),
            by=request.user,
            at=timezone.now(),
        )
        return accepted(as_operation(export))


class ExportFile(APIView):
    """One of my files, for a week."""

    scopes = {"GET": ANY_SCOPE}

    @extend_schema(responses={(200, kind): OpenApiTypes.BINARY for kind in FORMS.values()})
    def get(self, request, code) -> HttpResponse:
        rows = Export.objects.visible_to(request.user).filter(status=Export.Status.READY)
        found = get_object_or_404(rows, code=code)
        require_scope(request, entries.screens()[found.screen].scope)
        return download(bytes(found.content), FORMS[found.form], found.filename)
