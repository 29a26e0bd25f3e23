"""Precision and recall of the contract rules against the samples' gold.

    python tests/bench/rules_gold.py [FOLDER] [--verbose]

FOLDER (data/samples) holds NAME.pdf beside NAME.gold.json; scanned samples and reports are stepped over.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.errors import NoTextError
from pipeline.kinds.contract.rules import findings_in
from pipeline.kinds.contract.view import flat
from pipeline.pdf.read import Reader, ReadLimits
from pipeline.split.headings import find_sections
from pipeline.types import Document, Finding

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
CODES = {
    "大小写金额不一致": "amount_words_mismatch",
    "付款比例合计不为100%": "percent_sum",
    "引用的条款不存在": "missing_clause_ref",
    "引用的附件不存在": "missing_attachment_ref",
    "空白未填": "blank",
    "缺少必备条款": "missing_clause",
    "仲裁与诉讼并存": "forum_conflict",
    "定金超过20%": "deposit_over_limit",
    "日期先后矛盾": "date_order",
    "明细合计不符": "item_sum",
    "金额前后不一致": "amount_conflict",
    "比例与金额不符": "share_amount",
}
PENALTY_ITEMS = frozenset(
    {
        "违约金",
        "滞纳金",
        "罚息",
        "逾期利息",
        "逾期利率",
        "罚款",
        "赔偿金",
        "占用费",
        "资金占用费",
        "补偿金",
        "违约金上限",
    }
)


@dataclass
class Score:
    """Hits, misses and false alarms of one field over all samples."""

    hits: int = 0
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.hits / (self.hits + len(self.missed)) if self.hits + len(self.missed) else 1.0

    @property
    def precision(self) -> float:
        return self.hits / (self.hits + len(self.false)) if self.hits + len(self.false) else 1.0

    def compare(self, name: str, expected: Iterable[object], found: Iterable[object]) -> None:
        wanted, got = set(expected), set(found)
        self.hits += len(wanted & got)
        self.missed += sorted(f"{name}: {x}" for x in wanted - got)
        self.false += sorted(f"{name}: {x}" for x in got - wanted)


def fields_found(findings: Sequence[Finding]) -> dict[str, set[Any]]:
    """What the findings say, in the gold's terms."""
    by = lambda category: [f for f in findings if f.category == category]  # noqa: E731
    parties = by("parties")
    basics = by("basics")
    value_of = {f.item: f.value for f in reversed(basics)}
    return {
        "title": {value_of.get("合同名称")} - {None},
        "contract_number": {value_of.get("合同编号")} - {None},
        "parties": {(f.item, f.value) for f in parties if "·" not in f.item},
        "credit_codes": {(f.item.split("·")[0], f.value) for f in parties if f.item.endswith("统一社会信用代码")},
        "addresses": {(f.item.split("·")[0], f.value) for f in parties if f.item.endswith("地址")},
        "amounts": {Decimal(f.value[:-1]) for f in by("money") if re.fullmatch(r"\d+(\.\d+)?元", f.value)},
        "dates": {f.value for f in basics if re.fullmatch(r"\d{4}-\d\d-\d\d", f.value)},
        "term": {
            ("start", value_of.get("起始日期")),
            ("end", value_of.get("终止日期")),
            ("length", _months(value_of.get("合同期限"))),
        }
        - {("start", None), ("end", None), ("length", None)},
        "forum": {(f.value[:2], f.value[3:]) for f in by("disputes") if f.item == "争议解决"},
        "penalties": {f.value for f in by("liability") if f.item in PENALTY_ITEMS},
        "payments": {f.value for f in by("payment")},
    }


def fields_expected(gold: Mapping[str, Any]) -> dict[str, set[Any]]:
    fields = gold["fields"]
    term, forum = fields.get("term") or {}, fields.get("forum")
    return {
        "title": {fields["title"]},
        "contract_number": {fields["contract_number"]} - {None},
        "parties": {(p["role"], p["name"]) for p in fields["parties"]},
        "credit_codes": {(p["role"], p["credit_code"]) for p in fields["parties"] if p.get("credit_code")},
        "addresses": {(p["role"], p["address"]) for p in fields["parties"] if p.get("address")},
        "amounts": {Decimal(str(a)) for a in fields["amounts"]},
        "dates": set(fields["dates"]),
        "term": {(k, _months(v) if k == "length" else v) for k, v in term.items() if v},
        "forum": {(forum["kind"], forum["where"])} if forum else set(),
        "penalties": set(fields["penalties"]),
        "payments": set(fields["payments"]),
    }


def _months(printed: str | None) -> str | None:
    """12个月 and 1年 are the same length."""
    match = re.fullmatch(r"(\d+)(年|个月)", printed or "")
    return f"{int(match[1]) * (12 if match[2] == '年' else 1)}个月" if match else printed


def bare(text: str) -> str:
    """Without white space, in half-width forms: OCR mixes the widths."""
    return re.sub(r"\s", "", flat(text))


def score(gold: Mapping[str, Any], findings: Sequence[Finding], scores: dict[str, Score]) -> None:
    """Add one document's hits and misses to ``scores``: one entry per field and per defect code."""
    name = gold["file"]
    expected, found = fields_expected(gold), fields_found(findings)
    if gold["fields"].get("forum") is None and any(d["code"] == "forum_conflict" for d in gold["defects"]):
        found["forum"] = set()
    for key, wanted in expected.items():
        scores.setdefault(key, Score()).compare(name, wanted, found[key])
    _score_defects(gold, [f for f in findings if f.category == "checks"], scores)


def _score_defects(gold: Mapping[str, Any], checks: list[Finding], scores: dict[str, Score]) -> None:
    left = list(checks)
    for defect in gold["defects"]:
        tally = scores.setdefault(f"defect {defect['code']}", Score())
        matched = [f for f in left if CODES.get(f.item) == defect["code"] and _matches(defect, f)]
        if matched:
            tally.hits += 1
            left = [f for f in left if f not in matched]
        else:
            tally.missed.append(f"{gold['file']}: {defect.get('quote') or defect.get('clause')}")
    for finding in left:
        code = CODES.get(finding.item, finding.item)
        quote = finding.evidence[0].quote[:60] if finding.evidence else finding.value
        scores.setdefault(f"defect {code}", Score()).false.append(f"{gold['file']}: {quote} ({finding.detail})")


def _matches(defect: Mapping[str, Any], finding: Finding) -> bool:
    if defect["code"] == "missing_clause":
        clause = str(defect["clause"])
        return finding.value in clause or clause in finding.value
    quote = bare(str(defect["quote"]))
    return any(quote in bare(e.quote) or bare(e.quote) in quote for e in finding.evidence)


async def documents(folder: Path) -> list[tuple[Mapping[str, Any], Document]]:
    """Every contract sample with a text layer, read as the pipeline reads it, with its sections."""
    found: list[tuple[Mapping[str, Any], Document]] = []
    limits = ReadLimits(workers=1, timeout_s=60, memory_mib=1024, ocr="off", ocr_page_timeout_s=30, passwords=())
    async with Reader(limits) as reader:
        for path in sorted(folder.glob("*.gold.json")):
            gold = json.loads(path.read_text(encoding="utf-8"))
            if gold["kind"] != "contract":
                continue
            try:
                document = await reader.read(folder / gold["file"], "0" * 64)
            except NoTextError:
                continue  # a scan: the tests of reading look at those
            sections = find_sections(document.text, document.bookmarks, document.pages)
            found.append((gold, replace(document, sections=sections)))
    return found


def report(scores: Mapping[str, Score], *, verbose: bool) -> str:
    lines = [f"{'field':34}{'gold':>6}{'recall':>8}{'precision':>10}"]
    for key, tally in scores.items():
        lines.append(f"{key:34}{tally.hits + len(tally.missed):6}{tally.recall:8.3f}{tally.precision:10.3f}")
        if verbose:
            lines += [f"    missed {line}" for line in tally.missed] + [f"    false  {line}" for line in tally.false]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLES)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    scores: dict[str, Score] = {}
    characters, seconds = 0, 0.0
    for gold, document in asyncio.run(documents(arguments.folder)):
        start = time.process_time()
        findings = findings_in(document)
        seconds += time.process_time() - start
        characters += len(document.text)
        score(gold, findings, scores)
    print(report(scores, verbose=arguments.verbose))
    print(f"{characters} characters, {seconds * 1e6 / max(1, characters):.2f} ms of CPU for a thousand")
    return 0


if __name__ == "__main__":
    sys.exit(main())
