"""Translations without a system package: `python -m config.translations compile|collect`."""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
APPS = ("portal", "federation", "scheduler", "marketplace", "subsidies", "maas", "ops", "config")
KEYWORDS = {
    "_": None, "_lazy": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
CALL = re.compile(r"(?<![\w.])(_|n?p?gettext(?:_lazy|_noop)?)\(")


def compile_catalogues() -> None:
    """Turn every .po into the .mo that Django reads."""
    for source in sorted((ROOT / "locale").rglob("*.po")):
        with source.open("rb") as readable:
            catalogue = read_po(readable)
        with source.with_suffix(".mo").open("wb") as writable:
            write_mo(writable, catalogue)


def collect() -> None:
    """Bring every .po up to date with the sentences the code says today, keeping what is translated."""
    template = sentences()
    for folder in sorted((ROOT / "locale").glob("*/LC_MESSAGES")):
        path = folder / "django.po"
        catalogue = Catalog(locale=folder.parent.name, charset="utf-8")
        if path.exists():
            with path.open("rb") as readable:
                catalogue = read_po(readable, locale=folder.parent.name)
        # A guessed translation is worse than none: nobody would look at it again.
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.fuzzy = False
        with path.open("wb") as writable:
            write_po(
                writable, catalogue, width=110, sort_by_file=True, ignore_obsolete=True, include_lineno=False
            )
        missing = sum(1 for message in catalogue if message.id and not _is_translated(message))
        print(f"{path.relative_to(ROOT)}: {len(catalogue)} sentences, {missing} without translation")


def sentences() -> Catalog:
    """Everything the product says, in the language it was written in."""
    found = Catalog(charset="utf-8")
    for path in sorted(_sources()):
        place = (str(path.relative_to(ROOT)), 1)
        for message, context in _spoken_by(path):
            found.add(message, locations=[place], context=context)
    return found


def _sources() -> Iterator[Path]:
    for app in APPS:
        for pattern in ("*.py", "*.html", "*.txt"):
            yield from (path for path in (ROOT / app).rglob(pattern) if "node_modules" not in path.parts)


def _spoken_by(path: Path) -> Iterator[tuple[str | tuple[str, str], str | None]]:
    if path.suffix == ".py":
        with path.open("rb") as readable:
            for _line, message, _comments, context in extract(
                "python", readable, KEYWORDS, options={"encoding": "utf-8"}
            ):
                yield message, context
    elif "templates" in path.parts:
        yield from _spoken_by_template(path.read_text(encoding="utf-8"), str(path))


def _spoken_by_template(text: str, origin: str) -> Iterator[tuple[str | tuple[str, str], str | None]]:
    """Django turns a template into calls of gettext; those calls are read as Python."""
    program = templatize(text, origin=origin)
    for call in CALL.finditer(program):
        arguments = _arguments(program[call.end() - 1 :])
        if not arguments:
            continue
        context = arguments.pop(0) if "pgettext" in call[1] else None
        yield (arguments[0], arguments[1]) if call[1].startswith("n") else arguments[0], context


def _arguments(text: str) -> list[str]:
    """The string arguments of the call that this text begins with."""
    for end in re.finditer(r"\)", text):
        try:
            call = ast.parse("f" + text[: end.end()], mode="eval").body
        except SyntaxError:
            continue
        assert isinstance(call, ast.Call)
        return [
            part.value for part in call.args if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
    return []


def _is_translated(message) -> bool:
    # The compiled catalogue leaves fuzzy sentences out, so readers would meet the Chinese.
    if message.fuzzy:
        return False
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m config.translations", description=__doc__)
    parser.add_argument("command", choices=("compile", "collect"))
    if parser.parse_args().command == "compile":
        compile_catalogues()
    else:
        settings.configure(USE_I18N=True)
        collect()


if __name__ == "__main__":
    main()
