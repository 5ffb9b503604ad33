"""What `manage.py build_assets` may have left for us; the house stands without it."""

from functools import cache

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

FOLDER = settings.BASE_DIR / "var" / "assets"


@cache
def _url(name: str, _built_at: float) -> str:
    try:
        return staticfiles_storage.url(f"vendor/{name}")
    except ValueError:  # built after collectstatic: the manifest does not know it yet
        return ""


def charts_url() -> str:
    """The address of the chart bundle, empty while it has not been built."""
    bundle = FOLDER / "charts.js"
    return _url(bundle.name, bundle.stat().st_mtime) if bundle.exists() else ""
