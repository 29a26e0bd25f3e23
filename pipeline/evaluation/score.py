"""Findings against gold. Pure: values of both are brought to one form, then compared as sets."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from pipeline.evaluation.gold import Citation, Defect, Fields, Gold, Judged, Metric, Term
from pipeline.kinds.numerals import amounts_in
from pipeline.types import Analysis, Evidence, Finding

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
    "表内合计不符": "table_sum",
    "增长率与数据不符": "growth_rate",
    "资产负债不平": "balance_identity",
}
"""Defect codes of gold by the item of the ``checks`` finding; a gold may also name the item itself."""

_PENALTY = re.compile(r"\d+(?:\.\d+)?%(?:/[日天周月年])?|\d+(?:\.\d+)?元|LPR的[\d.]+倍")
_EXPECTED = re.compile(r"(?<=\d)(?:年?[(（]预[测计][)）]|[EF]$)")
_PENALTY_ITEM = re.compile("违约金|滞纳金|罚息|逾期利[息率]|罚款|赔偿金|占用费|补偿金")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_LENGTH = re.compile(r"(\d+)\s*(年|个月|月)")
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)\s*(.*)")

Found = Mapping[str, Mapping[str, Sequence[Finding]]]
"""Findings by field and by their value in common form."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """One value that was missed, or told though it is not so."""

    file: str
    told: str
    place: str = ""


@dataclass(slots=True)
class Tally:
    """Hits, misses and false alarms of one field or defect over all documents."""

    hits: int = 0
    missed: list[Confusion] = field(default_factory=list[Confusion])
    false: list[Confusion] = field(default_factory=list[Confusion])

    @property
    def recall(self) -> float:
        wanted = self.hits + len(self.missed)
        return self.hits / wanted if wanted else 1.0

    @property
    def precision(self) -> float:
        told = self.hits + len(self.false)
        return self.hits / told if told else 1.0

    @property
    def f1(self) -> float:
        both = 2 * self.hits + len(self.missed) + len(self.false)
        return 2 * self.hits / both if both else 1.0


@dataclass(slots=True)
class Scores:
    """One evaluation: a tally by field, defect and rule of trust."""

    tallies: dict[str, Tally] = field(default_factory=dict[str, Tally])
    """``amounts``, ``defect blank`` ..., ``citation`` (the page and quote of a hit), ``absent`` (what is said to be
    missing), ``decided`` (findings on which a person has decided)."""
    findings: int = 0
    ungrounded: int = 0
    documents: int = 0
    failed: list[Confusion] = field(default_factory=list[Confusion])
    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0

    def tally(self, name: str) -> Tally:
        return self.tallies.setdefault(name, Tally())

    @property
    def ungrounded_share(self) -> float:
        return self.ungrounded / self.findings if self.findings else 0.0

    def total(self, prefix: str = "") -> Tally:
        """The sum of the fields and defects (``citation``, ``absent`` and ``decided`` judge the same values again)."""
        sums = Tally()
        for name, tally in self.tallies.items():
            if name not in ("citation", "absent", "decided") and name.startswith(prefix):
                sums.hits += tally.hits
                sums.missed += tally.missed
                sums.false += tally.false
        return sums


def score(pairs: Iterable[tuple[Gold, Analysis]]) -> Scores:
    """Compare each document's analysis with its gold.

    A check that no gold of the set names is not judged: nobody looked for it.
    """
    pairs = list(pairs)
    judged = {_code(defect.code) for gold, _ in pairs for defect in gold.defects or ()}
    scores = Scores()
    for gold, analysis in pairs:
        scores.documents += 1
        scores.requests += analysis.requests
        scores.prompt_tokens += analysis.prompt_tokens
        scores.cached_tokens += analysis.cached_tokens
        scores.completion_tokens += analysis.completion_tokens
        scores.seconds += analysis.seconds
        if analysis.status == "failed":
            scores.failed.append(Confusion(gold.file, analysis.error_message))
        scores.findings += len(analysis.findings)
        scores.ungrounded += sum(not finding.grounded for finding in analysis.findings)
        found = fields_found(analysis.findings)
        _score_fields(gold, found, scores)
        _score_citations(gold, found, scores)
        checks = [f for f in analysis.findings if f.category == "checks" and _code(f.item) in judged]
        _score_defects(gold, checks, scores)
        _score_decided(gold, analysis.findings, scores)
    return scores


# --- fields -----------------------------------------------------------------------------------------------------------


def fields_found(findings: Sequence[Finding]) -> Found:
    """What the findings say, by field. Only what is grounded counts as said."""
    found: dict[str, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for finding in findings:
        if finding.grounded and finding.status != "absent":
            for name, value in _values_of(finding):
                found[name][value].append(finding)
    return found


def _values_of(finding: Finding) -> Iterator[tuple[str, str]]:
    item, value = finding.item, finding.value.strip()
    match finding.category:
        case "parties":
            role, _, part = item.partition("·")
            name = {"": "parties", "统一社会信用代码": "credit_codes", "地址": "addresses"}.get(part)
            if name:
                yield name, f"{role}：{value}"
        case "basics":
            yield from _basics(item, value)
        case "money":
            yield from (("amounts", _yuan(a.yuan)) for a in amounts_in(value) if a.currency == "CNY")
        case "payment":
            yield "payments", _share(value)
        case "liability" if _PENALTY_ITEM.search(item):
            yield from (("penalties", _share(told)) for told in _PENALTY.findall(value) or [value])
        case "disputes" if item == "争议解决":
            yield "forum", value
        case "profile" if item in ("公司全称", "报告期"):
            yield ("company" if item == "公司全称" else "period"), value
        case "metrics":
            yield "metrics", _metric(item, finding.detail, _measure(value))
        case _:
            pass


def _basics(item: str, value: str) -> Iterator[tuple[str, str]]:
    yield from (("dates", date) for date in _DATE.findall(value))
    if name := {"合同名称": "title", "合同编号": "contract_number"}.get(item):
        yield name, value
    if name := {"起始日期": "start", "终止日期": "end", "合同期限": "length"}.get(item):
        yield "term", f"{name}：{_months(value) if name == 'length' else value}"


def fields_expected(fields: Fields) -> dict[str, set[str]]:
    """What the gold says, by field; a field that it leaves out is not there."""
    parties, term, forum = fields.parties or (), fields.term, fields.forum
    wanted: dict[str, set[str]] = {
        "title": {fields.title or ""},
        "contract_number": {fields.contract_number or ""},
        "parties": {f"{p.role}：{p.name}" for p in parties},
        "credit_codes": {f"{p.role}：{p.credit_code}" for p in parties if p.credit_code},
        "addresses": {f"{p.role}：{p.address}" for p in parties if p.address},
        "amounts": {_yuan(amount) for amount in fields.amounts or ()},
        "dates": set(fields.dates or ()),
        "term": set(_term(term)) if term else set(),
        "forum": {"：".join(filter(None, (forum.kind, forum.where)))} if forum else set(),
        "penalties": {_share(value) for value in fields.penalties or ()},
        "payments": {_share(value) for value in fields.payments or ()},
        "company": {fields.company or ""},
        "period": {fields.period or ""},
        "metrics": {_metric(m.name, m.period or "", _measure(_printed(m))) for m in fields.metrics or ()},
    }
    told = fields.model_fields_set
    of = {"credit_codes": "parties", "addresses": "parties"}
    return {name: values - {""} for name, values in wanted.items() if of.get(name, name) in told}


def _metric(name: str, period: str, measure: str) -> str:
    """2026年, 2026年（预测） and 2026E are one period: gold need not say that a figure is expected."""
    return f"{name}（{_EXPECTED.sub('年', period)}）：{measure}"


def _term(term: Term) -> Iterator[str]:
    for name, value in (("start", term.start), ("end", term.end), ("length", term.length)):
        if value:
            yield f"{name}：{_months(value) if name == 'length' else value}"


def _score_fields(gold: Gold, found: Found, scores: Scores) -> None:
    two_forums = any(defect.code == "forum_conflict" for defect in gold.defects or ())
    for name, wanted in fields_expected(gold.fields).items():
        told = set(found.get(name, ()))
        if name == "forum" and two_forums:
            continue  # which of them holds is for nobody to say
        if name == "metrics":  # a gold names the key ones: others are no false alarms, other values of these are
            heads = {value.partition("：")[0] for value in wanted}
            told = {value for value in told if value.partition("：")[0] in heads}
        tally = scores.tally(name)
        tally.hits += len(wanted & told)
        tally.missed += [Confusion(gold.file, value) for value in sorted(wanted - told)]
        tally.false += [Confusion(gold.file, value, _place(found[name][value])) for value in sorted(told - wanted)]


def _score_citations(gold: Gold, found: Found, scores: Scores) -> None:
    """Whether a value that was found is shown where it stands. A value that was missed is counted by its field."""
    for citation in gold.citations:
        findings = found.get(citation.field, {}).get(_in_form(citation), ())
        evidence = [e for finding in findings for e in finding.evidence]
        if not evidence:
            continue
        tally = scores.tally("citation")
        if any(e.page == citation.page and _overlap(e.quote, citation.quote) for e in evidence):
            tally.hits += 1
        else:
            told = Confusion(gold.file, f"{citation.field} {citation.value}", _place(findings))
            tally.missed.append(told)
            tally.false.append(told)


def _in_form(citation: Citation) -> str:
    match citation.field:
        case "amounts":
            return _yuan(Decimal(citation.value.rstrip("元")))
        case "penalties" | "payments":
            return _share(citation.value)
        case _:
            return citation.value


# --- defects ----------------------------------------------------------------------------------------------------------


def _score_defects(gold: Gold, checks: Sequence[Finding], scores: Scores) -> None:
    if gold.defects is None:
        return
    left = list(checks)
    for defect in gold.defects:
        tally = scores.tally(f"defect {_code(defect.code)}")
        matched = [f for f in left if _code(f.item) == _code(defect.code) and _matches(defect, f)]
        if matched:
            tally.hits += 1
            left = [f for f in left if f not in matched]
            if defect.clause:
                scores.tally("absent").hits += 1
        else:
            tally.missed.append(Confusion(gold.file, defect.quote or defect.clause or defect.note))
    for finding in left:
        told = Confusion(gold.file, f"{finding.value} {finding.detail}".strip(), _place([finding]))
        scores.tally(f"defect {_code(finding.item)}").false.append(told)
        if finding.status == "absent":
            scores.tally("absent").false.append(told)


def _matches(defect: Defect, finding: Finding) -> bool:
    if defect.quote is None:
        clause = defect.clause or ""
        return bool(finding.value) and (finding.value in clause or clause in finding.value)
    return any(_overlap(e.quote, defect.quote) for e in finding.evidence)


def _code(name: str) -> str:
    return CODES.get(name, name)


def _score_decided(gold: Gold, findings: Sequence[Finding], scores: Scores) -> None:
    for judged, wanted in ((gold.wanted, True), (gold.rejected, False)):
        for one in judged:
            there = any(_is(one, finding) for finding in findings)
            tally = scores.tally("decided")
            told = Confusion(gold.file, f"{one.category} {one.item} {one.value}".strip(), one.quote)
            if wanted and there:
                tally.hits += 1
            elif wanted:
                tally.missed.append(told)
            elif there:
                tally.false.append(told)


def _is(judged: Judged, finding: Finding) -> bool:
    named = (finding.category, finding.item, finding.value) == (judged.category, judged.item, judged.value)
    quotes = [evidence.quote for evidence in finding.evidence]
    return named and (not judged.quote or any(_overlap(quote, judged.quote) for quote in quotes))


# --- forms ------------------------------------------------------------------------------------------------------------


def _yuan(amount: Decimal) -> str:
    return f"{amount.normalize():f}元"


def _share(value: str) -> str:
    """``3000000元`` and ``300万元`` are one sum; ``30.0%`` and ``30%`` one share."""
    amounts = amounts_in(value)
    if amounts:
        return _yuan(amounts[0].yuan)
    number, sign, rest = value.partition("%")
    try:
        return f"{Decimal(number).normalize():f}{sign}{rest}"
    except InvalidOperation:
        return value


def _months(printed: str) -> str:
    match = _LENGTH.search(printed)
    return f"{int(match[1]) * (12 if match[2] == '年' else 1)}个月" if match else printed


def _printed(metric: Metric) -> str:
    return f"{metric.value:f}{metric.unit}"


def _measure(printed: str) -> str:
    """``1863427915.4元``, ``18.63亿元`` in yuan; ``9.82%`` as it is, without trailing noughts."""
    amounts = amounts_in(printed)
    if amounts and amounts[0].span.length == len(printed.strip()):
        return _yuan(amounts[0].yuan)
    match = _NUMBER.fullmatch(printed.replace(",", "").strip())
    return f"{Decimal(match[1]).normalize():f}{match[2]}" if match else printed


def _overlap(one: str, other: str) -> bool:
    one, other = _bare(one), _bare(other)
    return bool(one and other) and (one in other or other in one)


def _bare(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _place(findings: Sequence[Finding]) -> str:
    evidence: Iterable[Evidence] = (e for finding in findings for e in finding.evidence)
    first = next(iter(evidence), None)
    return f"p. {first.page}: {first.quote[:80]}" if first else ""
