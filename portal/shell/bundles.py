"""One stylesheet per kind of page, joined from small files: no build step, one request."""

import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from django.utils._os import safe_join

SOURCES = Path(__file__).resolve().parent.parent / "static" / "shell" / "css"
KINDS = {
    "site": ["tokens", "base", "layout", "components", "screens", "print"],
    "cockpit": ["tokens", "base", "layout", "components", "cockpit", "print"],
}
# Media queries do not see the letters grow, so each size of letters has its own turning points.
SIZES = {"": 1.0, "-large": 1.25, "-larger": 1.5}
BUNDLES = {
    f"shell/css/{kind}{tail}.css": (names, scale)
    for kind, names in KINDS.items()
    for tail, scale in SIZES.items()
}
WIDTH = re.compile(r"((?:min|max)-(?:width|height): )([\d.]+)rem\)")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
SPACE = re.compile(r"\s+")
AROUND = re.compile(r" ?([{};,]) ?")


def squeeze(css: str) -> str:
    """The same rules without comments and spare space."""
    return AROUND.sub(r"\1", SPACE.sub(" ", COMMENT.sub("", css))).strip()


def join(names: list[str], scale: float) -> str:
    """The sources as one sheet, turning from desk to phone at `scale` times the width they name."""
    css = "\n".join(squeeze((SOURCES / f"{name}.css").read_text("utf-8")) for name in names)
    return WIDTH.sub(lambda found: f"{found[1]}{float(found[2]) * scale:g}rem)", css)


class BundleFinder(BaseFinder):
    """Finds `shell/css/site.css` and its sisters; joins them again whenever a source is newer."""

    def __init__(self, *args, **kwargs):
        self.storage = FileSystemStorage(location=settings.BASE_DIR / "var" / "css")

    def check(self, **kwargs):
        return []

    def _fresh(self, path):
        target = Path(safe_join(self.storage.location, path))
        css = join(*BUNDLES[path])
        if not target.exists() or target.read_text("utf-8") != css:
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name}.part")
            part.write_text(css, "utf-8")
            part.replace(target)
        return str(target)

    def find(self, path, find_all=False, **kwargs):
        if path not in BUNDLES:
            return []
        return [self._fresh(path)] if find_all else self._fresh(path)

    def list(self, ignore_patterns):
        for path in BUNDLES:
            self._fresh(path)
            yield path, self.storage
