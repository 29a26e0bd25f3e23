"""Renames that never overwrite: each file is whole and in one place, whenever the power fails."""

from __future__ import annotations

import ctypes
import errno
import itertools
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from pipeline.lang import Text

_NOTE, DRAFT = ".error.txt", ".note-"


def error_note(name: str, error_type: str, error: str) -> str:
    """The text of NAME.error.txt: what, why, and what to do."""
    moment = time.strftime("%Y-%m-%d %H:%M:%S %z")
    remedy = Text(
        "处理后把文件重新放入监视文件夹即可；本说明可以删除。",
        "Once that is done, drop the file into the watched folder again; this note may be deleted.",
    )
    return f"{name}\n{moment}\n{error_type}\n\n{error}\n\n{remedy}\n"


def move(source: Path, wanted: Path, *, note: str | None = None) -> Path:
    """Move a file to ``wanted``, or to ``NAME-1``, ``NAME-2`` ... where that exists. Returns where it went.

    A ``note`` is put beside it as NAME.error.txt, before the file gets there: no failed file lacks its reason.
    """
    wanted = _made(wanted.parent) / wanted.name
    for ending in itertools.chain([""], (f"-{number}" for number in itertools.count(1))):
        target = wanted.with_name(_fitted(wanted.stem, ending + wanted.suffix, 0 if note is None else len(_NOTE)))
        if os.path.lexists(target):
            continue
        if note is not None:
            draft = source.with_name(f"{DRAFT}{secrets.token_hex(4)}")
            draft.write_text(note, encoding="utf-8")
            draft.replace(target.with_name(target.name + _NOTE))
        with suppress(FileExistsError):  # another watcher chose the same name
            rename(source, target)
            return target
    raise AssertionError("names never run out")


def _made(folder: Path) -> Path:
    """The folder, made where missing; the nearest one above it where a file of its name is in the way."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        return _made(folder.parent)
    return folder


def _fitted(stem: str, suffix: str, spare: int) -> str:
    """``stem + suffix``, the stem cut so that ``spare`` bytes are left of the 255 of a file name."""
    room = 255 - spare - len(os.fsencode(suffix))
    if len(os.fsencode(stem)) <= room:
        return stem + suffix
    return os.fsencode(stem)[:room].decode("utf-8", "ignore") + suffix


def rename(source: Path, target: Path) -> None:
    """Rename within a file system, atomically; raises FileExistsError instead of overwriting.

    Where neither C library nor file system can do that in one step (renameat2: glibc 2.28; not on NFS), the check comes
    first and leaves a gap of microseconds.
    """
    if _renameat2 is not None:
        at_cwd, no_replace = -100, 1
        if not _renameat2(at_cwd, os.fsencode(source), at_cwd, os.fsencode(target), no_replace):
            return
        code = ctypes.get_errno()
        if code not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise OSError(code, os.strerror(code), str(source), None, str(target))
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(source), None, str(target))
    source.rename(target)


_renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
