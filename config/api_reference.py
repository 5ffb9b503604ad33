"""The API's reference, drawn on the server from its own OpenAPI document."""

import json
from functools import lru_cache

from django.shortcuts import render
from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator

from config.api_examples import EXAMPLES
from config.api_words import CHANGES, CONVENTIONS, PROBLEMS
from portal.tokens.scopes import SCOPES

METHODS = ("get", "post", "put", "patch", "delete")


@lru_cache(maxsize=4)
def document(_language: str) -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)


def _example(schema: dict, components: dict, depth: int = 0):
    """A small value of a schema's shape."""
    if "$ref" in schema:
        schema = components[schema["$ref"].rsplit("/", 1)[1]]
    if depth > 4:
        return {}
    for key in ("example", "default", "const"):
        if key in schema and schema[key] is not None:
            return schema[key]
    if "enum" in schema:
        return next((v for v in schema["enum"] if v), "")
    for key in ("oneOf", "allOf", "anyOf"):
        if key in schema:
            return _example(schema[key][0], components, depth)
    kind = schema.get("type")
    kind = next((k for k in kind if k != "null"), "string") if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        return {
            name: _example(part, components, depth + 1)
            for name, part in schema.get("properties", {}).items()
            if not part.get("readOnly")
        }
    if kind == "array":
        return [_example(schema.get("items", {}), components, depth + 1)]
    if kind == "integer":
        return schema.get("minimum", 1)
    if kind == "number":
        return 1.0
    if kind == "boolean":
        return True
    formats = {"date-time": "2026-11-21T09:30:00+08:00", "date": "2026-11-21", "decimal": "1.00"}
    return formats.get(schema.get("format", ""), "…")


def _named(schema: dict, components: dict) -> dict:
    return components[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def _kind(schema: dict, components: dict) -> str:
    """What a field takes, in the document's own words: `integer 1–64`, `a | b`, `object[]`."""
    schema = next((part for key in ("oneOf", "allOf", "anyOf") for part in schema.get(key, [])), schema)
    schema = _named(schema, components)
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"] if value not in ("", None))
    kind = schema.get("type", "object")
    kind = next((k for k in kind if k != "null"), "string") if isinstance(kind, list) else kind
    if kind == "array":
        return f"{_kind(schema['items'], components)}[]"
    least, most = (schema.get(f"{end}imum", schema.get(f"{end}Length")) for end in ("min", "max"))
    limits = f" {least or 0}–{most}" if most is not None else f" ≥ {least}" if least is not None else ""
    return f"{schema.get('format', kind)}{limits}"


def _body(operation: dict, components: dict) -> list[dict]:
    """The fields that a write takes."""
    for kind in operation.get("requestBody", {}).get("content", {}).values():
        schema = _named(kind["schema"], components)
        return [
            {
                "name": name,
                "kind": _kind(part, components),
                "is_required": name in schema.get("required", ()),
                "words": part.get("description", ""),
            }
            for name, part in schema.get("properties", {}).items()
        ]
    return []


def _operations(schema):
    components = schema["components"]["schemas"]
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            operation = item[method]
            example = EXAMPLES.get(operation["operationId"])
            answer = next(
                (
                    r["content"]["application/json"]["schema"]
                    for code, r in operation["responses"].items()
                    if code.startswith("2") and "application/json" in r.get("content", {})
                ),
                None,
            )
            yield {
                "id": operation["operationId"],
                "method": method.upper(),
                "path": path,
                "group": path.removeprefix("/api/v1/").split("/")[0],
                "summary": operation["summary"],
                "retirement": operation.get("x-retirement", ""),
                "parameters": operation.get("parameters", []),
                "body": _body(operation, components),
                "curl": example.curl(method.upper(), path) if example else "",
                "python": example.python(method.upper(), path) if example else "",
                "answer": json.dumps(_example(answer, components), ensure_ascii=False, indent=2)
                if answer
                else "",
                "answers": sorted(
                    (status, answer.get("description", ""))
                    for status, answer in operation["responses"].items()
                ),
            }


def reference(request):
    """Every operation with its parameters, its examples and an answer's shape."""
    operations = list(_operations(document(get_language() or "")))
    groups: dict[str, list] = {}
    for operation in operations:
        groups.setdefault(operation["group"], []).append(operation)
    context = {
        "groups": groups,
        "scopes": SCOPES,
        "problems": PROBLEMS,
        "conventions": CONVENTIONS,
        "changes": CHANGES,
    }
    return render(request, "reference/reference.html", context)
