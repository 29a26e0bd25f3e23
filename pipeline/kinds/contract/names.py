"""A party's name told a little differently in the text: one character off, one more, one less, or another form of
company. A name that the contract gives to somebody else is no slip."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.kinds.contract.parties import Party
from pipeline.kinds.contract.view import Defect, View, flat
from pipeline.lang import Text
from pipeline.types import Finding, Span

_TAIL = re.compile(r"(?:公司|合伙\)|事务所|合作社|中心|集团|厂|研究院|医院|学校|大学|商行|委员会)$")
_LEAST = 8
"""Characters that a name must have: in shorter ones one character is often another name."""
_FORMS = ("股份有限公司", "有限责任公司", "有限公司")
_RENAMED = re.compile(
    r"原名|曾用名|更名|前身|变更(?:前|后)|原[\u4e00-\u9fa5]{0,6}名称|下属|关联|控股|参股|母公司|集团内|兄弟|同一控制|指定"
)
_BRANCH = re.compile(r"(?:子公司|分公司)(?:即|为|:|\"|—)?$")
_BRAND = 4
"""Characters of place and brand that a name has at least."""
_AS_PARTY = re.compile(r"户名|账户|开户|收款|付款|抬头|开票|发票|盖章|签章|(?:甲|乙|供|需|买|卖)方[^,。;]{0,4}$")
"""Where a company of another trade word must be the party itself; elsewhere it may be its sister."""
_ACTS = re.compile(
    r"(?:有权|应当?|须|需|不得|可以|保证|承诺|逾期|迟延|违反|拒绝|未(?:按|能|在|经|履行|支付)|的(?:书面|通知|文件|同意|账[户号]|开户|违约))"
)
"""What a party does, behind its name."""
_ENTERPRISE = re.compile(r"[\u4e00-\u9fa5()]{2,20}?(?:公司|\(有限合伙\)|厂|事务所|合作社|医院|学校|研究院)")
_ORDINALS = frozenset("一二三四五六七八九十0123456789东西南北中新老上下大小甲乙丙ABCDEFGH")


def near_names(view: View, parties: Sequence[Party]) -> Iterator[Finding]:
    """Every place, once per spelling, where a party's name is misspelt."""
    known = {flat(party.name) for party in parties}
    seen: set[str] = set()
    for name, role in {flat(party.name): party.role for party in parties}.items():
        if len(name) < _LEAST or not _TAIL.search(name):
            continue
        for span in (*_spellings(view.text, name), *_in_its_place(view, name)):
            printed = view.text[span.start : span.end]
            bare = printed.replace(" ", "")
            around = view.text[max(view.sentence_at(span.start).span.start, span.start - 16) : span.end + 8]
            branch = _BRANCH.search(view.text, max(0, span.start - 8), span.start)
            if bare in known or bare in seen or branch or _RENAMED.search(around):
                continue
            if _another_word(bare, name) and not (_AS_PARTY.search(around) or _ACTS.match(view.text, span.end)):
                continue
            seen.add(bare)
            yield _finding(view, role, name, printed, span)


def _spellings(text: str, name: str) -> Iterator[Span]:
    """Where the name stands but for a slip. Its first two characters and its form of company stand rightly."""
    for tail in dict.fromkeys((name[-6:], *(form for form in _FORMS if name.endswith(_FORMS)))):
        at = text.find(tail)
        while at >= 0:
            end = at + len(tail)
            if span := _slip(text, name, end):
                yield span
            at = text.find(tail, end)


def _in_its_place(view: View, name: str) -> Iterator[Span]:
    """A company of the party's place and brand but another trade or form, named once, that does what parties do."""
    brand = name[:_BRAND]
    at = view.text.find(brand)
    while at >= 0:
        match = _ENTERPRISE.match(view.text, at)
        if match and _ACTS.match(view.text, match.end()) and view.text.count(match.group()) == 1:
            introduced = view.text[max(view.sentence_at(at).span.start, at - 2) : at]
            if not re.search(r"[由与和及向对为是给\u4e00-\u9fa5]$", introduced):
                yield Span(*match.span())
        at = view.text.find(brand, match.end() if match else at + _BRAND)


def _slip(text: str, name: str, end: int) -> Span | None:
    """The name as it is misspelt up to ``end``; None where it stands rightly or is quite another."""
    if text.endswith(name, 0, end):
        return None
    for length in (len(name), len(name) + 1, len(name) - 1, len(name) + 2, len(name) - 2):
        start = end - length
        if start < 0 or "\n" in text[start:end] or text[start : start + 2] != name[:2]:
            continue
        if _is_slip(text[start:end], name):
            return Span(start, end)
    return _shortened(text, name, end)


_ACCOUNT = re.compile(r"(?:户名|账户名称|开户名称?|收款(?:人|单位|方))(?:为|[:\s])*$")


def _shortened(text: str, name: str, end: int) -> Span | None:
    """The holder of an account, as the party but for words left out: the bank pays to no such name."""
    for length in range(len(name) - 2, max(_LEAST, len(name) - 5) - 1, -1):
        start = end - length
        if start < 0 or text[start : start + 2] != name[:2] or not _ACCOUNT.search(text, max(0, start - 8), start):
            continue
        rest = iter(name)
        if all(sign in rest for sign in text[start:end]):
            return Span(start, end)
    return None


def _is_slip(printed: str, name: str) -> bool:
    """One character changed, added or left out, two beside each other changed, or another form of company."""
    if len(printed) == len(name):
        wrong = [i for i, (a, b) in enumerate(zip(printed, name, strict=True)) if a != b]
        if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
            return wrong[0] >= _BRAND or _another_word(printed, name) is False
        return len(wrong) == 1 and not {printed[wrong[0]], name[wrong[0]]} <= _ORDINALS and name[wrong[0]] not in "()"
    short, long = sorted((printed, name), key=len)
    if len(long) - len(short) == 1:
        return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
    bare = [next((n.removesuffix(form) for form in _FORMS if n.endswith(form)), n) for n in (printed, name)]
    return bare[0] == bare[1]


def _another_word(printed: str, name: str) -> bool:
    """Whether two characters are others altogether (器械, 设备), not swapped nor partly the same (造纸, 纸业)."""
    changed = [(a, b) for a, b in zip(printed, name, strict=False) if a != b]
    return len(printed) == len(name) and len(changed) == 2 and not {a for a, _ in changed} & {b for _, b in changed}


def _finding(view: View, role: str, name: str, printed: str, span: Span) -> Finding:
    defect = Defect(
        "当事人名称不一致", "conflict", "high", role,
        Text(f"{role}的名称为“{name}”，此处写作“{printed}”。",
             f"The name of {role} is “{name}”; here it is “{printed}”."),
        Text(f"核对营业执照，把{role}的名称全文统一；确为另一主体的，写明其与本合同的关系。",
             f"Check the business licence and use one name for {role} throughout; if it is another company, say what "
             "it has to do with the contract."),
    )  # fmt: skip
    return defect.at(view.quote(span))
