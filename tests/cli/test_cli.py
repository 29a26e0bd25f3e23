"""The command line as people and scripts meet it: options, exit codes, what goes to which stream."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from papers import contract, write_pdf
from rich.cells import cell_len
from scripted_server import Reply, ScriptedServer, serving

from pipeline import __version__


def longdoc(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LONGDOC_")}
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *map(str, arguments)],
        cwd=cwd, env=clean | environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_help_teaches_in_both_languages(tmp_path: Path) -> None:
    chinese = longdoc("--help", cwd=tmp_path)
    english = longdoc("--help", cwd=tmp_path, LONGDOC_LANG="en")
    assert chinese.returncode == english.returncode == 0
    assert "写入数据库" in chinese.stdout and "Exit codes" in english.stdout
    for command in ("review", "plan", "watch", "daily", "export", "doctor"):
        assert command in chinese.stdout
        assert longdoc(command, "--help", cwd=tmp_path).returncode == 0
    assert longdoc("--version", cwd=tmp_path).stdout == f"longdoc {__version__}\n"


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "pipeline.cli", "--help"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    for heavy in ("sqlalchemy", "pydantic", "prefect", "httpx", "vllm", "torch", "tiktoken", "jinja2", "openpyxl"):
        assert f"| {heavy}\n" not in done.stderr.replace("|   ", "| "), heavy


INTERRUPTED = """
import os, signal, sys
class Hand:
    def find_spec(self, name, *_):
        if name == MODULE:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Hand())
from pipeline.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["typer", "pydantic.main", "rich.progress", "pipeline.run"])
def test_an_interrupt_while_modules_load_ends_quietly(module: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED.replace("MODULE", repr(module)), "review", str(tmp_path)]
    english = os.environ | {"LONGDOC_LANG": "en"}
    done = subprocess.run(command, cwd=tmp_path, env=english, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n"), "no traceback"


def test_review_tells_documents_reports_and_database_and_a_rerun_is_free(tmp_path: Path) -> None:
    contract(tmp_path / "甲.pdf")
    first = longdoc("review", tmp_path, "--engine", "rules", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "甲.pdf" in first.stdout and "index.html" in first.stdout and "longdoc.db" in first.stdout
    assert (tmp_path / "out" / "index.html").is_file() and (tmp_path / ".data" / "longdoc.db").is_file()
    again = longdoc("review", tmp_path, "--engine", "rules", "--json", cwd=tmp_path)
    batch = json.loads(again.stdout)
    assert again.returncode == batch["exit_code"] == 0
    assert [result["status"] for result in batch["results"]] == ["reused"]


def test_a_failed_document_is_named_with_cause_and_remedy_on_stderr(tmp_path: Path) -> None:
    contract(tmp_path / "good.pdf")
    (tmp_path / "bad\x1b[31m.pdf").write_bytes(b"no pdf")
    done = longdoc("review", tmp_path, cwd=tmp_path)
    assert done.returncode == 1
    assert "ReadError" in done.stderr and "\x1b" not in done.stderr + done.stdout
    assert "good.pdf" in done.stdout


def test_files_and_folders_that_cant_be_read_cost_no_other_document_its_review(tmp_path: Path) -> None:
    (folder := tmp_path / "folder").mkdir()
    (closed := folder / "closed").mkdir()
    contract(folder / "good.pdf")
    contract(secret := tmp_path / "secret.pdf")
    for path in (secret, closed):
        path.chmod(0)
    # root reads everything, whatever its permissions, unless it lays that down
    humble = "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"
    command = [sys.executable, "-m", "pipeline.cli", "review", secret, folder, "--json"]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root reads every file, and there is no setpriv")
        command = ["setpriv", *humble, *command]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    closed.chmod(0o700)
    assert done.returncode == 1, done.stderr
    results = {Path(result["path"]).name: result["error_type"] for result in json.loads(done.stdout)["results"]}
    assert results == {"secret.pdf": "InputError", "good.pdf": "", "closed": "InputError"}


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "named"),
    [
        (["review"], {}, 2, "PATH"),
        (["review", ".", "--engine", "magic"], {}, 2, "magic"),
        (["review", ".", "--engine", "http"], {}, 3, "--base-url"),
        (["review", ".", "--engine", "vllm"], {}, 3, "--model"),
        (["review", ".", "--engine", "http", "--base-url", "http://127.0.0.1:9/v1"], {"LONGDOC_RETRIES": "0"}, 4, ":9"),
        (["review", "."], {"LONGDOC_WORKRES": "3"}, 3, "workers"),
        (["review", "."], {"LONGDOC_WORKERS": "many"}, 3, "LONGDOC_WORKERS"),
        (["review", "."], {"LONGDOC_CONFIG": "/nowhere.toml"}, 3, "/nowhere.toml"),
        (["review", ".", "--database", "oracle://x"], {}, 3, "oracle"),
        (["export", "x.rtf"], {}, 2, "rtf"),
        (["daily", "--date", "yesterday"], {}, 2, "yesterday"),
    ],
)
def test_exit_codes_and_what_they_name(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], code: int, named: str
) -> None:
    contract(tmp_path / "a.pdf")
    done = longdoc(*arguments, cwd=tmp_path, **environment)
    assert done.returncode == code, done.stderr
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_key_in_the_settings_file_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "longdoc.toml").write_text("chunk_token = 100\n", encoding="utf-8")
    done = longdoc("review", tmp_path, cwd=tmp_path)
    assert done.returncode == 3 and "chunk_tokens" in done.stderr


def test_a_model_folder_without_config_is_a_settings_error(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    done = longdoc("doctor", "--engine", "vllm", "--model", tmp_path / "model", "--json", cwd=tmp_path)
    assert done.returncode == 3 and ("config.json" in done.stdout or "vllm" in done.stdout)


def test_plan_explains_without_generating(tmp_path: Path) -> None:
    write_pdf(tmp_path / "long.pdf", [["甲方应当按照本合同的约定向乙方支付价款。" * 8] * 6 for _ in range(12)])
    with serving(ScriptedServer(context=8192)) as server:
        arguments = ["plan", tmp_path / "long.pdf", "--base-url", server.base_url, "--json"]
        told = json.loads(longdoc(*arguments, cwd=tmp_path).stdout)
        whole = longdoc(*arguments, "--strategy", "whole", cwd=tmp_path)
        assert server.requests == []
    [document] = told["documents"]
    assert (document["strategy"], document["pages"]) == ("map-reduce", 12)
    assert document["chunks"] > 1 and "8,192" in document["reason"]
    assert whole.returncode == 1 and "--strategy auto" in whole.stderr
    assert not (tmp_path / ".data").exists()


def test_export_and_daily_and_doctor(tmp_path: Path) -> None:
    contract(tmp_path / "a.pdf")
    longdoc("review", tmp_path, cwd=tmp_path)
    for suffix in ("xlsx", "csv", "json"):
        done = longdoc("export", tmp_path / f"findings.{suffix}", cwd=tmp_path)
        assert done.returncode == 0 and (tmp_path / f"findings.{suffix}").stat().st_size > 100, done.stderr
    digest = longdoc("daily", "--json", cwd=tmp_path)
    assert digest.returncode == 0, digest.stderr
    assert all(Path(tmp_path, json.loads(digest.stdout)[kind]).is_file() for kind in ("html", "markdown"))
    examined = json.loads(longdoc("doctor", "--json", cwd=tmp_path, LONGDOC_LANG="en").stdout)
    assert {row["level"] for row in examined} <= {"ok", "lacking"}
    assert all(row["remedy"] for row in examined if row["level"] != "ok")


def test_a_document_that_failed_midway_has_a_report_and_its_place_is_told(tmp_path: Path) -> None:
    contract(tmp_path / "甲.pdf")

    def behave(body: dict, number: int) -> Reply | None:
        return (
            Reply(status=400, raw=b"{}") if body["response_format"]["json_schema"]["name"] == "contract_risks" else None
        )

    with serving(ScriptedServer(behave=behave)) as server:
        done = longdoc("review", "甲.pdf", "--base-url", server.base_url, cwd=tmp_path, COLUMNS="200")
    [report] = (tmp_path / "out").glob("*.failed.html")
    assert done.returncode == 1 and f"RequestError {report.relative_to(tmp_path)}" in done.stdout


@pytest.mark.parametrize("width", [60, 80, 200])
def test_tables_keep_figures_and_names_at_any_width(width: int, tmp_path: Path) -> None:
    contract(tmp_path / "战略采购框架协议.pdf")
    longdoc("review", tmp_path, "--engine", "rules", cwd=tmp_path)
    for command in (("show",), ("plan", tmp_path, "--engine", "rules")):
        told = longdoc(*command, cwd=tmp_path, COLUMNS=str(width)).stdout.splitlines()
        rows = [line.replace(" ", "") for line in told if "合同" in line.split()[1:2]]
        assert len(rows) == 1 and "战略采购" in rows[0], told
        assert all(cell_len(line) <= width for line in told[:4])


def test_english_messages_have_english_points(tmp_path: Path) -> None:
    done = longdoc("review", tmp_path / "none.pdf", "--engine", "rules", cwd=tmp_path, LONGDOC_LANG="en")
    assert done.returncode == 1 and "：" not in done.stdout + done.stderr and "InputError: " in done.stderr
