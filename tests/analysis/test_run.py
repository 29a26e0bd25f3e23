"""A batch from end to end: real PDFs, a real server on this machine, a real database."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from papers import contract, write_pdf
from scripted_server import Reply, ScriptedServer, chat, fill, serving

from pipeline.errors import SettingsError
from pipeline.outcome import Batch
from pipeline.run import review
from pipeline.settings import Settings, load_settings


def settings(folder: Path, **changes: object) -> Settings:
    values = {"database": f"sqlite:///{folder}/db.sqlite", "out": folder / "out", "engine": "rules", "retries": 1}
    return load_settings(values | changes, environ={}, directory=folder)


def run(paths: list[Path], folder: Path, **changes: object) -> Batch:
    return asyncio.run(review(paths, settings(folder, **changes)))


def rows(folder: Path, query: str) -> list[tuple]:
    with sqlite3.connect(folder / "db.sqlite") as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.engines.http._FIRST_PAUSE_S", 0.01)


@pytest.mark.parametrize("strategy", ["whole", "map-reduce"])
def test_planted_facts_reach_the_database_with_their_page_and_a_rerun_asks_nothing(
    tmp_path: Path, strategy: str
) -> None:
    made = [contract(tmp_path / f"{n}.pdf", n) for n in range(3)]
    facts = {fact: page for _, planted in made for fact, page in planted.items()}
    with serving(ScriptedServer(facts=list(facts))) as server:
        options = {"engine": "http", "base_url": server.base_url, "strategy": strategy, "chunk_tokens": 200}
        batch = run([path for path, _ in made], tmp_path, **options)
        assert batch.exit_code == 0 and {result.status for result in batch.results} == {"done"}
        asked = len(server.requests)
        again = run([path for path, _ in made], tmp_path, **options)
        assert {result.status for result in again.results} == {"reused"}
        forced = run([path for path, _ in made], tmp_path, **options, force=True)
        assert {result.status for result in forced.results} == {"done"}
        assert len(server.requests) == asked, "reruns are served from the journal"
    found = rows(
        tmp_path,
        "select e.quote, e.page from evidence e join latest_findings f on f.id = e.finding_id where source = 'llm'",
    )
    assert {quote: page for quote, page in found if quote in facts} == facts
    assert rows(tmp_path, "select count(*) from analyses where current and status = 'done'") == [(3,)]
    assert rows(tmp_path, "select distinct strategy from analyses") == [(strategy,)]
    for result in batch.results:
        assert result.report and result.report.is_file()


def test_after_an_edit_only_the_edited_part_is_asked_anew(tmp_path: Path) -> None:
    clauses = [
        f"{n}. 乙方应当在第{n * 7}日之前交付第{n}批货物，逾期的应当向甲方书面说明理由。" * 3 for n in range(1, 61)
    ]
    path = tmp_path / "采购合同.txt"
    added = "经双方书面同意并另行通知对方的除外，但不得损害第三人的利益。"
    with serving(ScriptedServer()) as server:
        options = {"engine": "http", "base_url": server.base_url, "strategy": "map-reduce", "chunk_tokens": 500}
        path.write_text("采购合同\n" + "\n".join(clauses), encoding="utf-8")
        run([path], tmp_path, **options)
        for place in (7, 23, 24, 25, 41):
            asked = parts_of(server)
            clauses[place] += added * 3
            path.write_text("采购合同\n" + "\n".join(clauses), encoding="utf-8")
            run([path], tmp_path, **options)
            new = parts_of(server) - asked
            assert any(added in part for part in new)
            assert len(new) <= 2, "the part that was edited, or its two halves"


def parts_of(server: ScriptedServer) -> set[str]:
    """The parts of documents that were asked about; the second look for what was not found is none."""
    parts = (prompt.partition("<<<原文结束>>>")[0] for prompt in server.prompts())
    return {part for part in parts if "<<<原文开始>>>" in part and "最可能与待查项有关" not in part}


@pytest.mark.parametrize("usage", ["whole", "no cache", "none"])
def test_what_a_run_took_of_its_server_is_told_as_far_as_it_is_known(tmp_path: Path, usage: str) -> None:
    made = [contract(tmp_path / f"{n}.pdf", n) for n in range(3)]

    def behave(body: dict, number: int) -> Reply | None:
        if usage == "whole":
            return None
        answer = json.loads(chat(chat_text(body, []), "x" * 100).raw)
        del answer["usage"]["prompt_tokens_details"]
        if usage == "none":
            del answer["usage"]
        return Reply(raw=json.dumps(answer).encode())

    server = ScriptedServer(delay_s=0.01, behave=behave)
    with serving(server):
        batch = run([path for path, _ in made], tmp_path, engine="http", base_url=server.base_url)
        again = run([path for path, _ in made], tmp_path, engine="http", base_url=server.base_url)
    took = rows(tmp_path, "select prompt_tokens, cached_tokens, engine_seconds, kv_use_peak, gpu_minutes from runs")[0]
    shares = rows(tmp_path, "select prompt_tokens, cached_tokens, completion_tokens, engine_seconds from analyses")
    assert batch.usage and batch.usage.engine_s == took[2] > 0.01
    assert took[3:] == (None, None), "a server does not tell"
    assert (took[0] is None) == (usage == "none") and (took[1] is None) == (usage != "whole")
    if usage == "none":
        assert {row[3] for row in shares} == {None}
    else:
        assert sum(row[0] for row in shares) == took[0]
        assert sum(row[3] for row in shares) == pytest.approx(took[2])
        assert [result.engine_seconds for result in batch.results] == pytest.approx([row[3] for row in shares], abs=9)
        assert {result.engine_seconds for result in batch.results} == {row[3] for row in shares}
    assert again.usage and (again.usage.engine_s, again.usage.prompt_tokens) == (0.0, 0), "the journal costs nothing"
    alone = run([made[0][0]], tmp_path, force=True)
    assert alone.usage is None and rows(tmp_path, "select engine_seconds from runs order by rowid desc")[0] == (None,)


def test_what_was_spent_on_a_document_that_failed_is_told(tmp_path: Path) -> None:
    path, _ = contract(tmp_path / "a.pdf")
    with serving(ScriptedServer(behave=lambda body, number: chat("no JSON", "x" * 50))) as server:
        batch = run([path], tmp_path, engine="http", base_url=server.base_url)
    assert batch.exit_code == 1
    [(status, prompt, seconds)] = rows(tmp_path, "select status, prompt_tokens, engine_seconds from analyses")
    assert status == "failed" and prompt >= 150 and seconds > 0


def test_invented_quotes_are_kept_and_marked_ungrounded(tmp_path: Path) -> None:
    path, facts = contract(tmp_path / "a.pdf")
    invented = "本合同自签订之日起自动续期十年。"

    def invent(body: dict, number: int) -> Reply | None:
        text = chat_text(body, [invented])
        return chat(text) if "contract_disputes" in str(body["response_format"]) else None

    with serving(ScriptedServer(facts=list(facts), behave=invent)) as server:
        run([path], tmp_path, engine="http", base_url=server.base_url)
    found = rows(
        tmp_path,
        "select f.grounded, e.match, e.page from findings f join evidence e on e.finding_id = f.id "
        f"where e.quote = '{invented}'",
    )
    assert found == [(0, "none", None)]


def test_an_item_whose_quote_is_null_is_kept_unproved_and_no_proof_of_absence(tmp_path: Path) -> None:
    path, facts = contract(tmp_path / "a.pdf")

    def without_quotes(body: dict, number: int) -> Reply | None:
        answer = json.loads(chat_text(body, list(facts)[:1]))
        for items in answer.values():
            for item in items if isinstance(items, list) else ():
                item["quote"] = None
        return chat(json.dumps(answer))

    with serving(ScriptedServer(behave=without_quotes)) as server:
        batch = run([path], tmp_path, engine="http", base_url=server.base_url)
    assert batch.exit_code == 0
    said = rows(
        tmp_path, "select category, status, grounded from findings where source = 'llm' and category <> 'clauses'"
    )
    assert said and {grounded for *_, grounded in said} == {0}
    assert rows(tmp_path, "select count(*) from findings where category = 'clauses' and status = 'unclear'") > [(0,)]


def chat_text(body: dict, facts: list[str]) -> str:
    from scripted_server import fill

    return json.dumps(fill(body["response_format"]["json_schema"]["schema"], facts), ensure_ascii=False)


def test_bad_input_fails_by_name_and_costs_no_other_document(tmp_path: Path) -> None:
    good, _ = contract(tmp_path / "good.pdf")
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "text.pdf").write_text("not a PDF")
    (tmp_path / "cut.pdf").write_bytes(good.read_bytes()[:700])
    (tmp_path / "folder.pdf").mkdir()
    blank = write_pdf(tmp_path / "blank.pdf", [[""]])
    long_name = tmp_path / ("长" * 70 + "'\".pdf")
    long_name.write_bytes(b"%PDF-1.4\nbroken")
    names = ["empty.pdf", "text.pdf", "cut.pdf", "folder.pdf", "missing.pdf"]
    far = [tmp_path / f"{'合' * 200}.pdf", blank, tmp_path / ".." / "nowhere" / "x.pdf"]
    paths = [good, *(tmp_path / name for name in names), long_name, *far]
    batch = run(paths, tmp_path, ocr="off")
    assert [result.path.name for result in batch.results] == [path.name for path in paths]
    assert batch.results[0].status == "done"
    assert batch.exit_code == 1
    for result in batch.results[1:8]:
        assert result.status == "failed" and result.error_type.endswith("Error") and "。" in result.error, result
    failed = rows(tmp_path, "select count(*), count(error_message) from analyses where status = 'failed'")
    assert failed == [(sum(r.status == "failed" for r in batch.results),) * 2]


@pytest.mark.parametrize("act", ["open(path, 'ab').write(b' ')", "os.truncate(path, 500)", "os.unlink(path)"])
def test_a_file_that_changes_while_it_is_read_is_no_analysis_of_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    path, _ = contract(tmp_path / "a.pdf")
    fake = "import os\nfrom pipeline.pdf import process, worker\n"
    fake += f"def answer(request):\n    path = request['path']\n    {act}\n    return worker.answer(request)\n"
    (tmp_path / "fake_reader.py").write_text(fake + "process.serve(answer)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("pipeline.pdf.read._WORKER", "fake_reader")
    (result,) = run([path], tmp_path).results
    assert (result.status, result.error_type) == ("failed", "InputError")
    assert "读取期间文件被改动或移走" in result.error


def test_the_same_bytes_under_two_names_are_analysed_once(tmp_path: Path) -> None:
    first, _ = contract(tmp_path / "a.pdf")
    second = tmp_path / "b.pdf"
    second.write_bytes(first.read_bytes())
    batch = run([first, second], tmp_path)
    assert sorted(result.status for result in batch.results) == ["done", "reused"]
    assert rows(tmp_path, "select count(*) from analyses") == [(1,)]


def test_a_server_that_dies_fails_what_is_left_and_the_next_run_goes_on(tmp_path: Path) -> None:
    made = [contract(tmp_path / f"{n}.pdf", n) for n in range(4)]
    paths = [path for path, _ in made]
    facts = [fact for _, planted in made for fact in planted]
    dead = Reply(status=401)
    with serving(ScriptedServer(facts=facts, behave=lambda body, n: dead if n > 10 else None)) as server:
        batch = run(paths, tmp_path, engine="http", base_url=server.base_url, concurrency=1, model="m")
        assert batch.exit_code == 4 and "failed" in {result.status for result in batch.results}
        kept = rows(tmp_path, "select count(*) from completions")[0][0]
        assert kept == 10
    with serving(ScriptedServer(facts=facts)) as server:
        batch = run(paths, tmp_path, engine="http", base_url=server.base_url, model="m")
        assert batch.exit_code == 0
        assert len(server.requests) + kept == rows(tmp_path, "select count(*) from completions")[0][0]


def test_answers_that_stay_bad_fail_one_document_and_are_asked_again_next_time(tmp_path: Path) -> None:
    (bad, bad_facts), (good, _) = contract(tmp_path / "bad.pdf", 1), contract(tmp_path / "good.pdf", 2)
    marker = next(iter(bad_facts))

    def behave(body: dict, number: int) -> Reply | None:
        return chat("{not json") if marker in body["messages"][-1]["content"] else None

    with serving(ScriptedServer(behave=behave)) as server:
        batch = run([bad, good], tmp_path, engine="http", base_url=server.base_url, model="m")
        assert [result.status for result in batch.results] == ["failed", "done"]
        assert batch.results[0].error_type == "BadAnswerError" and batch.exit_code == 1
    shown = batch.results[0].report.read_text(encoding="utf-8")
    by_rule = "from findings f join analyses a on a.id = f.analysis_id where a.status = 'failed'"
    found = rows(tmp_path, f"select f.value, f.source {by_rule}")
    assert found and {source for _, source in found} == {"rule"}, "what the rules found is not lost"
    assert "问题 contract/" in rows(tmp_path, "select notes from analyses where status = 'failed'")[0][0]
    assert all(value in shown for value in ("东海机械有限公司", "没有审完", "问题 contract/"))
    assert not rows(tmp_path, "select 1 from latest_findings where filename = 'bad.pdf'"), "no result stands for it"
    with serving(ScriptedServer()) as server:
        batch = run([bad, good], tmp_path, engine="http", base_url=server.base_url, model="m")
        assert [result.status for result in batch.results] == ["done", "reused"]


def test_one_question_without_an_answer_costs_no_other_finding(tmp_path: Path) -> None:
    path, facts = contract(tmp_path / "a.pdf", pages=4, filler=6)

    def behave(body: dict, number: int) -> Reply | None:
        money = body.get("response_format", {}).get("json_schema", {}).get("name") == "contract_money"
        return chat("{not json") if money and "第2批" in body["messages"][-1]["content"] else None

    with serving(ScriptedServer(facts=list(facts), behave=behave)) as server:
        batch = run([path], tmp_path, engine="http", base_url=server.base_url, chunk_tokens=400, strategy="map-reduce")
    assert batch.results[0].error_type == "BadAnswerError" and batch.exit_code == 1
    quotes = {quote for (quote,) in rows(tmp_path, "select quote from evidence")}
    assert set(facts) <= quotes, "other groups found it, and other parts"
    money = rows(tmp_path, "select count(*) from findings where category = 'money' and source = 'llm'")
    assert money[0][0] > 0
    [(notes,)] = rows(tmp_path, "select notes from analyses")
    assert "contract/money" in notes and "contract/risks" not in notes


def test_a_dead_server_leaves_what_the_rules_found(tmp_path: Path) -> None:
    path, _ = contract(tmp_path / "a.pdf")
    batch = run([path], tmp_path, engine="http", base_url="http://127.0.0.1:9/v1", model="m")
    assert batch.exit_code == 4 and batch.results[0].error_type == "EngineError"
    assert rows(tmp_path, "select 1 from findings where source = 'rule' limit 1")


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """kill -9 at several moments: rows exactly once, and only what was in flight is asked again."""
    made = [contract(tmp_path / f"{n}.pdf", n) for n in range(6)]
    facts = [fact for _, planted in made for fact in planted]
    with serving(ScriptedServer(facts=facts, delay_s=0.05)) as server:
        command = [sys.executable, "-m", "pipeline.cli", "review", *(str(path) for path, _ in made)]
        command += ["--engine", "http", "--base-url", server.base_url, "--out", str(tmp_path / "out")]
        command += ["--database", f"sqlite:///{tmp_path}/db.sqlite"]
        environment = os.environ | {"LONGDOC_CONCURRENCY": "4", "LONGDOC_CHUNK_TOKENS": "200"}
        for answered in (5, 20, 40):
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while len(server.requests) < answered and process.poll() is None:
                time.sleep(0.01)
            assert process.poll() is None, "killed before it was done"
            process.send_signal(signal.SIGKILL)
            process.wait()
        finished = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert finished.returncode == 0, finished.stderr
        seen = [str(request["messages"]) + str(request["response_format"]) for request in server.requests]
    assert len(seen) - len(set(seen)) <= 3 * 4, "at most what was in flight at each kill"
    assert rows(tmp_path, "select count(*), count(distinct document_id) from analyses where status='done'") == [(6, 6)]
    assert rows(tmp_path, "select count(*) from runs where status = 'interrupted'")[0][0] >= 1
    assert rows(tmp_path, "select count(*) from completions") == [(len(set(seen)),)]


def test_after_a_spell_of_cut_answers_a_healthy_server_is_asked_again(tmp_path: Path) -> None:
    path, facts = contract(tmp_path / "a.pdf", pages=6, filler=3)
    cut = chat("{", finish_reason="length")
    with serving(ScriptedServer(facts=list(facts), behave=lambda body, number: cut)) as server:
        batch = run([path], tmp_path, engine="http", base_url=server.base_url, model="m", concurrency=2)
        assert batch.results[0].error_type == "CutAnswerError"
    with serving(ScriptedServer(facts=list(facts))) as server:
        batch = run([path], tmp_path, engine="http", base_url=server.base_url, model="m")
        assert batch.exit_code == 0 and server.requests


def test_an_unreachable_database_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        run([tmp_path], tmp_path, database="sqlite:////proc/nowhere/x.db")


@pytest.mark.parametrize(("thinking", "who"), [("auto", {"contract_risks"}), ("off", set()), ("on", None)])
def test_a_server_s_known_model_thinks_where_it_pays_and_its_thoughts_stay_in_the_journal(
    tmp_path: Path, thinking: str, who: set[str] | None
) -> None:
    path, facts = contract(tmp_path / "a.pdf")

    def behave(body: dict, number: int) -> Reply | None:
        if not body["chat_template_kwargs"]["enable_thinking"]:
            return None
        answer = fill(body["response_format"]["json_schema"]["schema"], list(facts))
        return chat(f"<think>这里有风险吗？</think>{json.dumps(answer, ensure_ascii=False)}")

    with serving(ScriptedServer(facts=list(facts), behave=behave, model="Qwen/Qwen3-14B")) as server:
        batch = run([path], tmp_path, engine="http", base_url=server.base_url, thinking=thinking)
    assert batch.exit_code == 0
    names = {
        body["response_format"]["json_schema"]["name"]
        for body in server.requests
        if body["chat_template_kwargs"]["enable_thinking"]
    }
    questions = {body["response_format"]["json_schema"]["name"] for body in server.requests}
    assert names == (questions - {"contract_summary"} if who is None else who)
    temperatures = {(bool(body.get("thinking_token_budget")), body["temperature"]) for body in server.requests}
    assert temperatures <= {(True, 0.6), (False, 0.7)}
    kept = rows(tmp_path, "select text from completions where thoughts = '这里有风险吗？'")
    assert len(kept) == sum(body["chat_template_kwargs"]["enable_thinking"] for body in server.requests)
    assert not any("think" in text for (text,) in kept)
