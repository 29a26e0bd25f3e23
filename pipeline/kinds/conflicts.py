"""What findings say against each other: one thing with two values, and the model against the rules.

Both sides stay; the contradiction is a finding of its own, with both quotes. Only values that can be compared count:
sums, rates, dates, the forum, and names of parties.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from pipeline.kinds.contract.amounts import PERCENT, parse_rate
from pipeline.kinds.numerals import amounts_in, dates_in
from pipeline.kinds.terms import english
from pipeline.lang import Text
from pipeline.types import Evidence, Finding

_ONE_ONLY: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "合同总价": r"(?:本?合同)?(?:含税)?(?:总价款?|总金额|总额|价款总额|总费用)|合同(?:价款|金额|价)|签约合同价",
        "定金": r"定金(?:金额)?",
        "押金": r"(?:租赁)?押金(?:金额)?",
        "履约保证金": r"履约保证金(?:金额)?",
        "借款本金": r"(?:借款|贷款)(?:本金|金额)|本金",
        "月租金": r"月租金?",
        "借款利率": r"(?:借款|贷款)?年?利率",
        "合同编号": r"(?:合同|协议)编号",
        "签订日期": r"(?:合同)?签[订署]日期",
        "生效日期": r"(?:合同)?生效日期",
        "起始日期": r"(?:合同|租赁|服务|借款)?(?:起始|开始)日期",
        "终止日期": r"(?:合同|租赁|服务|借款)?(?:终止|届满|到期|结束)日期",
        "争议解决": r"争议(?:的)?(?:解决|处理)(?:方式)?|管辖|仲裁",
    }.items()
}
"""What a contract can have only one of, under the names that it goes by."""
_CATEGORIES = ("money", "basics", "disputes", "parties")
_NOISE = re.compile(r"[\s,，、。；：:;\"'“”‘’（）()《》\[\]【】]")
_RATE = re.compile(PERCENT)
_FORUM = {"仲裁": re.compile(r"仲裁"), "诉讼": re.compile(r"诉讼|法院|起诉")}

Value = tuple[str, str]
"""Its sort and its worth: what two findings must share to be compared, and to agree."""


def conflicts_in(findings: Sequence[Finding]) -> list[Finding]:
    """The contradictions among proved findings, those apart that a rule has found already."""
    known = [f for f in findings if f.category == "checks" and f.status == "conflict"]
    proved = [f for f in findings if f.category in _CATEGORIES and f.grounded and f.evidence and f.status == "present"]
    if all(f.source == "rule" for f in proved):
        return []  # what rules say against each other, the rules' own checks judge
    found: list[Finding] = []
    for conflict in (*_disagreements(proved), *_contradictions(proved)):
        if not any(_covers(other, conflict) for other in (*known, *found)):
            found.append(conflict)
    return found


def _disagreements(findings: Sequence[Finding]) -> Iterator[Finding]:
    """The model reads another value out of the very place that a rule reads. A value that the quote states is none:
    then both are right, of two things in one sentence."""
    rules = [f for f in findings if f.source == "rule"]
    for said in findings:
        if said.source != "llm" or (value := value_of(said)) is None or _states(said, value):
            continue
        beside = [f for f in rules if f.category == said.category and _overlap(f, said) and _sort(f) == value[0]]
        if not beside or any(value_of(f) == value for f in beside):
            continue
        rule = next((f for f in beside if _name(f) == _name(said)), beside[0] if len(beside) == 1 else None)
        if rule is not None:
            yield _finding(
                "模型与规则不一致", rule, said,
                Text(f"同一处原文，规则读出“{rule.item}：{rule.value}”，模型读出“{said.item}：{said.value}”；引文中没有后者。",
                     f"At one place a rule reads “{rule.item}: {rule.value}”, the model “{said.item}: {said.value}”; "
                     "the quote does not hold the latter."),
                Text("以原文为准，核对后改正其中之一。", "Go by the text, and correct whichever is wrong."),
            )  # fmt: skip


def _contradictions(findings: Sequence[Finding]) -> Iterator[Finding]:
    """One thing under one name, with another value in another place."""
    by_name: dict[str, list[Finding]] = {}
    for finding in findings:
        if (name := _name(finding)) and value_of(finding):
            by_name.setdefault(name, []).append(finding)
    for name, same in by_name.items():
        for one, other in combinations(same, 2):
            here, there = value_of(one), value_of(other)
            if "llm" not in (one.source, other.source) or _overlap(one, other):
                continue
            if here and there and here[0] == there[0] and here[1] != there[1] and _both_stated(one, other):
                yield _finding(
                    "前后不一致", one, other,
                    Text(f"“{name}”在一处为 {one.value}，在另一处为 {other.value}。",
                         f"{english(name)} is “{one.value}” in one place and “{other.value}” in another."),
                    Text("核对后全文统一，或写明两处各指什么。",
                         "Check and use one of them throughout, or say what each means."),
                )  # fmt: skip
                break


def _finding(item: str, one: Finding, other: Finding, detail: Text, suggestion: Text) -> Finding:
    value = f"{one.value}／{other.value}"
    evidence = (one.evidence[0], other.evidence[0])
    return Finding("checks", item, value, "rule", evidence, str(detail), "medium", "conflict", str(suggestion))


def value_of(finding: Finding) -> Value | None:
    """What a finding's value is worth, where it is one sum, one rate, one day, a forum, a number or a name."""
    value = finding.value
    if finding.category == "disputes":
        kinds = [kind for kind, pattern in _FORUM.items() if pattern.search(value)]
        return ("forum", kinds[0]) if len(kinds) == 1 else None
    if finding.category == "parties":
        return ("name", _NOISE.sub("", value)) if value and "·" not in finding.item else None
    if len(amounts := amounts_in(value)) == 1:
        return "sum", f"{amounts[0].currency} {amounts[0].yuan.normalize():f}"
    if len(rates := _RATE.findall(value)) == 1 and (share := parse_rate(rates[0])) is not None:
        return "rate", f"{share.normalize():f}{value[-2:] if value[-2:-1] == '/' else ''}"
    if len(days := dates_in(value)) == 1:
        return "day", days[0].date.isoformat()
    return ("number", _NOISE.sub("", value)) if _name(finding) == "合同编号" else None


def _sort(finding: Finding) -> str:
    value = value_of(finding)
    return value[0] if value else ""


def _name(finding: Finding) -> str:
    """The name of what there is only one of; empty for all else. A party goes by its role."""
    if finding.category == "parties":
        return finding.item if re.fullmatch(r"[甲乙丙丁]方", finding.item) else ""
    return next((name for name, pattern in _ONE_ONLY.items() if pattern.fullmatch(finding.item)), "")


def _states(finding: Finding, value: Value) -> bool:
    """Whether one of the quotes holds the value, in whatever form."""
    return any(value in _values_in(evidence.quote, finding) for evidence in finding.evidence)


def _values_in(quote: str, finding: Finding) -> set[Value]:
    found: set[Value] = {("sum", f"{a.currency} {a.yuan.normalize():f}") for a in amounts_in(quote)}
    found |= {("day", d.date.isoformat()) for d in dates_in(quote)}
    shares = [share for m in _RATE.finditer(quote) if (share := parse_rate(m.group())) is not None]
    per = finding.value[-2:] if finding.value[-2:-1] == "/" else ""
    found |= {("rate", f"{share.normalize():f}{per}") for share in shares}
    found |= {("forum", kind) for kind, pattern in _FORUM.items() if pattern.search(quote)}
    bare = _NOISE.sub("", finding.value)
    if bare and bare in _NOISE.sub("", quote):
        found |= {("name", bare), ("number", bare)}
    return found


def _both_stated(one: Finding, other: Finding) -> bool:
    return all((value := value_of(f)) is not None and _states(f, value) for f in (one, other))


def _overlap(one: Finding, other: Finding) -> bool:
    return any(_meet(a, b) for a in one.evidence for b in other.evidence)


def _meet(one: Evidence, other: Evidence) -> bool:
    if one.span is None or other.span is None:
        return False
    return one.span.start < other.span.end and other.span.start < one.span.end


def _covers(known: Finding, conflict: Finding) -> bool:
    """Whether a finding shows both sides of a conflict already."""
    return all(any(_meet(side, shown) for shown in known.evidence) for side in conflict.evidence) and (
        known.item != "大小写金额不一致" or conflict.item == known.item
    )
