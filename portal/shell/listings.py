"""Lists for programs: the same conditions, the same order and the same places as the lists on the screen."""

import base64
import binascii
import re
from types import SimpleNamespace

import django_filters
from django.utils.translation import gettext as _
from rest_framework import exceptions, generics
from rest_framework.filters import BaseFilterBackend
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from portal.shell.expansions import expanded
from portal.shell.lists import NoSuchPlace, Rows, page_of, page_of_sorted
from portal.shell.screens import ListScreen

PAGE_SIZE, MOST = 50, 200
# The id of the row before, or with a minus of the row after.
ID = re.compile(r"-?[0-9]{1,23}")


def _parameter(name, description, **schema):
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": str(description),
        "schema": {"type": "string"} | schema,
    }


class Pages(BasePagination):
    """A page of a list and the ways to the pages beside it, in the body and in the Link header."""

    places = ID

    def paginate_queryset(self, queryset, request, view=None):
        self.url = request.build_absolute_uri()
        try:
            place = _place(request.query_params.get("cursor", ""), self.places)
            self.page = self.cut(queryset, place, request, view)
        except NoSuchPlace as unknown:
            raise exceptions.NotFound(_("游标无效或已失效，请从第一页重新读取。")) from unknown
        return self.page.rows

    def cut(self, rows, place, request, view) -> Rows:
        order = _order(view.screen, request.query_params.get("ordering", ""))
        return page_of(rows, place, size_of(request), order, key="id")

    def get_paginated_response(self, data):
        ways = {"next": self._url(self.page.next_cursor), "prev": self._url(self.page.previous_cursor)}
        link = ", ".join(f'<{url}>; rel="{name}"' for name, url in ways.items() if url)
        body = {"next": ways["next"], "previous": ways["prev"], "results": data}
        return Response(body, headers={"Link": link} if link else None)

    def _url(self, cursor):
        return replace_query_param(self.url, "cursor", _cursor(cursor)) if cursor else None

    def get_paginated_response_schema(self, schema):
        way = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results"],
            "properties": {"next": way, "previous": way, "results": schema},
        }

    def get_schema_operation_parameters(self, view):
        return [
            _parameter("cursor", _("上一页应答中 next 所带的游标。")),
            _parameter("limit", _("每页条数，最多 200。"), type="integer", minimum=1, maximum=MOST),
        ]


class PagesOfSorted(Pages):
    """The same of rows that are sorted as no database could."""

    def cut(self, rows, place, request, view) -> Rows:
        return page_of_sorted(rows, place, size_of(request))


def size_of(request) -> int:
    """How many rows of a page a program asks for."""
    wish = request.query_params.get("limit", "")
    return min(int(wish), MOST) if wish.isdecimal() and len(wish) < 10 and int(wish) else PAGE_SIZE


def _cursor(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _place(cursor: str, places: re.Pattern) -> str:
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise NoSuchPlace from error
    if cursor and not places.fullmatch(place):
        raise NoSuchPlace
    return place


def _sorts(screen: ListScreen | None) -> dict[str, str]:
    return {column.key: column.sort for column in screen.columns if column.sort} if screen else {}


def _order(screen: ListScreen | None, wish: str) -> str:
    if not wish:
        return screen.order if screen else "-id"
    field = _sorts(screen).get(wish.removeprefix("-"))
    if field is None:
        raise exceptions.ValidationError({"ordering": _("不能按此字段排序。")})
    return ("-" if wish.startswith("-") else "") + field


class AsOnScreen(BaseFilterBackend):
    """The conditions of the list of the same name on the screen, under the same names."""

    def filter_queryset(self, request, queryset, view):
        screen = view.screen
        if screen is None:
            return queryset
        if screen.filters:
            who = SimpleNamespace(user=request.user)
            asked = screen.filters(request.query_params, queryset, request=who)
            if not asked.is_valid():
                raise exceptions.ValidationError({name: list(why) for name, why in asked.errors.items()})
            queryset = asked.qs
        if tab := request.query_params.get(screen.tabs, "") if screen.tabs else "":
            if tab not in _tabs(view):
                raise exceptions.ValidationError({screen.tabs: _("没有这个取值。")})
            queryset = queryset.filter(**{screen.tabs: tab})
        if view.pagination_class is None and (wish := request.query_params.get("ordering", "")):
            queryset = queryset.order_by(_order(screen, wish))
        return queryset

    def get_schema_operation_parameters(self, view):
        screen = view.screen
        found = [_parameter("fields", _("只要这些字段，以逗号分隔。"))]
        if screen is None:
            return found
        if screen.filters:
            found += [_condition(name, one) for name, one in screen.filters.base_filters.items()]
        if screen.tabs:
            found.append(_parameter(screen.tabs, _("状态"), enum=list(_tabs(view))))
        if sorts := _sorts(screen):
            ways = [sign + key for key in sorts for sign in ("", "-")]
            found.append(_parameter("ordering", _("排序字段，前加 - 为降序。"), enum=ways))
        return found


def _tabs(view) -> list[str]:
    screen = view.screen
    if screen.tab_words:
        return list(screen.tab_words)
    return [value for value, _word in view.queryset.model._meta.get_field(screen.tabs).choices]


def _condition(name, one):
    """How the document describes a condition of the screen."""
    if isinstance(one, django_filters.DateFilter):
        return _parameter(name, one.label, format="date")
    if isinstance(one, django_filters.ChoiceFilter) and "choices" in one.extra:
        return _parameter(name, one.label, enum=list(one.extra["choices"].values))
    return _parameter(name, one.label)


class Listed(generics.ListAPIView):
    """A list for programs; `screen` is the list of the same rows on the screen."""

    screen: ListScreen | None = None
    pagination_class: type[BasePagination] | None = Pages
    filter_backends = [AsOnScreen]

    def get_paginated_response(self, data):
        return super().get_paginated_response(expanded(self.request, self.serializer_class, data))

    def get_serializer(self, *args, **options):
        serializer = super().get_serializer(*args, **options)
        wish = self.request.query_params.get("fields", "") if self.request and options.get("many") else ""
        if wish:
            fields = serializer.child.fields
            kept = set(wish.split(","))
            if unknown := sorted(kept - set(fields)):
                words = _("没有字段 %(names)s。") % {"names": ", ".join(unknown)}
                raise exceptions.ValidationError({"fields": words})
            for name in set(fields) - kept:
                fields.pop(name)
        return serializer
