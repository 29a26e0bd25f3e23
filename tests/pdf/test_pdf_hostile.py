"""Bad input: each file ends in a document or in a typed error with cause and remedy, and the parent lives on."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import time
from array import array
from pathlib import Path

import pdf_made as made
import pytest

from pipeline.errors import InputError, NoTextError, ReadError, SettingsError
from pipeline.pdf import children, read, reply, wire
from pipeline.pdf.failures import printable, shown
from pipeline.pdf.places import boxes_of
from pipeline.pdf.read import Reader, ReadLimits, identify
from pipeline.types import Document, Span

LIMITS = ReadLimits(workers=1, timeout_s=10, ocr="off")


def outcomes(paths: list[Path], limits: ReadLimits = LIMITS) -> list[Document | BaseException]:
    """Read files one after the other with one reader."""

    async def run() -> list[Document | BaseException]:
        async with Reader(limits) as reader:
            found: list[Document | BaseException] = []
            for path in paths:
                found += await asyncio.gather(reader.read(path, "x"), return_exceptions=True)
            return found

    return asyncio.run(run())


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return made.make(
        tmp_path / "good.pdf", [lambda canvas: made.draw_lines(canvas, ["甲方：东海机械有限公司"]) and None]
    )


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


BODY = b"BT /F1 12 Tf 72 700 Td (The supplier delivers the goods.) Tj ET"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "0 字节"),
        (b"just a text, by no means a PDF" * 50, "不是 PDF"),
        (b"%PDF-1.7\n", "已损坏"),
        (b"%PDF-1.7\n" + b"\x00\xff" * 5000, "已损坏"),
        (made.simple_pdf(BODY)[:400], "已损坏"),
        (made.raw_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"]), "没有页面"),
        (made.raw_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 9 >>"]), "已损坏"),
        (made.raw_pdf([b"<< /Type /Catalog >>"]), ""),
    ],
)
def test_bytes_that_are_no_document(tmp_path: Path, good: Path, data: bytes, says: str) -> None:
    bad, after = outcomes([write(tmp_path / "bad.pdf", data), good])
    assert isinstance(bad, ReadError) and not isinstance(bad, NoTextError)
    assert "bad.pdf" in bad.cause.zh and "bad.pdf" in bad.cause.en and bad.remedy.zh and bad.remedy.en
    assert says in bad.cause.zh
    assert isinstance(after, Document)


def test_pypdf_reads_what_pdfium_cannot_open(tmp_path: Path) -> None:
    headless = b"%XYZ-1.7" + made.simple_pdf(BODY, pages=2)[8:]
    (found,) = outcomes([write(tmp_path / "headless.pdf", headless)])
    assert isinstance(found, Document)
    assert found.text == "The supplier delivers the goods.\nThe supplier delivers the goods."
    assert [page.read_by for page in found.pages] == ["pypdf", "pypdf"]
    assert set(found.origins) == {-1}
    assert boxes_of(found, [Span(0, 10)]) == [()]


def test_garbled_text_of_the_stand_in_is_not_taken(tmp_path: Path) -> None:
    garbage = bytes(range(0xC0, 0x100)) * 3
    body = b"BT /F1 12 Tf 72 700 Td <" + garbage.hex().encode() + b"> Tj ET"
    (found,) = outcomes([write(tmp_path / "headless.pdf", b"%XYZ-1.7" + made.simple_pdf(body)[8:])])
    assert isinstance(found, ReadError) and "已损坏" in found.cause.zh


def test_blank_pages_are_no_text(tmp_path: Path) -> None:
    (found,) = outcomes([write(tmp_path / "blank.pdf", made.simple_pdf(b""))])
    assert isinstance(found, NoTextError) and "空白" in found.cause.zh


@pytest.mark.parametrize(("ocr", "installed", "says"), [("off", True, "OCR 已关闭"), ("auto", False, "没有安装")])
def test_a_scan_without_ocr_names_the_extra(
    tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch, ocr: str, installed: bool, says: str
) -> None:
    monkeypatch.setattr(read, "ocr_installed", lambda: installed)
    (found,) = outcomes([made.scan(tmp_path / "scan.pdf", good)], ReadLimits(workers=1, ocr=ocr))
    assert isinstance(found, NoTextError)
    assert says in found.cause.zh and "longdoc[ocr]" in found.remedy.zh


def liar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Put a process of our making in the place of the OCR process."""
    (tmp_path / "fake_ocr.py").write_text("from pipeline.pdf.process import serve\n" + body + "\nserve(answer)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(read, "_OCR_WORKER", "fake_ocr")
    monkeypatch.setattr(read, "_OCR_START_S", 0.0)
    monkeypatch.setattr(read, "ocr_installed", lambda: True)


RECOGNISED = "{'rows': [[['第%d页的文字' % request['page'], [72, 100, 172, 112], 0.9]]]}"


def test_ocr_reads_the_pages_it_can_and_the_others_are_named(
    tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of four scanned pages OCR hangs on one, dies on another, and talks nonsense on a third."""
    body = f"""import os, time
def answer(request):
    if request["page"] == 1: time.sleep(60)
    if request["page"] == 2: os.abort()
    if request["page"] == 3: return {{"rows": [["no row"]]}}
    return {RECOGNISED}"""
    liar(tmp_path, monkeypatch, body)
    path = made.scan(tmp_path / "scan.pdf", good, [0, 0, 0, 0])
    (found,) = outcomes([path], ReadLimits(workers=1, ocr_page_timeout_s=1.5))
    assert isinstance(found, Document)
    assert [page.read_by for page in found.pages] == ["none", "none", "none", "ocr"]
    assert found.unread_pages() == (1, 2, 3)
    assert found.text == "第4页的文字"
    assert boxes_of(found, [Span(0, 2)]) == [((4, 72, 100, 172, 112),)]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("import time\ndef answer(request):\n    time.sleep(60)", "秒内没有识别完一页"),
        ("import os\ndef answer(request):\n    os.abort()", "SIGABRT"),
        ("def answer(request):\n    return {'rows': []}", "没有认出文字"),
    ],
)
def test_why_ocr_gave_no_text(
    tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch, body: str, says: str
) -> None:
    liar(tmp_path, monkeypatch, body)
    (found,) = outcomes([made.scan(tmp_path / "scan.pdf", good)], ReadLimits(workers=1, ocr_page_timeout_s=1.0))
    assert isinstance(found, NoTextError) and says in found.cause.zh
    assert ("OCR_PAGE_TIMEOUT_S" in found.remedy.zh) == ("秒" in says)


def test_ocr_on_but_not_installed_is_a_setting_to_correct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "ocr_installed", lambda: False)
    with pytest.raises(SettingsError, match="longdoc"):
        outcomes([], ReadLimits(ocr="on"))


@pytest.mark.parametrize(
    ("path", "says"),
    [("missing.pdf", "不存在"), (".", "文件夹"), ("a\x00b.pdf", "读不了"), ("x" * 300 + ".pdf", "读不了")],
)
def test_paths_without_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, says: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        identify(Path(path))
    assert says in caught.value.cause.zh
    assert caught.value.cause.zh.isprintable()


def test_a_fifo_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    with pytest.raises(InputError, match="不是普通文件"):
        identify(tmp_path / "pipe.pdf")


def test_a_file_that_claims_more_than_any_document_has_is_not_even_hashed(tmp_path: Path) -> None:
    with (tmp_path / "sparse.pdf").open("wb") as file:
        file.truncate(100 << 30)
    started = time.monotonic()
    with pytest.raises(InputError, match="102400 MiB"):
        identify(tmp_path / "sparse.pdf")
    assert time.monotonic() - started < 5


def test_no_more_is_hashed_than_a_file_claims_to_have(tmp_path: Path) -> None:
    """It may never end: pagemap claims 0 bytes and gives 2 to the power of 38."""
    (tmp_path / "endless.pdf").symlink_to("/proc/self/pagemap")
    assert identify(tmp_path / "endless.pdf") == hashlib.sha256(b"").hexdigest()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file, whatever its permissions")
def test_unreadable(good: Path) -> None:
    good.chmod(0)
    with pytest.raises(InputError, match="权限"):
        identify(good)


@pytest.mark.parametrize(
    "name",
    [
        "..\\..\\etc.pdf",
        'O\'Brien "final" `x` $(y).pdf',
        "合" * 70 + ".pdf",  # 214 bytes: the most that a file system takes is 255
        "新\n行\x1b[31m.pdf",
        " .pdf",
        "a\u202efdp.exe.pdf",
        "é\u0301.pdf",
    ],
)
def test_odd_names_read_like_others(good: Path, name: str) -> None:
    path = good.rename(good.parent / name)
    (found,) = outcomes([path])
    assert isinstance(found, Document)
    assert found.filename == printable(name)
    found.filename.encode()
    path.write_bytes(b"no pdf")
    (error,) = outcomes([path])
    assert isinstance(error, ReadError) and error.cause.zh.isprintable()


def test_a_name_that_is_no_unicode(good: Path) -> None:
    path = good.rename(os.fsdecode(os.fsencode(good.parent) + b"/\xff\xfe.pdf"))
    (found,) = outcomes([path])
    assert isinstance(found, Document)


def test_relative_path_with_parents(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (good.parent / "sub").mkdir()
    monkeypatch.chdir(good.parent / "sub")
    (found,) = outcomes([Path("../good.pdf")])
    assert isinstance(found, Document)


def test_printable_names() -> None:
    assert printable("合同.pdf") == "合同.pdf"
    assert printable("a\x1b[31m\u202e\n.pdf") == "a\ufffd[31m\ufffd\ufffd.pdf"
    assert printable("合" * 200) == "合" * 200
    assert len(shown("合" * 500)) < 130


# --- limits -----------------------------------------------------------------------------------------------------------


def test_a_gibibyte_of_nothing(tmp_path: Path, good: Path) -> None:
    bomb = write(tmp_path / "bomb.pdf", made.flate_bomb(1 << 30))
    assert bomb.stat().st_size < 100_000
    started = time.monotonic()
    found, after = outcomes([bomb, good], ReadLimits(workers=1, timeout_s=20, memory_mib=512, ocr="off"))
    assert isinstance(found, ReadError)
    assert time.monotonic() - started < 60
    assert isinstance(after, Document)


def test_time_limit(tmp_path: Path, good: Path) -> None:
    slow = write(tmp_path / "slow.pdf", made.simple_pdf(b"BT /F1 1 Tf (a) Tj ET " * 20_000, pages=2000))
    found, after = outcomes([slow, good], ReadLimits(workers=1, timeout_s=3, ocr="off"))
    assert isinstance(found, ReadError) and "3 秒" in found.cause.zh and "LONGDOC_READ_TIMEOUT_S" in found.remedy.zh
    assert isinstance(after, Document)


def test_forms_that_draw_themselves_over_and_over(tmp_path: Path, good: Path) -> None:
    """Exponential work in a few hundred bytes: whichever limit strikes first."""
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /X %d 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /XObject << /X 5 0 R >> >> >>",
        *[made.stream(b"/X Do /X Do", form % (at + 1)) for at in range(4, 28)],
        made.stream(b"", form % 5),
    ]
    path = write(tmp_path / "forms.pdf", made.raw_pdf(objects))
    found, after = outcomes([path, good], ReadLimits(workers=1, timeout_s=3, memory_mib=512, ocr="off"))
    assert isinstance(found, ReadError)
    assert isinstance(after, Document)


@pytest.mark.parametrize("name", ["outline", "names"])
def test_outline_loop(tmp_path: Path, name: str) -> None:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Outlines 6 0 R >>",
        b"<< /Type /Pages /Kids [5 0 R] /Count 1 >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        made.stream(BODY),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 3 0 R >> >> >>",
        b"<< /Type /Outlines /First 7 0 R /Last 8 0 R >>",
        b"<< /Title (one) /Parent 6 0 R /Next 8 0 R /First 7 0 R /Last 7 0 R >>",
        b"<< /Title (two) /Parent 6 0 R /Next 7 0 R /Dest [5 0 R /Fit] >>",
    ]
    (found,) = outcomes([write(tmp_path / f"{name}.pdf", made.raw_pdf(objects))])
    assert isinstance(found, Document)
    assert [mark.title for mark in found.bookmarks] == ["one", "two"]
    assert found.bookmarks[1].page == 1


# --- workers that die -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_death_of_a_worker_is_that_files_error(tmp_path: Path, good: Path, how: signal.Signals) -> None:
    slow = write(tmp_path / "slow.pdf", made.simple_pdf(b"BT /F1 1 Tf (a) Tj ET " * 20_000, pages=500))

    async def run() -> tuple[BaseException | Document, float, Document]:
        async with Reader(ReadLimits(workers=1, timeout_s=60, ocr="off")) as reader:
            task = asyncio.create_task(reader.read(slow, "x"))
            await at_work(reader)
            started = time.monotonic()
            os.kill(processes_of(reader)[0], how)
            (found,) = await asyncio.gather(task, return_exceptions=True)
            return found, time.monotonic() - started, await reader.read(good, "x")

    found, noticed_s, after = asyncio.run(run())
    assert isinstance(found, ReadError) and how.name in found.cause.zh
    assert noticed_s < 5  # at once; the rest is for a machine under load
    assert after.text == "甲方：东海机械有限公司"


def test_a_worker_that_died_idle_costs_no_file(good: Path) -> None:
    async def run() -> Document:
        async with Reader(LIMITS) as reader:
            await reader.read(good, "x")
            os.kill(processes_of(reader)[0], signal.SIGKILL)
            return await reader.read(good, "x")

    assert asyncio.run(run()).text


def test_cancelling_kills_the_worker(tmp_path: Path, good: Path) -> None:
    slow = write(tmp_path / "slow.pdf", made.simple_pdf(b"BT /F1 1 Tf (a) Tj ET " * 20_000, pages=500))

    async def run() -> tuple[int, Document]:
        async with Reader(LIMITS) as reader:
            task = asyncio.create_task(reader.read(slow, "x"))
            await at_work(reader)
            (pid,) = processes_of(reader)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return pid, await reader.read(good, "x")

    pid, after = asyncio.run(run())
    assert after.text
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_leaving_the_reader_ends_its_processes(good: Path) -> None:
    async def run() -> list[int]:
        async with Reader(ReadLimits(workers=2, ocr="off")) as reader:
            await asyncio.gather(*(reader.read(good, "x") for _ in range(4)))
            return processes_of(reader)

    pids = asyncio.run(run())
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_workers_die_with_a_killed_parent(tmp_path: Path) -> None:
    """kill -9 of the parent: its children must not go on in the background."""
    slow = write(tmp_path / "slow.pdf", made.simple_pdf(b"BT /F1 1 Tf (a) Tj ET " * 20_000, pages=500))
    told, tell = os.pipe()
    parent = os.fork()
    if parent == 0:

        async def run() -> None:
            async with Reader(LIMITS) as reader:
                task = asyncio.create_task(reader.read(slow, "x"))
                await at_work(reader)
                os.write(tell, b"%d" % processes_of(reader)[0])
                await task

        try:
            asyncio.run(run())
        finally:
            os._exit(0)
    child = int(os.read(told, 20))
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    deadline = time.monotonic() + 3
    while Path(f"/proc/{child}/stat").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
            break  # dead, and nobody left to reap it
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{child}").exists()
    os.close(told)
    os.close(tell)


async def at_work(reader: Reader) -> None:
    """Wait until a worker has taken a request."""
    async with asyncio.timeout(60):
        while not any(child.acknowledged for child in reader._children):
            await asyncio.sleep(0.01)


def processes_of(reader: Reader) -> list[int]:
    return [child.pid for child in reader._children if child.pid is not None]


# --- the word of a subverted worker -----------------------------------------------------------------------------------

FAIR: dict[str, object] = {
    "title": "t",
    "text": "甲方",
    "origins": array("i", [0, 1]),
    "pages": [
        {
            "span": [0, 2], "label": None, "width": 1.0, "height": 1.0, "health": "text", "read_by": "pdfium",
            "confidence": None, "regions": [], "places": array("f"),
        }
    ],
    "bookmarks": [],
    "metadata": {},
    "ocr_lines": [],
    "tables": [[1, "rules"]], "table_rows": array("i", [0, 1, 0, 2, 0]), "table_cells": array("i", [0, 0, 2, 0, 1, 1]),
    "table_boxes": array("f", [0, 0, 1, 1]),
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"text": 7},
        {"text": "甲方乙"},
        {"text": "\ud800方"},
        {"origins": "%%%"},
        {"origins": [0, 9]},
        {"origins": [-8, 8]},
        {"origins": [0, 7]},
        {"table_rows": array("i", [0, 1, 0, 3, 0])},
        {"table_rows": array("i", [0, 2, 0, 2, 0])},
        {"table_rows": array("i", [1, 1, 0, 2, 0])},
        {"table_rows": array("i", [0, 1, 0, 2])},
        {"table_cells": array("i", [0, 0, 3, 0, 1, 1])},
        {"table_cells": array("i", [0, 0, 2, 1, 1, 1])},
        {"table_boxes": array("f", [])},
        {"tables": [[1, "magic"]]},
        {"tables": 3},
        {"origins": array("i", [0])},
        {"pages": [FAIR["pages"][0] | {"places": array("f", [float("nan")])}]},
        {"pages": []},
        {"pages": [{"span": [0, 9]}]},
        {"pages": [FAIR["pages"][0] | {"health": "fine"}]},
        {"pages": [FAIR["pages"][0] | {"width": float("nan")}]},
        {"pages": [FAIR["pages"][0] | {"span": [1, 2]}]},
        {"bookmarks": [["t", 5, 1]]},
        {"bookmarks": [[None, 1, 1]]},
        {"ocr_lines": [[[0, 99], [1, 0, 0, 1, 1], 0.5]]},
        {"metadata": []},
    ],
)
def test_answers_that_make_no_sense_are_refused(change: dict[str, object]) -> None:
    assert reply.document(arrived(FAIR), "x", Path("a.pdf")).text == "甲方"
    with pytest.raises(ReadError, match="不合规"):
        reply.document(arrived(FAIR | change), "x", Path("a.pdf"))


def arrived(message: wire.Message) -> wire.Message:
    return wire.decode(wire.encode(message)[wire.HEADER_BYTES :])


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00" * 8 + b"\xff" * 8,
        b"\xff" * 8,
        b"\x00" * 15 + b"\x02[]",
        b"\x00" * 15 + b"\x04{no}",
        b"\x00" * 15 + b"\x02\xff\xff",
    ],
)
def test_frames_that_are_none(tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch, frame: bytes) -> None:
    (tmp_path / "liar.py").write_text(
        f"import sys\nsys.stdin.buffer.read(8)\nsys.stdout.buffer.write({frame!r})\nsys.stdout.flush()\n"
        "import time\ntime.sleep(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(read, "_WORKER", "liar")
    (found,) = outcomes([good])
    assert isinstance(found, ReadError) and "不合规" in found.cause.zh


def test_what_a_library_prints_does_not_reach_the_parent(
    tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chatty.py").write_text(
        "import os, pipeline.pdf.worker as worker\nfrom pipeline.pdf.process import serve\n"
        "def answer(request):\n    print('hello'); os.write(1, b'noise' * 100)\n    return worker.answer(request)\n"
        "serve(answer)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(read, "_WORKER", "chatty")
    (found,) = outcomes([good])
    assert isinstance(found, Document)


def test_our_own_bug_is_that_files_error(tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "buggy.py").write_text(
        "from pipeline.pdf.process import serve\ndef answer(request):\n    return {}['secret text']\nserve(answer)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(read, "_WORKER", "buggy")
    (found,) = outcomes([good])
    assert isinstance(found, ReadError)
    assert "KeyError" in found.cause.zh and "buggy.py:3" in found.cause.zh and "secret" not in str(found)


def test_workers_are_replaced_after_many_files(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_MAX_REQUESTS", 3)

    async def run() -> set[int]:
        async with Reader(LIMITS) as reader:
            pids = set[int]()
            for _ in range(7):
                await reader.read(good, "x")
                pids.update(processes_of(reader))
            return pids

    assert len(asyncio.run(run())) == 3


def test_a_worker_starts_quickly(good: Path) -> None:
    started = time.monotonic()
    (found,) = outcomes([good])
    assert isinstance(found, Document)
    assert time.monotonic() - started < 10  # 0.2 s on an idle machine
