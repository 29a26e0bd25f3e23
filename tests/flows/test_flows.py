"""The flows themselves, in this process, with the real run behind them and a real server before them."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import REPOSITORY, Checkout, environment
from papers import contract
from prefect import get_client
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings
from scripted_server import ScriptedServer, serving

from flows.batch import EngineDownError, final_state, gpu_slot, markdown_summary, may_pass, review_batch, settings_for
from flows.contract_review import contract_review
from flows.daily_report import daily_report, is_overdue
from flows.report_analysis import report_analysis
from flows.watch_inbox import watch_inbox
from pipeline.errors import EngineError, ReadError, SettingsError, UsageError
from pipeline.lang import Text
from pipeline.outcome import Batch, Result

pytestmark = [
    # Prefect's clients leave their sockets to the garbage collector; ours are closed elsewhere under "error"
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def server(checkout: Checkout) -> Iterator[Checkout]:
    with temporary_settings({PREFECT_API_URL: checkout.api_url, PREFECT_LOGGING_TO_API_ENABLED: False}):
        yield checkout
    gc.collect()  # what Prefect left open must not surface in somebody else's test


@pytest.fixture(autouse=True)
def away_from_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from the working directory and the environment: from neither, here."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("LONGDOC_")]:
        monkeypatch.delenv(name)


def run(flow: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(flow)


def options(folder: Path, **changes: object) -> dict[str, object]:
    return {"engine": "rules", "database": f"sqlite:///{folder}/db.sqlite", "out": folder / "out"} | changes


def artifacts(server: Checkout, state: State) -> dict[str, Any]:
    """The artifacts of the run that ended in ``state``, by key."""
    filters = {"flow_runs": {"id": {"any_": [str(state.state_details.flow_run_id)]}}}
    found = httpx.post(f"{server.api_url}/artifacts/filter", json=filters).json()
    return {artifact["key"]: artifact["data"] for artifact in found}


# --- contract-review and report-analysis ------------------------------------------------------------------------------


def test_a_batch_completes_and_a_second_one_finds_everything_known(server: Checkout, tmp_path: Path) -> None:
    contract(tmp_path / "合同.pdf")
    state = run(contract_review(tmp_path, **options(tmp_path), return_state=True))
    assert state.is_completed() and state.message == "1 份文件：1 份新分析，0 份已有，0 份失败"
    assert (tmp_path / "out/index.html").is_file()
    again = run(contract_review([tmp_path / "合同.pdf"], **options(tmp_path), return_state=True))
    assert again.message == "1 份文件：0 份新分析，1 份已有，0 份失败"
    assert artifacts(server, again)["contract-review-progress"] == 100.0


def test_failed_documents_fail_the_flow_by_id_and_the_rest_is_analysed(server: Checkout, tmp_path: Path) -> None:
    contract(tmp_path / "good.pdf")
    (tmp_path / "bad|*[x](y)\x1b[31m.pdf").write_bytes(b"no pdf")
    paths = [tmp_path / "good.pdf", tmp_path / "bad|*[x](y)\x1b[31m.pdf", tmp_path / "missing.pdf"]
    state = run(contract_review(paths, **options(tmp_path), return_state=True))
    assert state.is_failed()
    assert state.message.startswith("3 份文件：1 份新分析，0 份已有，2 份失败: ")
    assert "ReadError" in state.message and "- InputError" in state.message
    shown = artifacts(server, state)
    assert shown["contract-review-progress"] == 100.0
    summary = shown["contract-review-summary"]
    assert summary.index("bad") < summary.index("good.pdf"), "failures come first"
    assert r"bad\|\*\[x\](y)?\[31m.pdf" in summary
    assert "\x1b" not in summary
    assert f"file://{tmp_path}/out/" in summary
    assert "东海机械" not in summary


def test_reports_are_read_as_reports(server: Checkout, tmp_path: Path) -> None:
    contract(tmp_path / "x.pdf")
    state = run(report_analysis(tmp_path / "x.pdf", **options(tmp_path), return_state=True))
    assert state.is_completed()
    assert "report-analysis-summary" in artifacts(server, state)


def test_a_setting_that_cannot_be_ends_the_flow_at_once(server: Checkout, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="需要服务器地址"):
        run(contract_review(tmp_path, **options(tmp_path, engine="http")))
    with pytest.raises(SettingsError, match="密码"):
        run(contract_review(tmp_path, **options(tmp_path, database="postgresql://me:secret@db/longdoc")))
    with pytest.raises(UsageError):
        run(contract_review([], **options(tmp_path)))


def test_the_digest_needs_no_engine(server: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGDOC_ENGINE", "http")  # without a server: no review could run
    given = {key: value for key, value in options(tmp_path).items() if key != "engine"}
    assert run(daily_report(**given, return_state=True)).is_completed()


def test_a_password_in_a_parameter_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        settings_for({"base_url": "https://me:secret@models/v1"})
    assert "secret" not in str(caught.value) and "LONGDOC_BASE_URL" in str(caught.value)


def test_a_flow_outlives_an_engine_that_is_down_for_a_while(server: Checkout, tmp_path: Path) -> None:
    contract(tmp_path / "x.pdf")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = probe.getsockname()

    with serving(ScriptedServer()) as engine:
        late = threading.Timer(1.0, forward, [address, ("127.0.0.1", int(engine.base_url.split(":")[2].split("/")[0]))])
        late.daemon = True
        late.start()
        base_url = f"http://{address[0]}:{address[1]}/v1"
        settings = settings_for(options(tmp_path, engine="http", base_url=base_url, model="scripted", retries=0))
        patient = review_batch.with_options(retry_delay_seconds=0.3, retries=30)
        batch = run(patient([tmp_path / "x.pdf"], settings, key="test"))
    assert [result.status for result in batch.results] == ["done"]


def forward(address: tuple[str, int], to: tuple[str, int]) -> None:
    """Pass on the first connections to ``address``: a server that comes up late."""
    with socket.create_server(address) as listener:
        while True:
            near, far = listener.accept()[0], socket.create_connection(to)
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=copy, args=(source, target), daemon=True).start()


def copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def test_an_engine_that_stays_away_fails_the_task_with_its_batch(server: Checkout, tmp_path: Path) -> None:
    contract(tmp_path / "x.pdf")
    settings = settings_for(options(tmp_path, engine="http", base_url="http://127.0.0.1:9/v1", model="m", retries=0))
    quick = review_batch.with_options(retry_delay_seconds=0.05)
    with pytest.raises(EngineDownError) as caught:
        run(quick([tmp_path / "x.pdf"], settings, key="test"))
    state = final_state(caught.value.batch)
    assert state.is_failed() and state.name == "EngineFailed"


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (EngineError(Text("", ""), Text("", "")), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (httpx.ConnectError("refused"), True),
        (SettingsError(Text("", ""), Text("", "")), False),
        (UsageError(Text("", ""), Text("", "")), False),
        (ReadError(Text("", ""), Text("", "")), False),
        (ValueError(), False),
    ],
)
def test_only_engines_and_connections_are_worth_another_try(error: Exception, again: bool) -> None:
    assert may_pass(review_batch, None, State(type="FAILED", data=error)) is again


def test_a_long_summary_names_the_failures_and_counts_the_rest() -> None:
    results = [Result(Path(f"{n}.pdf"), f"{n:064x}", n, "done", pages=1) for n in range(1000)]
    results.append(Result(Path("last.pdf"), None, None, "failed", "InputError", "文件不存在", exit_code=1))
    text = markdown_summary(Batch("run", "rules", "没有模型", "", tuple(results), None))
    assert "last.pdf" in text and "另有 801 份" in text
    assert len(text) < 30_000


# --- the GPU ----------------------------------------------------------------------------------------------------------


def test_one_run_at_a_time_holds_the_gpu(server: Checkout) -> None:
    inside: list[str] = []

    async def hold(name: str) -> None:
        async with gpu_slot("vllm"):
            inside.append(name)
            assert len(inside) == 1
            await asyncio.sleep(0.3)
            inside.remove(name)

    async def both() -> None:
        await asyncio.gather(hold("a"), hold("b"))
        async with get_client() as client:
            assert (await client.read_global_concurrency_limit_by_name("gpu")).limit == 1

    run(both())


def test_without_a_gpu_engine_nobody_waits() -> None:
    async def free() -> None:
        async with gpu_slot("rules"), gpu_slot("http"), gpu_slot("http"):
            pass

    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):  # no server is even asked
        started = time.monotonic()
        run(free())
        assert time.monotonic() - started < 1.0


# --- daily-report and watch-inbox -------------------------------------------------------------------------------------


def test_the_daily_report_tells_counts_and_keeps_quotes_to_its_file(server: Checkout, tmp_path: Path) -> None:
    contract(tmp_path / "x.pdf")
    run(contract_review(tmp_path, **options(tmp_path)))
    given = {key: value for key, value in options(tmp_path).items() if key != "engine"}
    state = run(daily_report(**given, return_state=True))
    assert state.is_completed() and state.message.startswith("1 份文件，")
    summary = artifacts(server, state)["daily-report-summary"]
    assert "digest-" in summary and "东海机械" not in summary
    assert run(daily_report(**given, return_state=True)).message.startswith("0 份文件，")


@pytest.mark.parametrize(
    ("scheduled", "now", "overdue"),
    [
        ("2026-03-02T08:30+08:00", "2026-03-02T08:31+08:00", False),
        ("2026-03-02T08:30+08:00", "2026-03-02T23:59+08:00", False),
        ("2026-03-02T08:30+08:00", "2026-03-03T00:01+08:00", True),
        ("2026-03-02T00:30+00:00", "2026-03-02T16:01+00:00", True),
    ],
)
def test_a_run_of_an_earlier_day_is_overdue_by_the_local_calendar(scheduled: str, now: str, overdue: bool) -> None:
    moments = dt.datetime.fromisoformat(scheduled), dt.datetime.fromisoformat(now)
    assert is_overdue(*moments, "Asia/Shanghai") is overdue


def test_the_inbox_is_emptied_by_the_flow(server: Checkout, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    contract(tmp_path / "inbox/合同.pdf")
    state = run(watch_inbox(tmp_path / "inbox", once=True, **options(tmp_path), return_state=True))
    assert state.is_completed() and state.message == "1 份完成，0 份失败"
    assert (tmp_path / "inbox/done/合同.pdf").is_file()
    assert "合同.pdf" in artifacts(server, state)["watch-inbox-summary"]


# --- as a command -----------------------------------------------------------------------------------------------------


def command(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flows.contract_review", *map(str, arguments)],
        cwd=cwd, env=environment() | {"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.slow
def test_the_command_needs_no_server_and_tells_how_far_it_is(checkout: Checkout) -> None:
    done = command("data/samples", "nothing.pdf", "--engine", "rules", cwd=checkout.root)
    assert done.returncode == 1
    assert done.stdout.startswith("3 份文件：")
    assert "失败 nothing.pdf：" in done.stderr and done.stderr.count("nothing.pdf：") == 2  # the cause names it too
    assert all(line in done.stderr for line in ("[1/3] ", "[2/3] ", "[3/3] ", " 合同1.pdf", " 合同2.pdf"))
    assert "INFO" not in done.stderr and "Traceback" not in done.stderr


def test_the_command_refuses_a_wrong_setting_before_anything_starts(checkout: Checkout) -> None:
    done = command("--engine", "http", cwd=checkout.root)
    assert done.returncode == 3 and "需要服务器地址" in done.stderr and "Traceback" not in done.stderr
    assert command("--engine", "gpt", cwd=checkout.root).returncode == 3
    assert "temporary server" not in done.stderr
    assert command("--nonsense", cwd=checkout.root).returncode == 2
