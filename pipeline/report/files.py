"""Files that are whole or not there, under names that no document chose."""

from __future__ import annotations

import os
import secrets
import unicodedata
from pathlib import Path

from pipeline.errors import SettingsError
from pipeline.lang import Text
from pipeline.types import DocumentInfo, StoredAnalysis

_LONGEST_SLUG = 48
"""In characters: at four bytes each it leaves room in the 255 bytes of a file name."""


def report_name(stored: StoredAnalysis) -> str:
    """Name of the report of an analysis: what can be read of the document's name, and what makes it its own.

    A failure has a name of its own, so that it never takes the place of a report that stands.
    """
    document = stored.analysis.document
    stem = stem_of(document) if document.id else f"{slug(document.filename)}-a{stored.id}"
    return stem + (".failed.html" if stored.analysis.status == "failed" else ".html")


def stem_of(document: DocumentInfo) -> str:
    """What the files about a document that could be read are called, but for their suffix."""
    return f"{slug(document.filename)}-{(document.id or '')[:12]}"


def pictures_folder(report: Path) -> Path:
    """Where the pictures of pages lie that belong to a report: beside it."""
    return report.with_suffix(".pages")


def slug(filename: str) -> str:
    """Letters and digits of any script from a file's name, joined by ``-``: never a path, an option, a hidden file."""
    stem = unicodedata.normalize("NFC", Path(filename.replace("\\", "/")).stem)
    kept = "".join(char if unicodedata.category(char)[0] in "LN" else " " for char in stem)
    return "-".join(kept.split())[:_LONGEST_SLUG].strip("-") or "document"


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside, then rename: a reader sees the old file or the new one. Makes the folder.

    Raises SettingsError where that can't be done.
    """
    draft = path.parent / f".longdoc-{secrets.token_hex(8)}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_bytes(data)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(
            Text(f"写不了 {path}：{reason}", f"can't write {path}: {reason}"),
            Text(
                "请检查文件夹的权限与剩余空间，或用 --out 换一个",
                "check the folder's permissions and free space, or name another with --out",
            ),
        ) from error


def ends_with(path: Path, data: bytes) -> bool:
    """Whether a file is there that ends with ``data``."""
    try:
        with path.open("rb") as file:
            file.seek(-len(data), os.SEEK_END)
            return file.read() == data
    except OSError:
        return False
