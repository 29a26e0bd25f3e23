"""The watched folder: documents go in, findings come out, the files move on.

::

    inbox/                       drop files here, or folders of them
    inbox/.working/CLAIM/        taken by one watcher; CLAIM is HOST-PID-TOKEN
    inbox/.working/CLAIM.lock    locked for as long as that watcher lives
    inbox/.working/struck/       names of files during which a watcher died
    inbox/done/                  analysed
    inbox/failed/                not analysed, each with NAME.error.txt beside it

Every step is one rename that never overwrites, so a kill leaves each file whole and in one place. A file in a claim
whose lock is free (its watcher was killed, its machine went down) goes back to the inbox, at start and at every
rescan of any watcher of that folder; analysing it again costs nothing, because completions and analyses are durable.
The lock is a POSIX record lock: the kernel frees it with the process, over NFS too.

A file that kills the whole process would do so for ever under a supervisor that starts it again. So those that a dead
watcher had in work are struck once, and then reviewed one at a time, nothing beside them; one that is found in a dead
watcher's claim again has failed.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import fcntl
import itertools
import os
import re
import secrets
import signal
import socket
import stat
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol

import watchfiles

from pipeline.errors import EngineError, ReadError, SettingsError
from pipeline.lang import Text
from pipeline.pdf.formats import TEXT_SUFFIXES
from pipeline.run import Batch, Event, Result, open_session
from pipeline.settings import Settings

DONE, FAILED, WORKING, STRUCK = "done", "failed", ".working", "struck"
SLOTS = 4
"""Reviews at once: a long document does not hold up the next arrivals."""
BATCH = 16
"""Most files of one review."""
TICK_S = 0.25
"""Between two looks while some file has yet to stand still."""
POLL_S = 1.0
"""Between two looks where the file system tells nothing (NFS, SMB)."""

_TEMPORARY = re.compile(
    r"^\.|^~\$|~$|^(thumbs\.db|desktop\.ini)$|\.(crdownload|part|partial|filepart|download|opdownload|tmp|temp|swp)$",
    re.IGNORECASE,
)
_NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "fuse.glusterfs"}
)
_NOTE, _DRAFT = ".error.txt", ".note-"
_TOKEN = secrets.token_hex(4)
"""Tells this process's claims from those of an earlier one with the same host name and pid (a restarted container)."""

Listener = Callable[[Event], None]


class Reviewer(Protocol):
    """What the watcher needs of ``run.Session``."""

    async def review(self, paths: Sequence[Path], on_event: Listener) -> Batch: ...


class OpenReviewer(Protocol):
    def __call__(self, settings: Settings, /) -> AbstractAsyncContextManager[Reviewer]: ...


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


def _ignore(event: Event) -> None:
    """The listener of those who don't listen."""


async def watch(
    inbox: Path,
    settings: Settings,
    *,
    once: bool = False,
    on_event: Listener = _ignore,
    open_session: OpenReviewer = open_session,
    patience: Patience = Patience(),
) -> int:
    """Analyse what lies in ``inbox`` and what arrives there, with one engine, until told to stop.

    ``once`` returns when nothing is left to take. SIGINT, SIGTERM and cancelling end it within seconds: what was in
    work goes back to the inbox. Several watchers may share a folder. Symbolic links are left where they are.

    Returns the exit code: 0, or 1 when ``once`` ended with failed documents; 130 after SIGINT, 0 after SIGTERM (the
    orderly end of a service). Raises SettingsError for a folder that can't be used, EngineError when the engine dies,
    and whatever opening or using the session raises; the files in work are then back in the inbox.
    """
    folder = _prepare(inbox)
    with _cancelled_by_signals() as received:
        try:
            async with open_session(settings) as session:
                with Claim(folder) as claim:
                    watcher = _Watcher(folder, session, claim, on_event, patience)
                    return 1 if await watcher.run(once=once) else 0
        except asyncio.CancelledError:
            if not received:
                raise
            for _ in received:
                _current_task().uncancel()
            return 130 if received[0] == signal.SIGINT else 0


def _prepare(inbox: Path) -> Path:
    """The inbox with its subfolders, made where missing; proved to be writable."""
    try:
        inbox.mkdir(parents=True, exist_ok=True)
        folder = inbox.resolve(strict=True)
        for name in (DONE, FAILED):
            (folder / name).mkdir(exist_ok=True)
        (folder / WORKING).mkdir(mode=0o700, exist_ok=True)
        probe = folder / WORKING / f"probe-{_TOKEN}"
        for name in (DONE, FAILED):
            probe.touch()
            probe.replace(folder / name / f".{probe.name}").unlink()
    except OSError as error:
        raise SettingsError(
            Text(
                f"不能使用监视文件夹 {inbox}：{error.strerror}",
                f"can't use the watched folder {inbox}: {error.strerror}",
            ),
            Text(
                "请给出一个本用户可写的文件夹；其中的 done、failed、.working 须在同一文件系统上",
                "name a folder that this user may write to; its done, failed and .working must be on one file system",
            ),
        ) from None
    return folder


def _current_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task


@contextmanager
def _cancelled_by_signals() -> Generator[list[int]]:
    """Cancel the current task at SIGINT and SIGTERM; yields the list of those that came. Only in the main thread."""
    task, loop = _current_task(), asyncio.get_running_loop()
    received: list[int] = []
    previous: dict[int, object] = {}

    def stop(number: int) -> None:
        received.append(number)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        before = signal.getsignal(number)
        with suppress(ValueError, RuntimeError):  # not the main thread: whoever runs us there cancels instead
            loop.add_signal_handler(number, stop, number)
            previous[number] = before
    try:
        yield received
    finally:
        for number, before in previous.items():
            loop.remove_signal_handler(number)
            signal.signal(number, before)  # pyright: ignore[reportArgumentType]


class _Watcher:
    """The loop: look, take, review, move."""

    def __init__(self, inbox: Path, session: Reviewer, claim: Claim, on_event: Listener, patience: Patience) -> None:
        self._inbox = inbox
        self._session = session
        self._claim = claim
        self._on_event = on_event
        self._patience = patience
        self._sightings = Sightings(inbox, patience)
        self._struck = inbox / WORKING / STRUCK
        self._alone = False
        """Whether a struck file is in work."""
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._announced = _announces(inbox)
        self._failed = 0

    async def run(self, *, once: bool) -> int:
        """Returns how many documents failed; only ``once`` gets there: it waits for no copy that has stalled."""
        if once:
            patience = replace(self._patience, stall_s=min(self._patience.stall_s, self._patience.quiet_s))
            self._sightings = Sightings(self._inbox, patience)
        listener = asyncio.create_task(self._listen()) if self._announced and not once else None
        next_recovery = 0.0
        try:
            while True:
                self._wake.clear()
                if time.monotonic() >= next_recovery:
                    for path in (await asyncio.to_thread(return_stale, self._inbox)).failed:
                        self._failed += 1
                        self._on_event(Event("failed", path, str(KILLER.cause), 0, 0))
                    next_recovery = time.monotonic() + self._patience.rescan_s
                await self._take()
                if once and not self._running and not self._sightings.waiting:
                    return self._failed
                await self._pause()
                self._collect()
        finally:
            if listener is not None:
                listener.cancel()
                await asyncio.wait([listener])
            await self._wind_down()

    async def _take(self) -> None:
        """Claim what is ready and start its review, if a slot is free; else leave it to other watchers."""
        if len(self._running) >= SLOTS or self._alone:
            return
        ready = await asyncio.to_thread(self._sightings.ready, time.monotonic(), BATCH)
        ready, struck = _apart(ready, self._inbox, self._struck)
        if not ready and struck and not self._running:
            ready, self._alone = struck[:1], True
        taken = [path for path in map(self._claimed, ready) if path is not None]
        if taken:
            task = asyncio.create_task(self._review(taken))
            task.add_done_callback(lambda _: self._wake.set())
            self._running.add(task)
        else:
            self._alone = False

    def _claimed(self, relative: Path) -> Path | None:
        """The file's path in the claim; None where it went elsewhere, or can't be moved, which is told once."""
        try:
            return self._claim.take(relative)
        except OSError as error:  # somebody else's file in a folder with the sticky bit
            self._sightings.refuse(relative)
            self._failed += 1
            text = Text(
                f"不能移动（{error.strerror}），留在原处；请检查该文件与所在文件夹的权限",
                f"can't be moved ({error.strerror}) and is left there: check permissions of the file and its folder",
            )
            self._on_event(Event("failed", self._inbox / relative, str(text), 0, 0))
            return None

    async def _pause(self) -> None:
        if self._sightings.waiting and len(self._running) < SLOTS:
            timeout = TICK_S
        else:
            timeout = self._patience.rescan_s if self._announced else min(POLL_S, self._patience.rescan_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):  # 3.11's wait_for can lose a cancellation
                await self._wake.wait()

    async def _review(self, paths: Sequence[Path]) -> None:
        batch = await self._session.review(paths, self._on_event)
        dead = [result for result in batch.results if result.exit_code == EngineError.exit_code]
        for result in batch.results:
            if result not in dead:
                self._move_on(result)
                self._claim.tidy(result.path)
        if dead:
            raise EngineError(
                Text(dead[0].error, dead[0].error),
                Text(
                    "文件已放回监视文件夹，引擎恢复后重新启动即可",
                    "the files are back in the folder: start again once it is up",
                ),
            )

    def _move_on(self, result: Result) -> None:
        """Move a reviewed file to where its outcome says."""
        relative = self._claim.origin(result.path)
        _strike_of(self._struck, result.path).unlink(missing_ok=True)
        try:
            if result.status == "failed":
                self._failed += 1
                move(result.path, self._inbox / FAILED / relative, note=_error_text(result))
            else:
                move(result.path, self._inbox / DONE / relative)
        except FileNotFoundError:  # taken away by hand while it was in work: its findings are in the database
            text = Text(f"{relative} 在分析时被移走", f"{relative} was taken away during its analysis")
            self._on_event(Event("failed", result.path, str(text), 0, 0))

    def _collect(self) -> None:
        """Forget the reviews that have ended; raises what one of them raised."""
        for task in [task for task in self._running if task.done()]:
            self._running.discard(task)
            self._alone = False
            task.result()

    async def _wind_down(self) -> None:
        """Let reviews end by themselves for a moment, then cancel them. The claim gives their files back."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=self._patience.grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _listen(self) -> None:
        """Wake the loop when the file system tells of a change. Where it can't (no more inotify watches), poll."""
        held = tuple(f"{self._inbox / name}{os.sep}" for name in (DONE, FAILED, WORKING))
        try:
            async for _ in watchfiles.awatch(  # pyright: ignore[reportUnknownMemberType]  (trio's event type)
                self._inbox,
                watch_filter=lambda _, path: not path.startswith(held),
                debounce=200,
                force_polling=False,
                ignore_permission_denied=True,
            ):
                self._wake.set()
        except (OSError, RuntimeError):
            self._announced = False
            self._wake.set()


def _error_text(result: Result) -> str:
    """The text of NAME.error.txt: what, why, and what to do."""
    moment = time.strftime("%Y-%m-%d %H:%M:%S %z")
    remedy = Text(
        "处理后把文件重新放入监视文件夹即可；本说明可以删除。",
        "Once that is done, drop the file into the watched folder again; this note may be deleted.",
    )
    return f"{result.path.name}\n{moment}\n{result.error_type}\n\n{result.error}\n\n{remedy}\n"


# --- what lies in the inbox -------------------------------------------------------------------------------------------


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


def _announces(inbox: Path) -> bool:
    """Whether the file system tells of changes that others make: a local one, and no WATCHFILES_FORCE_POLLING."""
    if os.environ.get("WATCHFILES_FORCE_POLLING", "").lower() not in ("", "0", "false", "disable"):
        return False
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return True
    found = ("", "")
    for line in mounts:
        fields, _, rest = line.partition(" - ")
        point = re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), fields.split()[4])
        if len(point) >= len(found[0]) and inbox.is_relative_to(point):
            found = (point, rest.split()[0])
    return found[1] not in _NETWORK_FILE_SYSTEMS


# --- claims -----------------------------------------------------------------------------------------------------------


class Claim:
    """The files that this watcher has taken. Leaving the context gives back what is still there."""

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox
        self.folder = inbox / WORKING / f"{socket.gethostname()}-{os.getpid()}-{_TOKEN}{next(_numbers)}"
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
        if f"-{os.getpid()}-{_TOKEN}" in folder.name or folder.name == STRUCK or not folder.is_dir():
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
        for path in (Path(folder, name) for name in names if not name.startswith(_DRAFT)):
            mark = _strike_of(struck, path)
            if mark.exists():
                result = Result(path, None, None, "failed", type(KILLER).__name__, str(KILLER))
                yield move(path, inbox.joinpath(FAILED, *path.relative_to(claim).parts[1:]), note=_error_text(result))
                mark.unlink()
            else:
                mark.touch()


def _strike_of(struck: Path, path: Path) -> Path:
    """The mark of a file that was in a dead watcher's hands; a rename does not change it."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return struck / "gone"
    return struck / f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"


def _apart(ready: Sequence[Path], inbox: Path, struck: Path) -> tuple[list[Path], list[Path]]:
    """Files that are fresh, and those that are struck."""
    marked = [_strike_of(struck, inbox / path).exists() for path in ready] if struck.is_dir() else [False] * len(ready)
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
            if name.startswith(_DRAFT):
                path.unlink()
            else:
                move(path, inbox.joinpath(*path.relative_to(claim).parts[1:]))
                returned += 1
        Path(folder).rmdir()
    _lock_path(claim).unlink(missing_ok=True)
    return returned


# --- moving -----------------------------------------------------------------------------------------------------------


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
            draft = source.with_name(f"{_DRAFT}{secrets.token_hex(4)}")
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
