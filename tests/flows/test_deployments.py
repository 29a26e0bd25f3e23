"""Deployments, the plugin and a worker, on a real server, by the commands that people type."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import pty
import sqlite3
import subprocess
import sys
import urllib.request
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from conftest import REPOSITORY, Checkout, environment, running

pytestmark = pytest.mark.slow

NAMES = ["contract-review", "daily-report", "report-analysis", "watch-inbox"]


def api(checkout: Checkout, path: str, body: object = None) -> object:
    request = urllib.request.Request(
        f"{checkout.api_url}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


@pytest.fixture(scope="module")
def deployed(checkout: Checkout) -> Checkout:
    for command in (["work-pool", "create", "longdoc", "--type", "process"], ["--no-prompt", "deploy", "--all"]):
        done = checkout.prefect(*command)
        assert done.returncode == 0, done.stdout + done.stderr
    return checkout


def test_deploying_from_a_terminal_asks_nothing(deployed: Checkout) -> None:
    terminal, inside = pty.openpty()
    command = [str(Path(sys.executable).with_name("prefect")), "deploy", "--all"]
    with subprocess.Popen(command, cwd=deployed.root, env=environment(), stdin=inside, stdout=inside) as process:
        os.close(inside)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal is closed when the command ends
            while piece := os.read(terminal, 65536):
                shown += piece
                assert b"[y/n]" not in shown, process.kill() or shown.decode()
    os.close(terminal)
    assert process.returncode == 0, shown.decode()


def test_all_four_are_deployed(deployed: Checkout) -> None:
    found = api(deployed, "deployments/filter", {})
    assert sorted(deployment["name"] for deployment in found) == NAMES
    for deployment in found:
        assert deployment["work_pool_name"] == "longdoc"
        [step] = deployment["pull_steps"]
        assert step["prefect.deployments.steps.set_working_directory"]["directory"] == str(deployed.root)


def test_the_daily_report_comes_on_weekday_mornings_in_shanghai(deployed: Checkout) -> None:
    [deployment] = [d for d in api(deployed, "deployments/filter", {}) if d["name"] == "daily-report"]
    [schedule] = deployment["schedules"]
    assert schedule["active"]
    assert schedule["schedule"]["timezone"] == "Asia/Shanghai"
    api(deployed, f"deployments/{deployment['id']}/schedule", {"min_runs": 10})
    runs = api(deployed, "flow_runs/filter", {"deployments": {"id": {"any_": [deployment["id"]]}}})
    times = [
        dt.datetime.fromisoformat(run["expected_start_time"]).astimezone(ZoneInfo("Asia/Shanghai")) for run in runs
    ]
    assert len(times) >= 10
    assert {moment.strftime("%H:%M") for moment in times} == {"08:30"}
    assert {moment.weekday() for moment in times} == set(range(5))


def test_the_command_as_typed_runs_to_completion_with_a_real_worker(deployed: Checkout) -> None:
    with (
        (deployed.root / "worker.log").open("w") as log,
        running(deployed.root, log, "worker", "start", "--pool", "longdoc"),
    ):
        done = deployed.prefect("deployment", "run", "contract-review")
        assert done.returncode == 0, done.stdout + done.stderr
        run_id = done.stdout.split("UUID: ")[1].split()[0]
        watched = deployed.prefect("flow-run", "watch", run_id)
    run = api(deployed, f"flow_runs/{run_id}")
    trace = watched.stdout + watched.stderr + (deployed.root / "worker.log").read_text()
    assert run["state_type"] == "COMPLETED", trace
    assert run["state"]["message"].startswith("2 份文件：2 份新分析")
    with sqlite3.connect(deployed.root / ".data/longdoc.db") as database:
        [(count,)] = database.execute("SELECT count(*) FROM findings")
    database.close()
    assert count > 0
    assert (deployed.root / "out/index.html").is_file()
    artifacts = api(deployed, "artifacts/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
    assert sorted(artifact["type"] for artifact in artifacts) == ["markdown", "progress"]
    assert "合同1.pdf" in next(a["data"] for a in artifacts if a["type"] == "markdown")
    assert "东海机械" not in json.dumps(artifacts, ensure_ascii=False) + trace, "no document text outside the database"


def test_a_name_that_nothing_has_is_answered_with_those_that_exist(deployed: Checkout) -> None:
    done = deployed.prefect("deployment", "run", "contract-rewiev")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for name in NAMES:
        assert f"{name}/{name}" in done.stderr


def test_two_of_a_name_are_listed_and_neither_is_run(deployed: Checkout) -> None:
    (deployed.root / "other.py").write_text("from prefect import flow\n@flow(name='other')\ndef other(): ...\n")
    done = deployed.prefect("--no-prompt", "deploy", "other.py:other", "--name", "report-analysis", "--pool", "longdoc")
    assert done.returncode == 0, done.stdout + done.stderr
    done = deployed.prefect("deployment", "run", "report-analysis")
    assert done.returncode == 1
    assert "other/report-analysis" in done.stderr and "report-analysis/report-analysis" in done.stderr
    assert deployed.prefect("deployment", "inspect", "report-analysis/report-analysis").returncode == 0
    assert "not found" in deployed.prefect("deployment", "run", "no/such").stdout


@pytest.mark.parametrize(("arguments", "patched"), [("deployment run x", True), ("worker start", False), ("", False)])
def test_the_client_is_patched_for_deployment_commands_only(checkout: Checkout, arguments: str, patched: bool) -> None:
    code = (
        "import sys, prefect; from prefect.client.orchestration import PrefectClient;"
        "assert 'flows.plugin' in sys.modules; print(hasattr(PrefectClient.read_deployment_by_name, '__wrapped__'))"
    )
    command = [sys.executable, "-c", code, *arguments.split()]
    done = subprocess.run(command, cwd=checkout.root, env=environment(), capture_output=True, text=True)
    assert done.stdout.strip() == str(patched), done.stderr


def test_prefect_keeps_to_its_folder_and_sends_nothing_home(checkout: Checkout) -> None:
    shown = checkout.prefect("config", "view").stdout
    for line in (
        "PREFECT_HOME='.data'",
        "PREFECT_PROFILES_PATH='.data/profiles.toml'",
        "PREFECT_SERVER_ANALYTICS_ENABLED='False'",
        f"PREFECT_API_URL='{checkout.api_url}'",
    ):
        assert line in shown
    assert (checkout.root / ".data/prefect.db").is_file()


def test_the_entrypoints_name_flows_of_the_same_names() -> None:
    deployments = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    for deployment in deployments:
        path, function = deployment["entrypoint"].split(":")
        assert Path(path).stem == function == deployment["name"].replace("-", "_")
