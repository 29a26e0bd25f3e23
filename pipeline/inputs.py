"""Which documents a person means, and within which limits they are read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import InputError, UsageError
from pipeline.lang import Text
from pipeline.pdf.failures import shown
from pipeline.pdf.formats import READABLE, REFUSED
from pipeline.pdf.read import ReadLimits
from pipeline.settings import Settings


def find_inputs(paths: Sequence[Path]) -> list[Path | InputError]:
    """Files as they are named, folders as the documents under them (in order of name, without read-me files); an
    InputError for a folder without. Documents of formats that can't be read are among them, to fail by name.

    Raises UsageError if no path is given.
    """
    if not paths:
        raise UsageError(
            Text("没有给出文件或文件夹", "no file or folder given"),
            Text("例如 longdoc review data/samples", "for example: longdoc review data/samples"),
        )
    inputs: list[Path | InputError] = []
    for path in paths:
        if not _is_folder(path):
            inputs.append(path)
            continue
        found, closed = _documents_in(path)
        inputs += [*found, *closed] or [_no_documents(path)]
    return inputs


def _documents_in(folder: Path) -> tuple[list[Path], list[InputError]]:
    """The documents under a folder, and the folders among them that can't be looked into."""
    errors: list[OSError] = []
    files = [Path(here, name) for here, _, names in os.walk(folder, onerror=errors.append) for name in names]
    found = sorted(file for file in files if _is_document(file) and not _hidden(file, folder))
    return found, [_closed(error) for error in errors if not _hidden(Path(error.filename), folder)]


def _closed(error: OSError) -> InputError:
    name = shown(str(error.filename))
    return InputError(
        Text(f"文件夹读不了（{error.strerror}）：{name}", f"can't look into folder {name}: {error.strerror}"),
        Text("请授予读取权限，或以其所有者运行", "grant read permission, or run as its owner"),
        Path(error.filename),
    )


def size_of(source: Path | InputError) -> int:
    """Bytes; 0 for what can't be asked about."""
    try:
        return 0 if isinstance(source, InputError) else source.stat().st_size
    except (OSError, ValueError):
        return 0


def _is_folder(path: Path) -> bool:
    """Whether it is a folder; a path that can't even be asked about (too long a name, no permission) is none, and
    fails by name when it is read."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _is_document(file: Path) -> bool:
    name = file.name.lower()
    return file.suffix.lower() in READABLE | REFUSED and not name.startswith(("~$", "readme", "read me"))


def _no_documents(folder: Path) -> InputError:
    return InputError(
        Text(f"文件夹里没有可读的文件（PDF、Word 等）：{folder}", f"no document (PDF, Word ...) in folder {folder}"),
        Text("请检查路径", "check the path"),
        folder,
    )


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def read_limits(settings: Settings) -> ReadLimits:
    """The limits that are set."""
    return ReadLimits(
        workers=settings.workers,
        timeout_s=settings.read_timeout_s,
        memory_mib=settings.read_memory_mib,
        ocr=settings.ocr,
        ocr_page_timeout_s=settings.ocr_page_timeout_s,
        passwords=settings.passwords,
    )
