"""`?expand=plan,project`: what an answer names by its code is sent whole, one level deep."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import force_instance
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions, serializers

from portal.shell import entries
from portal.shell.scopes import require_scope


class Code(serializers.CharField):
    """The code of another of the API's objects; `of` says of which kind, as `portal_entries.expandables` call it."""

    def __init__(self, *, of: str, **options):
        self.of = of
        super().__init__(**options)


class CodeOrWhole(OpenApiSerializerFieldExtension):
    """How the document describes it: a string, or in an answer the object itself."""

    target_class = "portal.shell.expansions.Code"

    def map_serializer_field(self, auto_schema, direction):
        if direction == "request":
            return {"type": "string"}
        whole = auto_schema.resolve_serializer(entries.expandables()[self.target.of].serializer, direction)
        return {"oneOf": [{"type": "string"}, whole.ref]}


def kinds_in(serializer) -> dict[str, str]:
    """What may be expanded in a serializer's answers: the names, and the kind of each."""
    serializer = force_instance(serializer)
    serializer = getattr(serializer, "child", serializer)
    fields = serializer.fields if isinstance(serializer, serializers.Serializer) else {}
    return {name: field.of for name, field in fields.items() if isinstance(field, Code)}


def expanded(request, serializer, answers: list) -> list:
    """These answers with the objects that the caller wants whole. Each name is read once, however many answers there are;
    what the caller may not see, or what is no longer there, keeps its code.
    """
    kinds = kinds_in(serializer)
    for name in _wishes(request, kinds):
        kind = entries.expandables()[kinds[name]]
        if kind.scope:
            require_scope(request, kind.scope)
        codes = {one[name] for one in answers if one.get(name)}
        whole = {one["code"]: one for one in kind.read(request, codes)}
        for one in answers:
            if name in one:
                one[name] = whole.get(one[name], one[name])
    return answers


def parameter(serializer) -> list[OpenApiParameter]:
    """How the document describes the wish, where something can be expanded."""
    words = gettext_lazy(
        "把所指对象的编号换成该对象本身，只展开一层，以逗号分隔；须有读取该对象的权限范围与角色。"
    )
    names = list(kinds_in(serializer))
    given = OpenApiParameter(
        "expand", str, many=True, enum=names, style="form", explode=False, description=words
    )
    return [given] if names else []


def _wishes(request, kinds) -> list[str]:
    wishes = [name for given in request.query_params.getlist("expand") for name in given.split(",") if name]
    if kinds and (unknown := sorted(set(wishes) - set(kinds))):
        words = _("不能展开 %(names)s；可以展开：%(known)s。")
        said = words % {"names": ", ".join(unknown), "known": ", ".join(kinds)}
        raise exceptions.ValidationError({"expand": said})
    return [name for name in kinds if name in wishes]
