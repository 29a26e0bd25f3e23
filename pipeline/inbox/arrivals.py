"""What lies in the watched folder, and since when it stands still: what can be taken."""

from __future__ import annotations

import itertools
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SettingsError
from pipeline.inbox import DONE, FAILED
from pipeline.lang import Text
from pipeline.pdf.formats import TEXT_SUFFIXES

_TEMPORARY = re.compile(
    r"^\.|^~\$|~$|^(thumbs\.db|desktop\.ini)$|\.(crdownload|part|partial|filepart|download|opdownload|tmp|temp|swp)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the watcher waits for what."""

    settle_s: float = 1.0
    """A file that is whole is taken after standing still for so long."""
    quiet_s: float = 5.0
    """One that bears no sign of its end (text, TIFF), and, by ``once``, any other."""
    stall_s: float = 60.0
    """One that is not whole, or that can't be read at all, is taken after so long, and fails by name."""
    rescan_s: float = 30.0
    """Between two looks when nothing was announced, and between two searches for dead watchers' claims."""
    grace_s: float = 3.0
    """For reviews to end by themselves when the watcher is told to stop."""


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class _Sighting:
    mark: tuple[int, int, int]
    """inode, size, mtime_ns: while these stay, nothing is being written."""
    since: float


class Sightings:
    """Since when each file in the inbox has stood still."""

    def __init__(self, inbox: Path, patience: Patience) -> None:
        self._inbox = inbox
        self._patience = patience
        self._seen: dict[Path, _Sighting] = {}
        self._refused: set[_Sighting] = set()

    @property
    def waiting(self) -> bool:
        """Whether any file lay there at the last look, apart from those refused."""
        return not self._refused.issuperset(self._seen.values())

    def refuse(self, path: Path) -> None:
        """Never offer this file again, unless it changes."""
        self._refused.add(self._seen[path])

    def ready(self, now: float, limit: int) -> list[Path]:
        """Up to ``limit`` paths, relative to the inbox, that can be taken: those that stood still for longest first.

        ``now`` is any clock that only goes forward, in seconds.
        """
        seen: dict[Path, _Sighting] = {}
        for path, status in _files(self._inbox):
            mark = (status.st_ino, status.st_size, status.st_mtime_ns)
            before = self._seen.get(path)
            seen[path] = before if before and before.mark == mark else _Sighting(mark, now)
        self._seen = seen
        self._refused.intersection_update(seen.values())
        ready = (path for path in sorted(seen, key=lambda p: (seen[p].since, p)) if self._may_go(path, now))
        return list(itertools.islice(ready, limit))

    def _may_go(self, path: Path, now: float) -> bool:
        still_s = now - self._seen[path].since
        if self._seen[path] in self._refused or still_s < self._patience.settle_s:
            return False
        return still_s >= self._patience.stall_s or still_s >= self._needed(wholeness(self._inbox / path))

    def _needed(self, whole: bool | None) -> float:
        """Seconds that a file must stand still."""
        if whole is None:
            return self._patience.quiet_s
        return self._patience.settle_s if whole else self._patience.stall_s


def _files(inbox: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Regular files below the inbox, relative to it, without those that are ours, hidden, partial or temporary."""

    def complain(error: OSError) -> None:
        if Path(error.filename) == inbox:
            raise SettingsError(
                Text(
                    f"监视文件夹 {inbox} 读不了了：{error.strerror}",
                    f"lost the watched folder {inbox}: {error.strerror}",
                ),
                Text("请检查挂载与权限后重新启动", "check its mount and permissions, then start again"),
            )

    for folder, subfolders, names in os.walk(inbox, onerror=complain):
        here = Path(folder)
        ours = (DONE, FAILED) if here == inbox else ()
        subfolders[:] = [name for name in subfolders if name not in ours and not _TEMPORARY.search(name)]
        for name in names:
            if _TEMPORARY.search(name):
                continue
            with suppress(FileNotFoundError):  # gone since the folder was read
                status = (here / name).lstat()
                if stat.S_ISREG(status.st_mode):
                    yield (here / name).relative_to(inbox), status


_TAIL = 66_000
"""The end of a zip is a record of 22 bytes and a comment of up to 65,535."""


def wholeness(path: Path) -> bool | None:
    """Whether a file has the end that its beginning promises; None for one of a kind that has no mark there.

    A copy that has stalled has no end yet; so has one whose size was reserved beforehand (its tail is zeros).
    """
    try:
        with path.open("rb") as file:
            head = file.read(1024)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            tail = file.read()
    except OSError:  # unreadable now: taken once it has stood still for long, and then reading names the cause
        return False
    if b"%PDF-" in head:
        return b"%%EOF" in tail[-2048:]
    for start, end in _ENDS.items():
        if head.startswith(start):
            return end in tail
    endless = path.suffix.lower() in TEXT_SUFFIXES or head.startswith(_ENDLESS)
    return None if endless and tail.strip(b"\0") else False


_ENDS = {b"PK\x03\x04": b"PK\x05\x06", b"\x89PNG\r\n\x1a\n": b"IEND\xaeB`\x82", b"\xff\xd8\xff": b"\xff\xd9"}
"""Of zips (docx), PNG and JPEG."""
_ENDLESS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""TIFF; old Office files, which fail by name."""
