"""The watched folder, with real files, real processes and real kills; only the session is scripted."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import pytest
from papers import contract
from scripted_session import HASTE, WHOLE, ScriptedSession

from pipeline.errors import EngineError, SettingsError
from pipeline.inbox.arrivals import Patience, Sightings, wholeness
from pipeline.inbox.claims import Claim, return_stale
from pipeline.inbox.moves import move, rename
from pipeline.lang import Text
from pipeline.outcome import Event
from pipeline.settings import Settings, load_settings
from pipeline.watch import watch

SCRIPT = Path(__file__).with_name("scripted_session.py")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"engine": "rules"}, environ={}, directory=tmp_path)


def names(folder: Path) -> list[str]:
    """All files below a folder; unlike rglob this bears it when they move meanwhile."""
    return sorted(str(Path(here, file).relative_to(folder)) for here, _, files in os.walk(folder) for file in files)


def sweep(inbox: Path, settings: Settings, session: ScriptedSession | None = None) -> int:
    session = session or ScriptedSession()
    return asyncio.run(watch(inbox, settings, once=True, open_session=session.open, patience=HASTE))


async def until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.02)


def watching(
    inbox: Path, settings: Settings, session: ScriptedSession, body: Callable[[], Coroutine[None, None, None]]
) -> list[Event]:
    """Run ``body`` while a watcher runs beside it, then cancel that."""
    events: list[Event] = []

    async def both() -> None:
        watcher = asyncio.create_task(
            watch(inbox, settings, on_event=events.append, open_session=session.open, patience=HASTE)
        )
        try:
            await body()
        finally:
            watcher.cancel()
            with pytest.raises(asyncio.CancelledError):
                await watcher

    asyncio.run(both())
    return events


# --- one file ---------------------------------------------------------------------------------------------------------


def test_files_already_there_are_analysed_together_and_move_to_done(inbox: Path, settings: Settings) -> None:
    for name in ("甲.pdf", "乙.pdf", "丙.PDF"):
        (inbox / name).write_bytes(WHOLE)
    session = ScriptedSession()
    assert sweep(inbox, settings, session) == 0
    assert names(inbox) == ["done/丙.PDF", "done/乙.pdf", "done/甲.pdf"]
    assert [sorted(batch) for batch in session.batches] == [sorted(["甲.pdf", "乙.pdf", "丙.PDF"])]


def test_a_file_that_arrives_later_is_analysed_within_seconds(inbox: Path, settings: Settings) -> None:
    async def drop() -> None:
        await asyncio.sleep(0.5)
        (inbox / "new.pdf").write_bytes(WHOLE)
        await until((inbox / "done/new.pdf").exists, 3.0)

    watching(inbox, settings, ScriptedSession(), drop)
    assert names(inbox) == ["done/new.pdf"]


def test_it_polls_where_the_file_system_is_silent(
    inbox: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")

    async def drop() -> None:
        await asyncio.sleep(0.3)
        (inbox / "new.pdf").write_bytes(WHOLE)
        await until((inbox / "done/new.pdf").exists, 5.0)

    watching(inbox, settings, ScriptedSession(), drop)


def test_a_growing_file_waits_until_it_stands_still(inbox: Path, settings: Settings) -> None:
    session = ScriptedSession()

    async def copy_slowly() -> None:
        with (inbox / "big.pdf").open("wb") as file:
            for _ in range(15):  # every piece looks whole: only the growth tells
                file.write(WHOLE)
                file.flush()
                await asyncio.sleep(0.1)
                assert not session.batches
        await until((inbox / "done/big.pdf").exists)

    watching(inbox, settings, session, copy_slowly)
    assert (inbox / "done/big.pdf").stat().st_size == 15 * len(WHOLE)


def test_a_stalled_copy_gets_its_time_and_may_go_on(inbox: Path, settings: Settings) -> None:
    async def copy_with_a_pause() -> None:
        (inbox / "slow.pdf").write_bytes(WHOLE[:200])
        await asyncio.sleep(0.6)  # longer than a whole file needs to settle
        assert (inbox / "slow.pdf").exists()
        with (inbox / "slow.pdf").open("ab") as file:
            file.write(WHOLE[200:])
        await until((inbox / "done/slow.pdf").exists)

    watching(inbox, settings, ScriptedSession(), copy_with_a_pause)
    assert (inbox / "done/slow.pdf").read_bytes() == WHOLE


def test_what_is_no_pdf_fails_by_name_after_a_while(inbox: Path, settings: Settings) -> None:
    (inbox / "合同.docx").write_bytes(b"PK\x03\x04 no pdf")
    (inbox / "empty.pdf").touch()
    (inbox / "good.pdf").write_bytes(WHOLE)
    assert sweep(inbox, settings) == 1
    assert names(inbox) == [
        "done/good.pdf",
        "failed/empty.pdf",
        "failed/empty.pdf.error.txt",
        "failed/合同.docx",
        "failed/合同.docx.error.txt",
    ]
    note = (inbox / "failed/合同.docx.error.txt").read_text(encoding="utf-8")
    assert note.startswith("合同.docx\n")
    assert "ReadError" in note
    assert "不是 PDF。请导出为 PDF" in note
    assert "重新放入" in note


def test_nothing_is_overwritten(inbox: Path, settings: Settings) -> None:
    for folder in ("done", "failed"):
        (inbox / folder).mkdir()
        (inbox / folder / "x.pdf").write_bytes(b"older")
    (inbox / "done/x-1.pdf").write_bytes(b"old")
    (inbox / "x.pdf").write_bytes(WHOLE)
    assert sweep(inbox, settings) == 0
    (inbox / "x.pdf").write_bytes(WHOLE + b"FAIL%%EOF")
    assert sweep(inbox, settings) == 1
    assert names(inbox) == [
        "done/x-1.pdf",
        "done/x-2.pdf",
        "done/x.pdf",
        "failed/x-1.pdf",
        "failed/x-1.pdf.error.txt",
        "failed/x.pdf",
    ]
    assert (inbox / "done/x.pdf").read_bytes() == b"older"
    assert (inbox / "done/x-2.pdf").read_bytes() == WHOLE


def test_a_repaired_file_that_fails_again_gets_a_new_note(inbox: Path, settings: Settings) -> None:
    (inbox / "failed").mkdir()
    (inbox / "failed/x.pdf.error.txt").write_text("the note of a file that was taken back")
    (inbox / "x.pdf").write_bytes(WHOLE + b"FAIL%%EOF")
    assert sweep(inbox, settings) == 1
    assert names(inbox / "failed") == ["x.pdf", "x.pdf.error.txt"]
    assert "ReadError" in (inbox / "failed/x.pdf.error.txt").read_text()


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.pdf",
        "~$合同.pdf",
        ".~lock.合同.pdf#",
        "a.pdf.crdownload",
        "a.pdf.part",
        "a.pdf.TMP",
        "a.pdf~",
        "Thumbs.db",
    ],
)
def test_temporary_and_hidden_names_are_left_alone(inbox: Path, settings: Settings, name: str) -> None:
    (inbox / name).write_bytes(WHOLE)
    assert sweep(inbox, settings) == 0
    assert names(inbox) == [name]


def test_links_are_not_followed(inbox: Path, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.pdf").write_bytes(WHOLE)
    (inbox / "link.pdf").symlink_to(tmp_path / "outside/secret.pdf")
    (inbox / "folder").symlink_to(tmp_path / "outside")
    assert sweep(inbox, settings) == 0
    assert (inbox / "link.pdf").is_symlink()
    assert (tmp_path / "outside/secret.pdf").exists()


def test_a_folder_that_is_dropped_keeps_its_shape(inbox: Path, settings: Settings) -> None:
    (inbox / "案卷/附件").mkdir(parents=True)
    (inbox / "案卷/合同.pdf").write_bytes(WHOLE)
    (inbox / "案卷/附件/合同.pdf").write_bytes(WHOLE + b"FAIL%%EOF")
    (inbox / "案卷/done").mkdir()
    (inbox / "案卷/done/third.pdf").write_bytes(WHOLE)
    assert sweep(inbox, settings) == 1
    assert names(inbox) == [
        "done/案卷/done/third.pdf",
        "done/案卷/合同.pdf",
        "failed/案卷/附件/合同.pdf",
        "failed/案卷/附件/合同.pdf.error.txt",
    ]


def test_a_folder_named_like_a_finished_file_is_no_obstacle(inbox: Path, settings: Settings) -> None:
    (inbox / "done").mkdir()
    (inbox / "done/案卷").write_bytes(b"a file")
    (inbox / "案卷").mkdir()
    (inbox / "案卷/合同.pdf").write_bytes(WHOLE)
    assert sweep(inbox, settings) == 0
    assert names(inbox) == ["done/合同.pdf", "done/案卷"]


@pytest.mark.parametrize("content", [WHOLE, WHOLE + b"FAIL%%EOF"], ids=["done", "failed"])
def test_the_longest_file_name_still_fits_with_its_suffixes(inbox: Path, settings: Settings, content: bytes) -> None:
    name = "合" * 83 + ".pdf"  # 253 bytes
    for _ in range(2):
        (inbox / name).write_bytes(content)
        sweep(inbox, settings)
    moved = names(inbox)
    assert len(moved) == (2 if content == WHOLE else 4)
    assert all(len(os.fsencode(Path(path).name)) <= 255 for path in moved)


# --- several ----------------------------------------------------------------------------------------------------------


def test_a_long_review_does_not_hold_up_the_next_arrivals(inbox: Path, settings: Settings) -> None:
    session = ScriptedSession(slow_s=30.0)

    async def drop() -> None:
        (inbox / "long.pdf").write_bytes(WHOLE + b"SLOW%%EOF")
        await until(lambda: bool(session.batches))
        (inbox / "short.pdf").write_bytes(WHOLE)
        await until((inbox / "done/short.pdf").exists)

    watching(inbox, settings, session, drop)
    assert names(inbox) == ["done/short.pdf", "long.pdf"]  # cancelled: the long one is back


def test_many_files_go_in_batches(inbox: Path, settings: Settings) -> None:
    for number in range(40):
        (inbox / f"{number:02}.pdf").write_bytes(WHOLE)
    session = ScriptedSession()
    assert sweep(inbox, settings, session) == 0
    assert [len(batch) for batch in session.batches] == [16, 16, 8]
    assert len(names(inbox / "done")) == 40


def test_a_dead_engine_gives_the_files_back_and_says_so(inbox: Path, settings: Settings) -> None:
    (inbox / "x.pdf").write_bytes(WHOLE + b"ENGINE%%EOF")
    (inbox / "y.pdf").write_bytes(WHOLE)
    with pytest.raises(EngineError, match="模型服务没有响应"):
        sweep(inbox, settings)
    assert names(inbox) == ["done/y.pdf", "x.pdf"]
    assert not list((inbox / ".working").iterdir())


def test_an_unusable_database_gives_the_files_back(inbox: Path, settings: Settings) -> None:
    (inbox / "x.pdf").write_bytes(WHOLE)
    error = SettingsError(Text("数据库连不上", "no database"), Text("请启动它", "start it"))
    with pytest.raises(SettingsError, match="数据库连不上"):
        sweep(inbox, settings, ScriptedSession(error=error))
    assert names(inbox) == ["x.pdf"]
    assert not list((inbox / ".working").iterdir())


def test_a_folder_that_cannot_be_used_is_a_settings_error(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="监视文件夹"):
        sweep(tmp_path / "file", settings)


def test_a_folder_that_vanishes_is_a_settings_error(inbox: Path, settings: Settings) -> None:
    async def main() -> None:
        watcher = asyncio.create_task(watch(inbox, settings, open_session=ScriptedSession().open, patience=HASTE))
        await asyncio.sleep(0.4)
        inbox.rename(inbox.with_name("elsewhere"))
        await watcher

    with pytest.raises(SettingsError, match=r"读不了|已不在"):
        asyncio.run(main())


# --- claims and kills -------------------------------------------------------------------------------------------------


Start = Callable[[Path], "subprocess.Popen[str]"]


@pytest.fixture
def start(inbox: Path) -> Iterator[Start]:
    """Starts watcher processes over the inbox; argument: where they log what they reviewed."""
    processes: list[subprocess.Popen[str]] = []

    def run(log: Path) -> subprocess.Popen[str]:
        command = [sys.executable, str(SCRIPT), str(inbox), str(log)]
        processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield run
    for process in processes:
        with process:
            process.kill()


def wait_for(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    asyncio.run(until(condition, timeout_s))


def outside_work(inbox: Path) -> list[str]:
    return [name for name in names(inbox) if not name.startswith(".working")]


def in_work(inbox: Path) -> list[str]:
    return [name for name in names(inbox / ".working") if name.endswith(".pdf")]


def test_the_claim_of_a_killed_watcher_is_returned_and_a_living_one_is_not(
    start: Start, inbox: Path, tmp_path: Path
) -> None:
    for name in ("a.pdf", "b.pdf"):
        (inbox / name).write_bytes(WHOLE + b"SLOW%%EOF")
    process = start(tmp_path / "log")
    wait_for(lambda: len(in_work(inbox)) == 2)
    assert return_stale(inbox).given_back == 0
    assert not (inbox / "a.pdf").exists()
    process.kill()
    process.communicate()
    assert return_stale(inbox).given_back == 2
    assert outside_work(inbox) == ["a.pdf", "b.pdf"]
    assert [path.name for path in (inbox / ".working").iterdir()] == ["struck"]


def test_a_namesake_that_came_meanwhile_is_kept_beside_the_returned_file(
    start: Start, inbox: Path, tmp_path: Path
) -> None:
    (inbox / "a.pdf").write_bytes(WHOLE + b"SLOW%%EOF")
    process = start(tmp_path / "log")
    wait_for(lambda: len(in_work(inbox)) == 1)
    process.kill()
    process.communicate()
    (inbox / "a.pdf").write_bytes(WHOLE)
    assert return_stale(inbox).given_back == 1
    assert outside_work(inbox) == ["a-1.pdf", "a.pdf"]


def test_a_file_that_kills_the_process_twice_has_failed_and_its_neighbours_have_not(
    start: Start, inbox: Path, tmp_path: Path
) -> None:
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        (inbox / name).write_bytes(WHOLE)
    (inbox / "poison.pdf").write_bytes(WHOLE + b"KILL%%EOF")
    for _ in range(2):  # as systemd starts it again
        assert start(tmp_path / "log").wait(20) == -signal.SIGKILL
    process = start(tmp_path / "log")
    wait_for(lambda: len(names(inbox / "done")) == 3 and (inbox / "failed/poison.pdf").exists())
    assert process.poll() is None
    assert names(inbox / "failed") == ["poison.pdf", "poison.pdf.error.txt"]
    assert "两次中止" in (inbox / "failed/poison.pdf.error.txt").read_text()
    assert not list((inbox / ".working/struck").iterdir())


def test_kills_at_any_moment_lose_nothing_and_overwrite_nothing(
    start: Start, inbox: Path, tmp_path: Path, settings: Settings
) -> None:
    log = tmp_path / "log"
    log.touch()
    for number in range(60):
        ending = b"FAIL%%EOF" if number % 3 == 0 else b""
        (inbox / f"{number:02}.pdf").write_bytes(WHOLE + b"%d" % number + ending)
    for delay_s in (0.0, 0.02, 0.05, 0.1):
        before = log.stat().st_size
        process = start(log)
        # a fast watcher may be done with all of them before the last kill
        wait_for(lambda seen=before: bool(in_work(inbox)) or log.stat().st_size > seen or not [*inbox.glob("*.pdf")])
        time.sleep(delay_s)
        process.kill()
        process.communicate()
    sweep(inbox, settings)
    assert names(inbox / "done") == [f"{n:02}.pdf" for n in range(60) if n % 3]
    assert [name for name in names(inbox / "failed") if name.endswith(".pdf")] == [
        f"{n:02}.pdf" for n in range(0, 60, 3)
    ]
    assert len(names(inbox / "failed")) == 40
    assert len(names(inbox)) == 80


@pytest.mark.slow
def test_the_real_watcher_killed_at_random_leaves_each_document_once(inbox: Path, tmp_path: Path) -> None:
    for number in range(6):
        contract(inbox / f"{number}.pdf", number)
    (inbox / "broken.pdf").write_bytes(b"%PDF-1.4 nothing\n%%EOF")
    environ = {key: value for key, value in os.environ.items() if not key.startswith("LONGDOC_")}

    def begin(*options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "pipeline.cli", "watch", str(inbox), "--engine", "rules", *options]
        return subprocess.Popen(command, cwd=tmp_path, env=environ, stderr=subprocess.DEVNULL)

    for delay_s in (0.0, 0.05, 0.2):
        with begin() as process:
            wait_for(lambda: bool(in_work(inbox)))
            time.sleep(delay_s)
            process.kill()
    with begin("--once") as process:
        process.wait(120)
    assert names(inbox / "done") == [f"{number}.pdf" for number in range(6)]
    assert names(inbox / "failed") == ["broken.pdf", "broken.pdf.error.txt"]
    assert names(inbox / ".working") == []
    with sqlite3.connect(tmp_path / ".data/longdoc.db") as database:
        rows = database.execute("SELECT count(*), count(DISTINCT document_id) FROM analyses WHERE status = 'done'")
        assert rows.fetchone() == (6, 6)
    database.close()


def test_two_watchers_share_a_folder_without_taking_a_file_twice(start: Start, inbox: Path, tmp_path: Path) -> None:
    logs = [tmp_path / "log0", tmp_path / "log1"]
    processes = [start(log) for log in logs]
    wait_for(lambda: len([name for name in names(inbox / ".working") if name.endswith(".lock")]) == 2)
    for number in range(80):
        (inbox / f"{number:02}.pdf").write_bytes(WHOLE)
    wait_for(lambda: len(names(inbox / "done")) == 80)
    for process in processes:
        process.terminate()
        process.communicate(timeout=10)
    reviewed = [line for log in logs if log.exists() for line in log.read_text().split()]
    assert sorted(reviewed) == [f"{n:02}.pdf" for n in range(80)]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_within_seconds_and_leaves_nothing_half_way(
    start: Start, inbox: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    (inbox / "a.pdf").write_bytes(WHOLE + b"SLOW%%EOF")
    process = start(tmp_path / "log")
    wait_for(lambda: bool(in_work(inbox)))
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == code, errors
    assert names(inbox) == ["a.pdf"]
    assert not list((inbox / ".working").iterdir())


# --- its parts --------------------------------------------------------------------------------------------------------


def test_of_two_who_take_a_file_one_gets_it(inbox: Path) -> None:
    (inbox / ".working").mkdir()
    (inbox / "a.pdf").write_bytes(WHOLE)
    with Claim(inbox) as first, Claim(inbox) as second:
        assert first.take(Path("a.pdf")) is not None
        assert second.take(Path("a.pdf")) is None
    assert names(inbox) == ["a.pdf"]


def test_a_file_swapped_for_a_link_is_not_taken(inbox: Path) -> None:
    (inbox / ".working").mkdir()
    (inbox / "a.pdf").symlink_to("/etc/hostname")
    with Claim(inbox) as claim:
        assert claim.take(Path("a.pdf")) is None
    assert (inbox / "a.pdf").is_symlink()


def test_a_refused_file_is_offered_again_only_when_it_changes(inbox: Path) -> None:
    (inbox / "a.pdf").write_bytes(WHOLE)
    sightings = Sightings(inbox, HASTE)
    assert sightings.ready(0.0, 9) == []
    assert sightings.ready(0.5, 9) == [Path("a.pdf")]
    sightings.refuse(Path("a.pdf"))
    assert sightings.ready(9.0, 9) == [] and not sightings.waiting
    (inbox / "a.pdf").write_bytes(WHOLE + WHOLE)
    assert sightings.ready(9.1, 9) == [] and sightings.waiting
    assert sightings.ready(9.5, 9) == [Path("a.pdf")]


def test_renaming_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    with pytest.raises(FileExistsError):
        rename(tmp_path / "a", tmp_path / "b")
    with pytest.raises(FileNotFoundError):
        rename(tmp_path / "none", tmp_path / "c")
    assert move(tmp_path / "a", tmp_path / "b") == tmp_path / "b-1"


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        (WHOLE, True),
        (b"junk" * 200 + WHOLE, True),
        (b"junk" * 300 + WHOLE, False),
        (WHOLE + b"\0" * 1000, True),
        (WHOLE + b"\0" * 5000, False),
        (WHOLE[:-10], False),
        (b"", False),
        (b"%%EOF", False),
    ],
)
def test_a_whole_pdf_has_its_marks_at_both_ends(tmp_path: Path, content: bytes, whole: bool) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(content)
    assert wholeness(path) is whole


@pytest.mark.parametrize(
    ("name", "content", "whole"),
    [
        ("a.docx", b"PK\x03\x04" + b"x" * 99 + b"PK\x05\x06" + bytes(18), True),
        ("a.docx", b"PK\x03\x04" + b"x" * 99, False),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * 99 + b"\0\0\0\0IEND\xaeB`\x82", True),
        ("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * 99, False),
        ("a.jpg", b"\xff\xd8\xff\xe0" + b"x" * 99 + b"\xff\xd9", True),
        ("a.jpg", b"\xff\xd8\xff\xe0" + b"x" * 99, False),
        ("a.tif", b"II*\0" + b"x" * 99, None),
        ("a.wps", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 99, None),
        ("a.txt", "合同".encode(), None),
        ("a.txt", b"", False),
        ("a.md", bytes(100), False),
        ("a.doc", b"whatever", False),
    ],
)
def test_other_files_are_whole_where_their_kind_has_an_end(
    tmp_path: Path, name: str, content: bytes, whole: bool | None
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert wholeness(path) is whole


def test_once_does_not_wait_for_a_file_that_never_becomes_whole(inbox: Path, settings: Settings) -> None:
    (inbox / "cut.pdf").write_bytes(WHOLE[:200])
    patience = Patience(settle_s=0.1, quiet_s=0.4, stall_s=60.0)
    started = time.monotonic()
    asyncio.run(watch(inbox, settings, once=True, open_session=ScriptedSession().open, patience=patience))
    assert time.monotonic() - started < 10
    assert (inbox / "done/cut.pdf").exists()
