"""The API only grows: what a new document takes away from the programs that rely on the old one."""

import json
from pathlib import Path

from django.conf import settings
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator

PROMISED = Path(settings.BASE_DIR) / "docs" / "openapi.json"


def present() -> str:
    """The document as the code says it today."""
    with translation.override("zh-hans"):
        document = SchemaGenerator().get_schema(request=None, public=True)
    # An installation with TLS calls its cookie __Host-…; programs come with keys.
    document["components"]["securitySchemes"]["cookieAuth"]["name"] = "sessionid"
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n"


def broken(old: dict, new: dict) -> list[str]:
    """Operations, parameters, answers and fields that are gone, and what has become compulsory."""
    found = []
    for path, item in old["paths"].items():
        for method, operation in item.items():
            name = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                found.append(f"{name} is gone")
                continue
            known = {p["name"]: p.get("required", False) for p in operation.get("parameters", [])}
            given = {p["name"]: p.get("required", False) for p in now.get("parameters", [])}
            found += [f"{name}: parameter {p} is gone" for p in known if p not in given]
            found += [f"{name}: {p} is required" for p, must in given.items() if must and not known.get(p)]
            found += [f"{name}: no answer {a}" for a in operation["responses"] if a not in now["responses"]]
    for name, schema in old["components"]["schemas"].items():
        now = new["components"]["schemas"].get(name)
        if now is None:
            found.append(f"{name} is gone")
            continue
        found += [
            f"{name}.{field} is gone"
            for field in schema.get("properties", {})
            if field not in now.get("properties", {})
        ]
        found += [
            f"{name}: no value {value}"
            for value in schema.get("enum", [])
            if value not in now.get("enum", [])
        ]
        if name.endswith("Request"):
            found += [
                f"{name}.{f} is required"
                for f in now.get("required", [])
                if f not in schema.get("required", [])
            ]
    return found
