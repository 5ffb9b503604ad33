"""Name and bytes agree, or the file stays outside."""

import gzip
import io
import struct
import zipfile
import zlib

import pytest

from portal.shell.responses import attachment
from portal.shell.uploads import DOCUMENTS, JOB_FILES, PNG, BadUpload, check


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def packed(**members) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


PICTURE = PNG + chunk(b"IHDR", b"\0" * 13) + chunk(b"IDAT", b"x") + chunk(b"IEND")
PHOTO = b"\xff\xd8\xff\xe0 photo \xff\xd9"
PAPER = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n%%EOF\n"
PROGRAM = b"\x7fELF\x02\x01\x01"


def by_name(value):
    """Archives bear the second at which they were made; two workers must call a test the same."""
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.py", "print('你好')".encode()),
        ("run.sh", b"#!/bin/sh\necho hi\n"),
        ("老数据.csv", "姓名,金额\n".encode("gb18030")),
        ("empty.txt", b""),
        ("data.zip", packed(a="1", b="2")),
        ("data.tar.gz", gzip.compress(b"x")),
        ("x.npy", b"\x93NUMPY\x01\x00"),
        ("PLOT.PNG", PICTURE),
    ],
    ids=by_name,
)
def test_a_jobs_files_are_taken(name, content):
    check(name, content, JOB_FILES)


@pytest.mark.parametrize("name", ["licence.pdf", "licence.png", "licence.jpg", "licence.JPEG"])
def test_documents_are_taken(name):
    check(name, {"pdf": PAPER, "png": PICTURE}.get(name[-3:], PHOTO), DOCUMENTS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train", b"print()"),
        ("a.exe", b"MZ"),
        ("page.html", b"<p>"),
        ("drawing.svg", b"<svg/>"),
        ("train.py", PROGRAM),
        ("train.txt", b"MZ\x90"),
        ("train.py", b"print()\0"),
        ("train.py", b"\xff\xfe\xff"),
        ("plot.png", PHOTO),
        ("plot.png", PICTURE[:-1]),
        ("plot.png", PICTURE + b"<script>alert(1)</script>"),
        ("plot.png", PICTURE.replace(b"IDATx", b"IDATy")),
        ("photo.jpg", PICTURE),
        ("photo.jpg", PHOTO + b"tail"),
        ("photo.jpg", b"\xff\xd8\xff\xe0 <SCRIPT> \xff\xd9"),
        ("paper.pdf", PAPER.replace(b"/Type", b"/OpenAction")),
        ("paper.pdf", PAPER.replace(b"/Type", b"/JavaScript")),
        ("paper.pdf", PAPER.removesuffix(b"%%EOF\n")),
        ("paper.pdf", b"GIF89a" + PAPER),
        ("data.zip", b"PK\x03\x04 not really"),
        ("data.zip", PROGRAM + packed(a="1")),
        ("data.zip", packed(**{"../up": "1"})),
        ("data.zip", packed(**{"/etc/cron.d/x": "1"})),
        ("data.zip", packed(**{"C:\\x": "1"})),
        ("data.zip", packed(**{f"{n}": "" for n in range(2001)})),
        ("data.gz", b"plain"),
    ],
    ids=by_name,
)
def test_a_file_of_another_kind_stays_outside(name, content):
    with pytest.raises(BadUpload):
        check(name, content, JOB_FILES)


def test_a_script_is_no_document():
    with pytest.raises(BadUpload, match=r"可上传：\.jpeg、\.jpg、\.pdf、\.png"):
        check("run.sh", b"echo", DOCUMENTS)


def test_too_large_says_how_large_it_may_be():
    with pytest.raises(BadUpload, match="超过 5 MB"):
        check("paper.pdf", PAPER + b"x" * (5 << 20), DOCUMENTS)


def test_a_zip_that_swells_without_measure_stays_outside():
    bomb = packed(a=b"\0" * (513 << 20))

    assert len(bomb) < 1 << 20
    with pytest.raises(BadUpload):
        check("bomb.zip", bomb, JOB_FILES)


def test_what_was_handed_in_is_only_ever_a_download():
    answer = attachment("营业执照.pdf", PAPER)

    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''%E8%90%A5")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
