"""What must be done before the doors open; each step is skipped while its ingredients are unchanged."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "portal", "federation", "scheduler", "marketplace", "subsidies", "maas", "ops")


@dataclass(frozen=True)
class Step:
    """One command, who runs it, and the files that make it necessary again when they change."""

    name: str
    title: str
    arguments: tuple[str, ...]
    ingredients: Callable[[], Iterable[Path]]
    as_owner: bool = False
    # Its work is in the database, so a database we do not keep ourselves is always asked again.
    in_database: bool = False
    results: tuple[Path, ...] = ()

    @property
    def argv(self) -> list[str]:
        return [sys.executable, *self.arguments]

    def is_done(self, stamps: Path, database: str) -> bool:
        stamp = stamps / self.name
        results_stand = all(path.exists() for path in self.results)
        return results_stand and stamp.exists() and stamp.read_text() == self._fingerprint(database)

    def stamp(self, stamps: Path, database: str) -> None:
        """Remember that it was done; only now, because the step may have made some of its ingredients."""
        (stamps / self.name).write_text(self._fingerprint(database))

    def _fingerprint(self, database: str) -> str:
        total = sha256()
        for part in (*self.arguments[1:], database if self.in_database else ""):
            total.update(part.encode() + b"\0")
        for path in sorted(set(self.ingredients())):
            total.update(str(path).encode() + b"\0" + path.read_bytes())
        return total.hexdigest()


def steps(var: Path, *, is_demo: bool = False) -> list[Step]:
    """In the order in which they must run; only a demonstration gets its people and their known password."""
    demonstration = [Step("demo", "Demo city", manage("load_demo_city"), demo, in_database=True)]
    return [
        Step(
            "migrate", "Tables", manage("migrate", "--no-input"), migrations, as_owner=True, in_database=True
        ),
        Step("grants", "Rights", manage("grant_app_role"), code, as_owner=True, in_database=True),
        Step("translations", "Translations", ("-m", "config.translations", "compile"), catalogues),
        Step(
            "assets",
            "Charts and typefaces",
            manage("build_assets"),
            assets,
            results=(var / "assets" / "charts.js", var / "fonts" / "bold.ttf"),
        ),
        Step(
            "static",
            "Styles",
            manage("collectstatic", "--no-input", "-v0", "-i", "rest_framework"),
            static(var),
            results=(var / "static",),
        ),
        *(demonstration if is_demo else []),
    ]


def manage(*arguments: str) -> tuple[str, ...]:
    return (str(ROOT / "manage.py"), *arguments)


def in_apps(pattern: str) -> Iterator[Path]:
    for app in APPS:
        yield from (path for path in (ROOT / app).rglob(pattern) if path.is_file())


def migrations() -> Iterable[Path]:
    return in_apps("migrations/*.py")


def code() -> Iterable[Path]:
    return in_apps("*.py")


def demo() -> Iterable[Path]:
    yield from code()
    for pattern in ("*.json", "*.csv", "*.toml"):
        yield from in_apps(pattern)


def catalogues() -> Iterable[Path]:
    return (ROOT / "locale").rglob("*.po")


def assets() -> Iterable[Path]:
    return (
        path
        for path in (ROOT / "assets").rglob("*")
        if path.is_file() and "node_modules" not in path.relative_to(ROOT).parts
    )


def static(var: Path) -> Callable[[], Iterable[Path]]:
    def ingredients() -> Iterable[Path]:
        yield from (path for path in in_apps("*") if "static" in path.relative_to(ROOT).parts)
        yield from (path for path in (var / "assets").rglob("*") if path.is_file())
        yield ROOT / "requirements" / "base.txt"

    return ingredients
