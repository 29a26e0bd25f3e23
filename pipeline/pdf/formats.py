"""What a file is, by its bytes: its name is only asked where bytes can't tell (plain text). Pure but for reading."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Literal

from pipeline.pdf.process import Failure

Format = Literal["pdf", "docx", "text", "image"]

TEXT_SUFFIXES = frozenset((".txt", ".text", ".md", ".markdown"))
READABLE = TEXT_SUFFIXES | {".pdf", ".docx", ".docm", ".png", ".jpg", ".jpeg", ".tif", ".tiff"}
"""Suffixes of what can be read."""
REFUSED = frozenset((".doc", ".wps", ".rtf", ".ofd", ".odt"))
"""Suffixes of documents that can't be read: in a folder they fail by name rather than being passed over."""

_HEADER_WINDOW = 1 << 20
_PDF = b"%PDF-"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_XML = rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,500}?-->\s*)?"
_FOREIGN = (
    (re.compile(rb"\{\\rt"), "old_word"),
    (re.compile(rb"GIF8|BM....\0\0\0\0|RIFF....WEBP|....ftyp(?:heic|heix|mif1|avif)", re.DOTALL), "picture"),
    (re.compile(rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\x1f\x8b\x08|BZh|\xfd7zXZ\0|\x28\xb5\x2f\xfd"), "archive"),
    (re.compile(_XML + rb"<\?mso-application", re.DOTALL), "old_word"),
    (re.compile(_XML + rb"(?:<!doctype\s+html|<html)", re.IGNORECASE | re.DOTALL), "web"),
    (re.compile(rb"(?:[A-Za-z-]{2,40}:[^\n]{0,2000}\n(?:[ \t][^\n]{0,2000}\n)*){0,60}(?:From|MIME-Version): "), "mail"),
)
_IN_ZIP = (
    ("word/", "docx"),
    ("xl/", "sheet"),
    ("ppt/", "slides"),
    ("OFD.xml", "ofd"),
    ("content.xml", "open_document"),
)
_IN_OLE = (
    ("EncryptedPackage", "office_password"),
    ("WordDocument", "old_word"),
    ("Workbook", "sheet"),
    ("PowerPoint Document", "slides"),
    ("__substg1.0_", "mail"),
)
_OLE_WINDOW = 1 << 22
"""Names of streams stand in the directory, wherever that is; the first and the last MiB are searched."""


def format_of(path: Path) -> Format:
    """What a file is. Raises Failure for what can't be read, with a code that tells what to do; OSError."""
    with path.open("rb") as file:
        head = file.read(1024)
        if _PDF in head:  # as nearly all have it
            return "pdf"
        head += file.read(_HEADER_WINDOW - len(head))
        size = file.seek(0, 2)
        file.seek(max(0, size - (1 << 16)))
        tail = file.read()
    if not size:
        raise Failure("empty")
    suffix = path.suffix.lower()
    if head.startswith(b"PK\x03\x04"):
        return _in_zip(path)
    if head.startswith(_OLE):
        raise Failure(_in_ole(path, size))
    if head.startswith(_IMAGES):
        return "image"
    if suffix in TEXT_SUFFIXES:
        return "text"
    if _PDF in head or b"startxref" in tail:  # junk before the header, or no header at all: readers bear it
        return "pdf"
    raise Failure(next((code for pattern, code in _FOREIGN if pattern.match(head[:8192])), _by_name(suffix)))


def has_pages(path: Path) -> bool:
    """Whether a file is a PDF or a picture: what has pages that can be drawn and marked. Looks at its head alone."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_WINDOW)
    except OSError:
        return False
    return head.startswith(_IMAGES) or (_PDF in head and not head.startswith((b"PK\x03\x04", _OLE)))


def _by_name(suffix: str) -> str:
    """The failure of a file that its bytes don't tell: broken where it should be one that we read."""
    if suffix in (".docx", ".docm"):
        return "docx_broken"
    return "image_broken" if suffix in READABLE - TEXT_SUFFIXES - {".pdf"} else "not_pdf"


def _in_zip(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        code = "docx_broken" if path.suffix.lower() in (".docx", ".docm") else "archive"
        raise Failure(code) from None
    code = next((code for start, code in _IN_ZIP if any(name.startswith(start) for name in names)), "archive")
    if code == "docx" or (code == "archive" and "[Content_Types].xml" in names and path.suffix.lower() == ".docx"):
        return "docx"
    raise Failure(code)


def _in_ole(path: Path, size: int) -> str:
    with path.open("rb") as file:
        data = file.read(_OLE_WINDOW)
        if size > _OLE_WINDOW:
            file.seek(max(_OLE_WINDOW, size - _OLE_WINDOW))
            data += file.read()
    return next((code for name, code in _IN_OLE if name.encode("utf-16-le") in data), "old_word")
