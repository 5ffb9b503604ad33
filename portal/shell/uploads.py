"""What people may hand in: the name says what it is, the bytes agree, and nothing in it acts when somebody opens it."""

import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

from portal.shell.exceptions import Refusal

MEGABYTE = 1 << 20
PROGRAMS = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
PNG, JPEG, PDF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"%PDF-"
# What a reader of PDF would do without being asked.
ACTIVE_PDF = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFile|RichMedia|XFA|OpenAction|AA)\b")
MOST_MEMBERS, MOST_UNPACKED = 2_000, 512 * MEGABYTE

TEXT = frozenset(
    [
        "py",
        "sh",
        "txt",
        "json",
        "jsonl",
        "yaml",
        "yml",
        "toml",
        "csv",
        "tsv",
        "md",
        "cfg",
        "ini",
        "conf",
        "ipynb",
        "xml",
        "sql",
        "r",
        "jl",
        "c",
        "cc",
        "cpp",
        "h",
        "hpp",
        "cu",
        "slurm",
        "sbatch",
        "env",
        "lock",
        "log",
    ]
)


class BadUpload(Refusal):
    """A file that this place does not take."""

    code = "bad_upload"


@dataclass(frozen=True)
class Place:
    """Where files are handed in: which kinds, and how large one may be."""

    extensions: frozenset[str]
    most_bytes: int


JOB_FILES = Place(TEXT | {"zip", "gz", "npy", "npz", "png", "jpg", "jpeg", "pdf"}, 10 * MEGABYTE)
STATEMENTS = Place(frozenset({"csv", "xml", "txt"}), 10 * MEGABYTE)
SHEETS = Place(frozenset({"xlsx"}), 5 * MEGABYTE)
DOCUMENTS = Place(frozenset({"pdf", "png", "jpg", "jpeg"}), 5 * MEGABYTE)


def check(name: str, content: bytes, place: Place) -> None:
    """Refuse a file that is of another kind than this place takes or than its own name says."""
    words = {"name": name[:60], "most": place.most_bytes // MEGABYTE}
    extension = PurePosixPath(name).suffix.lower().lstrip(".")
    if extension not in place.extensions:
        kinds = _("、").join(f".{each}" for each in sorted(place.extensions))
        raise BadUpload(
            _("不接受“%(name)s”这种文件，可上传：%(kinds)s。") % {**words, "kinds": kinds}, field="files"
        )
    if len(content) > place.most_bytes:
        raise BadUpload(_("“%(name)s”超过 %(most)d MB，请压缩后重新上传。") % words, field="files")
    if not is_what_it_says(extension, content):
        raise BadUpload(
            _("“%(name)s”的内容与扩展名不符，或含有会自动执行的内容，请重新导出后上传。") % words,
            field="files",
        )


def is_what_it_says(extension: str, content: bytes) -> bool:
    """Whether the bytes are of the kind that the name promises."""
    looks_right = {
        "png": is_plain_png,
        "jpg": is_plain_jpeg,
        "jpeg": is_plain_jpeg,
        "pdf": is_still_pdf,
        "zip": is_modest_zip,
        "xlsx": is_modest_zip,
        "npz": is_modest_zip,
        "gz": lambda body: body.startswith(b"\x1f\x8b"),
        "npy": lambda body: body.startswith(b"\x93NUMPY"),
    }.get(extension, is_text)
    return looks_right(content)


def is_text(content: bytes) -> bool:
    """Letters in an encoding that is used here, and no program behind a harmless name."""
    if content.startswith(PROGRAMS) or b"\0" in content:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def is_plain_png(content: bytes) -> bool:
    """Whole chunks to the very end: nothing is hidden behind the picture."""
    if not content.startswith(PNG):
        return False
    at = len(PNG)
    while at + 12 <= len(content):
        size, kind = struct.unpack(">I4s", content[at : at + 8])
        end = at + 12 + size
        if end > len(content) or zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(
            content[end - 4 : end]
        ):
            return False
        if kind == b"IEND":
            return end == len(content)
        at = end
    return False


def is_plain_jpeg(content: bytes) -> bool:
    return content.startswith(JPEG) and content.endswith(b"\xff\xd9") and b"<script" not in content.lower()


def is_still_pdf(content: bytes) -> bool:
    """A document to read; what hides in packed parts is not seen here, so it is only ever served as a download."""
    return content.startswith(PDF) and b"%%EOF" in content[-1024:] and not ACTIVE_PDF.search(content)


def is_modest_zip(content: bytes) -> bool:
    """It opens, stays inside its folder, and does not swell without measure."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    inside = all(_stays_inside(member.filename) for member in members)
    unpacked = sum(member.file_size for member in members)
    return content.startswith(b"PK") and inside and len(members) <= MOST_MEMBERS and unpacked <= MOST_UNPACKED


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return not path.is_absolute() and ".." not in path.parts and ":" not in name
