"""Defined terms that the contract never uses, and references to definitions that it doesn't have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.kinds.contract.parties import role_named
from pipeline.kinds.contract.view import Defect, View
from pipeline.lang import Text
from pipeline.types import Finding, Span

_TERM = r"\"(?P<term>[^\"\n,。;:()]{2,16})\""
_MEANS = re.compile(rf"{_TERM}\s*(?:\([^()\n]{{1,60}}\))?\s*,?\s?(?:(?:系|是|即)?指|:)")
_OPENING = re.compile(r"(?:^|[\n。;:\d、.) ]|本(?:合同|协议|合约)中,)\s*$")
_SHORT = re.compile(r"\((?:以下|下文|下)(?:简|统|合|并)?称(?:为|作)?:?\s?\"(?P<term>[^\"\n]{2,16})\"\)")
_REFERRED = (
    re.compile(rf"{_TERM}(?:一词)?(?:的定义|的含义|的释义)(?:见|详见|以|同|适用|依|按)"),
    re.compile(
        rf"{_TERM}(?:一词)?(?:的[^。;,\"]{{1,8}}?)?,?(?:应|须)?(?:按照?|以|依照?|适用|参照)[^。;,\"]{{0,16}}?定义(?:解释|为准|理解|确定|执行|认定)?(?=[,。;]|$)"
    ),
    re.compile(rf"{_TERM}(?:一词)?的?(?:(?:本)?(?:合同|协议|双方)?约定)(?:的)?(?:标准|要求|条件|范围|情形)"),
    re.compile(r"[定释]义(?:条款|部分)?(?:中|项下)?(?:所)?(?:列|述|称|定义)?的?\"(?P<term>[^\"\n]{2,16})\""),
)
_ELSEWHERE = re.compile(r"《[^》\n]{1,40}》|附件|主合同|原合同|框架|法律|法规|规定|标准")
_SELF = re.compile(r"合同|协议|条款|文件|双方|各方|一方|^本|^该")


def definition_findings(view: View) -> Iterator[Finding]:
    yield from _unused(view)
    yield from _undefined(view)
    yield from _unexplained(view)


def _definitions(view: View) -> Iterator[re.Match[str]]:
    for match in _MEANS.finditer(view.text):
        if _OPENING.search(view.text, max(0, match.start() - 8), match.start()):
            yield match
    yield from _SHORT.finditer(view.text)


def _unused(view: View) -> Iterator[Finding]:
    """A term that stands nowhere but where it is defined. Names of the parties and of the contract itself are out."""
    for match in _definitions(view):
        term = match["term"]
        if role_named(term) or _SELF.search(term) or view.text.count(term) > 1:
            continue
        defect = Defect(
            "定义的词语未使用", "unclear", "low", term,
            Text(f"“{term}”只在定义处出现，此后没有使用。", f"“{term}” is defined and never used again."),
            Text("删去该定义，或核对正文是否用了别的词指同一事物。",
                 "Delete the definition, or check whether the text uses another word for the same thing."),
        )  # fmt: skip
        yield defect.at(view.quote(Span(*match.span("term"))))


def _undefined(view: View) -> Iterator[Finding]:
    """A definition that the contract points to but doesn't hold."""
    defined = {match["term"] for match in _definitions(view)}
    for match in (match for pattern in _REFERRED for match in pattern.finditer(view.text)):
        term = match["term"]
        sentence = view.sentence_at(match.start()).text.replace(match.group(), "")
        if term in defined or _ELSEWHERE.search(sentence) or f"{term}是指" in view.text or f"{term}指" in view.text:
            continue
        defect = Defect(
            "引用的定义不存在", "conflict", "medium", term,
            Text(f"文中引用“{term}”的定义，但合同没有给出该定义。",
                 f"The text refers to the definition of “{term}”; the contract does not define it."),
            Text("补上定义，或改用已定义的词语。", "Define it, or use a term that is defined."),
        )  # fmt: skip
        yield defect.at(view.quote(Span(*match.span())))


_QUOTED = re.compile(r"\"(?P<term>[\u4e00-\u9fa5]{3,8})\"")
_LIKE_A_TERM = re.compile(
    r"(?:人员|用户|客户|供应商|资产|负债|信息|资料|数据|文件|事件|情形|事项|费用|价款|收益|利润|收入|业绩|权利|权益|义务|服务|产品|软件|"
    r"设备|材料|区域|期间|期限|方|日|标准|成果|知识产权|费率|比例|条件)$"
)
_NAMED_SO = re.compile(
    r"(?:称为|称之为|名称为|名为|简称|标[明注示有]|注明|字样|标题为|填写|选择|点击|勾选|写明|记载|命名|以|按|即|是|为|属|谓|系)\s*$"
)
_SHOWN_SO = re.compile(
    r"\s*(?:牌|字样|商标|品牌|标识|原则|方式|按钮|栏|页面|系列|项目|工程|小程序|公众号|平台|APP|软件V|系统|指|是指|系指|即|,?(?:包括|是|系|即))"
)
_EXPLAINED = re.compile(
    r"\"(?P<term>[\u4e00-\u9fa5]{3,8})\"\s*(?:\([^()\n]{0,60}\))?\s*[(,]?的?,?(?:系|是|即|均)?指|\([^()\n]{0,60}\"(?P<short>[\u4e00-\u9fa5]{3,8})\"\)"
)
_LEAST_DEFINED, _MOST_TERMS = 2, 100


def _unexplained(view: View) -> Iterator[Finding]:
    """A quoted term that reads like a defined one, in a contract that defines its terms, but not this one."""
    defined = {match["term"] for match in _definitions(view)}
    if len(defined) < _LEAST_DEFINED:
        return
    known = defined.union(m["term"] or m["short"] for m in _EXPLAINED.finditer(view.text))
    first = {match["term"]: match for match in reversed(list(_QUOTED.finditer(view.text)))}
    open_terms = [match for term, match in first.items() if term not in known and _reads_like_a_term(view, match)]
    for match in sorted(open_terms, key=lambda m: m.start())[:_MOST_TERMS]:
        term = match["term"]
        if f"{term}指" in view.text or f"{term}是指" in view.text:
            continue
        defect = Defect(
            "引用的定义不存在", "unclear", "low", term,
            Text(f"“{term}”加引号作为术语使用，但合同没有给出定义。",
                 f"“{term}” stands in quotation marks as a term, but the contract does not define it."),
            Text("补上定义，或去掉引号写明所指。", "Define it, or say in plain words what is meant."),
        )  # fmt: skip
        yield defect.at(view.quote(Span(*match.span())))


def _reads_like_a_term(view: View, match: re.Match[str]) -> bool:
    """Whether it is used as one; names, marks and what is only called so are out."""
    term = match["term"]
    if role_named(term) or not _LIKE_A_TERM.search(term) or _SELF.search(term):
        return False
    before = view.text[max(0, match.start() - 8) : match.start()]
    return not _NAMED_SO.search(before) and not _SHOWN_SO.match(view.text, match.end())
