"""Run the pipeline over gold documents and keep what came out, beside earlier runs over the same gold."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.evaluation.gate import measures
from pipeline.evaluation.gold import GoldDocument
from pipeline.evaluation.score import CODES, Scores, score
from pipeline.kinds.terms import item_name
from pipeline.lang import Text
from pipeline.outcome import Listener
from pipeline.report.clock import minute, zone_of
from pipeline.report.files import write_atomically
from pipeline.report.page import render
from pipeline.run import open_session
from pipeline.settings import Settings

_DECIDES = ("model", "thinking", "strategy", "side", "pack", "chunk_tokens", "lang")
"""Settings that an evaluation is told apart by."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One run over a gold set. ``values`` is what stands in its JSON file, and what the page is made of."""

    name: str
    scores: Scores
    values: Mapping[str, Any]
    json: Path
    page: Path


async def evaluate(gold: Sequence[GoldDocument], settings: Settings, name: str, on_event: Listener) -> Evaluation:
    """Review the gold documents with ``settings`` and score the findings.

    Everything is kept under ``settings.out/eval``, with a database of its own: gold documents don't belong among the
    real ones, and its journal makes a second evaluation of the same model free. Raises SettingsError, EngineError.
    """
    folder = settings.out / "eval"
    folder.mkdir(parents=True, exist_ok=True)
    inner = settings.model_copy(
        update={"database": f"sqlite:///{folder}/longdoc.db", "out": folder / "reports", "force": True}
    )
    async with open_session(inner) as session:
        batch = await session.review([document.path for document in gold], on_event)
        ids = [result.analysis_id for result in batch.results]
        stored = {one.id: one for one in session.store.analyses([id_ for id_ in ids if id_ is not None])}
    pairs = [(document.gold, stored[id_].analysis) for document, id_ in zip(gold, ids, strict=True) if id_ is not None]
    scores = score(pairs)
    name = name or "-".join(filter(None, [batch.engine, Path(batch.model).name, settings.thinking]))
    values: dict[str, Any] = {
        "name": name,
        "gold": _identity(gold),
        "documents": scores.documents,
        "engine": batch.engine,
        "settings": {key: str(getattr(settings, key)) for key in _DECIDES} | {"model": batch.model},
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "measures": measures(scores),
        "scores": asdict(scores),
    }
    path = folder / f"{_slug(name)}.json"
    write_atomically(path, json.dumps(values, ensure_ascii=False, indent=1).encode())
    page = folder / "index.html"
    write_atomically(page, _page(_beside(folder, values), settings.timezone).encode())
    return Evaluation(name, scores, values, path, page)


def _identity(gold: Sequence[GoldDocument]) -> str:
    """sha256 over the gold and the documents' names: only evaluations over the same set can be compared."""
    texts = sorted(document.gold.model_dump_json() for document in gold)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _slug(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:80] or "evaluation"


def _beside(folder: Path, newest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The newest evaluation, then the others over the same gold, by name."""
    others: list[Mapping[str, Any]] = []
    for file in sorted(folder.glob("*.json")):
        values: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if values["gold"] == newest["gold"] and values["name"] != newest["name"]:
            others.append(values)
    return [newest, *others]


def _page(evaluations: Sequence[Mapping[str, Any]], timezone: str) -> str:
    newest = evaluations[0]
    tallies: Mapping[str, Any] = newest["scores"]["tallies"]
    rows = ["all", "defects", *sorted(tallies)]
    return render(
        "eval.html.j2",
        t={key: str(text) for key, text in _WORDS.items()},
        evaluations=evaluations,
        finished=minute(datetime.fromisoformat(newest["finished_at"]), zone_of(timezone)),
        rows=rows,
        names={row: _named(row) for row in rows},
        confusions=[
            (name, tallies[name]) for name in sorted(tallies) if tallies[name]["missed"] or tallies[name]["false"]
        ],
        failed=newest["scores"]["failed"],
    )


def _named(row: str) -> str:
    """A measure as people call it; gates go by its code, which stands beside."""
    field, _, code = row.partition(" ")
    if field == "defect":
        return item_name(next((item for item, known in CODES.items() if known == code), code))
    return str(_FIELDS.get(row) or (_WORDS[row] if row in ("all", "defects") else row))


_FIELDS = {
    "absent": Text("缺失的判断", "absence"),
    "addresses": Text("地址", "addresses"),
    "amounts": Text("金额", "amounts"),
    "citation": Text("引文与页码", "citation"),
    "company": Text("公司名称", "company"),
    "contract_number": Text("合同编号", "contract number"),
    "credit_codes": Text("统一社会信用代码", "credit codes"),
    "dates": Text("日期", "dates"),
    "forum": Text("争议解决", "dispute resolution"),
    "metrics": Text("关键指标", "key metrics"),
    "parties": Text("当事人", "parties"),
    "payments": Text("付款", "payments"),
    "penalties": Text("违约金", "penalties"),
    "period": Text("报告期", "period"),
    "term": Text("期限", "term"),
    "title": Text("标题", "title"),
}
_WORDS = {
    "title": Text("评测", "Evaluation"),
    "lead": Text(
        "与标准答案逐项比较。每格为 召回率 / 精确率；只有有原文依据的发现才算数。",
        "Compared with gold, value by value. Each cell: recall / precision; only grounded findings count.",
    ),
    "measure": Text("项目", "measure"),
    "documents": Text("文件", "documents"),
    "finished": Text("完成于", "finished"),
    "all": Text("全部", "all"),
    "defects": Text("全部缺陷", "all defects"),
    "ungrounded": Text("无原文依据的比例", "ungrounded share"),
    "failed": Text("失败的文件", "failed documents"),
    "cost": Text(
        "请求 / 提示词元 / 命中缓存 / 生成词元 / 秒", "requests / prompt / cached / completion tokens / seconds"
    ),
    "confusions": Text("不一致之处", "Confusions"),
    "none": Text("没有不一致。", "None."),
    "missed": Text("漏掉", "missed"),
    "false": Text("误报", "false alarm"),
    "what": Text("差错", "error"),
    "file": Text("文件", "document"),
    "value": Text("内容", "what"),
    "place": Text("出处", "place"),
}
