"""Who has taken what from the watched folder, told by locks that end with their process."""

from __future__ import annotations

import fcntl
import itertools
import os
import secrets
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import ReadError, SettingsError
from pipeline.inbox import FAILED, STRUCK, WORKING
from pipeline.inbox.moves import DRAFT, error_note, move, rename
from pipeline.lang import Text

TOKEN = secrets.token_hex(4)
"""Tells this process's claims from those of an earlier one with the same host name and pid (a restarted container)."""


class Claim:
    """The files that this watcher has taken. Leaving the context gives back what is still there."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox
        self.folder = inbox / WORKING / f"{socket.gethostname()}-{os.getpid()}-{TOKEN}{next(_numbers)}"
        lock = _try_lock(_lock_path(self.folder))  # before the folder: a claim without a locked lock is dead
        if lock is None:
            raise SettingsError(
                Text(
                    f"监视文件夹 {inbox} 所在的文件系统不支持文件锁",
                    f"the file system of {inbox} does not support file locks",
                ),
                Text("请换用本地磁盘、NFS 4 或 SMB 3 上的文件夹", "use a folder on a local disk, NFS 4 or SMB 3"),
            )
        self._lock = lock
        self.folder.mkdir(mode=0o700)

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            _give_back(self.folder, self._inbox)
        finally:
            os.close(self._lock)

    def take(self, relative: Path) -> Path | None:
        """Take a file of the inbox. Returns its new path, below a folder of its own; None where somebody was faster."""
        target = self.folder / str(next(_numbers)) / relative
        target.parent.mkdir(parents=True)
        try:
            rename(self._inbox / relative, target)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(target.lstat().st_mode):  # swapped for a link since the look
            move(target, self._inbox / relative)
            return None
        return target

    def origin(self, path: Path) -> Path:
        """Where a taken file lay, relative to the inbox."""
        return Path(*path.relative_to(self.folder).parts[1:])

    def tidy(self, path: Path) -> None:
        """Remove the folders that a file leaves empty behind it."""
        for folder in itertools.takewhile(self.folder.__ne__, path.parents):
            with suppress(OSError):  # not empty: the end of the claim clears it
                folder.rmdir()


_numbers = itertools.count()


class Returned(NamedTuple):
    """What became of dead watchers' files: how many went back to the inbox, and which have failed."""

    given_back: int
    failed: list[Path]


KILLER = ReadError(
    Text(
        "分析这个文件时整个程序两次中止（可能是内存不足，或文件使程序崩溃）",
        "the whole program ended twice while this file was analysed (for want of memory, or because the file kills it)",
    ),
    Text(
        "请先用 longdoc review 单独分析它；若两次都是断电或人为中止，重新放入即可",
        "analyse it alone with longdoc review; if both times it was a power cut, drop it in again",
    ),
)


def return_stale(inbox: Path) -> Returned:
    """Give back the files of watchers that are gone; those that were in a dead watcher's hands before have failed."""
    returned = Returned(0, [])
    for folder in sorted((inbox / WORKING).iterdir()):
        if f"-{os.getpid()}-{TOKEN}" in folder.name or folder.name == STRUCK or not folder.is_dir():
            continue
        lock = _try_lock(_lock_path(folder))
        if lock is not None:
            try:
                failed = list(_strike(folder, inbox))
                returned = Returned(returned.given_back + _give_back(folder, inbox), returned.failed + failed)
            finally:
                os.close(lock)
    return returned


def _strike(claim: Path, inbox: Path) -> Iterator[Path]:
    """Strike the files of a dead watcher; those that were struck before move to ``failed``."""
    struck = inbox / WORKING / STRUCK
    struck.mkdir(exist_ok=True)
    for folder, _, names in os.walk(claim):
        for path in (Path(folder, name) for name in names if not name.startswith(DRAFT)):
            mark = strike_of(struck, path)
            if mark.exists():
                note = error_note(path.name, type(KILLER).__name__, str(KILLER))
                yield move(path, inbox.joinpath(FAILED, *path.relative_to(claim).parts[1:]), note=note)
                mark.unlink()
            else:
                mark.touch()


def strike_of(struck: Path, path: Path) -> Path:
    """The mark of a file that was in a dead watcher's hands; a rename does not change it."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return struck / "gone"
    return struck / f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"


def apart(ready: Sequence[Path], inbox: Path, struck: Path) -> tuple[list[Path], list[Path]]:
    """Files that are fresh, and those that are struck."""
    marked = [strike_of(struck, inbox / path).exists() for path in ready] if struck.is_dir() else [False] * len(ready)
    pairs = list(zip(ready, marked, strict=True))
    return [path for path, mark in pairs if not mark], [path for path, mark in pairs if mark]


def _lock_path(claim: Path) -> Path:
    return claim.with_name(f"{claim.name}.lock")


def _try_lock(path: Path) -> int | None:
    """An open descriptor that holds the lock, or None where a living process holds it.

    A record lock ends with its process, is not inherited by forked children, and is *not* a barrier within one
    process: closing any descriptor of the file frees it, so nobody opens the locks of their own process.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _give_back(claim: Path, inbox: Path) -> int:
    """Move everything in a claim back to the inbox and remove the claim; the caller holds its lock."""
    returned = 0
    for folder, _, names in os.walk(claim, topdown=False):
        for name in names:
            path = Path(folder, name)
            if name.startswith(DRAFT):
                path.unlink()
            else:
                move(path, inbox.joinpath(*path.relative_to(claim).parts[1:]))
                returned += 1
        Path(folder).rmdir()
    _lock_path(claim).unlink(missing_ok=True)
    return returned
