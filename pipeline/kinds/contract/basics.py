"""Title, number, dates and term of a contract."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.kinds.contract.structure import Structure
from pipeline.kinds.contract.view import View
from pipeline.kinds.numerals import HAN_NUMBER, DateMention, parse_han_number
from pipeline.types import Finding, Span

_TITLE_END = r"(?:合同书?|合约书?|协议书?|契约|约定书|订单|备忘录|意向书|确认书|承诺书|条款)"
_TITLE = re.compile(
    rf"(?P<title>[^\n\t。;:,]{{0,40}}?{_TITLE_END}(?:\s*\([^()\n]{{1,20}}\))?(?:\s*/?\s*[A-Z][A-Za-z ]{{4,50}})?)\s*$"
)
_NOT_TITLE = re.compile(r"^(?:根据|鉴于|为|甲|乙|双方|经|本|依据|第|附件|签订|该|上述|\(|目录|名称)|编号")
_TITLE_LINES = 12
_NUMBER_VALUE = (
    r"\s*[:\t]\s*(?P<number>(?=[^\s,。;]*[A-Za-z0-9])[\u4e00-\u9fa5A-Za-z0-9()\[\]\-/_.#]+"
    r"(?: ?[\u4e00-\u9fa5A-Za-z0-9()\[\]\-/_.#]+)?)"
)
_NUMBER = re.compile(
    r"(?:(?:合同|协议|协议书)\s?(?:编\s?[号码]|号码?)(?:\s*[/(]?\s*(?:(?:Contract|Agreement)\s*)?No\.?\)?)?|"
    r"(?:Contract|Agreement)\s*(?:No\.?|Number))" + _NUMBER_VALUE,
    re.IGNORECASE,
)
_SPACED_NUMBER = re.compile(r"(?:^|\n)\s*(?:合同|协议)编号 {1,4}(?P<number>[A-Za-z0-9()\[\]\-/_.#]{4,40})(?=\s|$)")
_CASE_NUMBER = re.compile(
    r"(?:^|\n)\s*(?P<number>[(\[]20\d\d[)\]][\u4e00-\u9fa5]{1,12}第?\s?[\dA-Z\-]{1,12}\s?号)\s*(?=\n)"
)
"""（2025）衡律民代字第212号, on a line of its own."""
_ANY_NUMBER = re.compile(r"(?<!采购)(?<!招标)(?<!证书)(?<!证)(?<!房产)(?<!账户)(?<!档案)编\s?号" + _NUMBER_VALUE)
_OTHER_LABEL = re.compile(r"\s+(?:签[订署约]|甲方|乙方|日期|版本|合同|项目|地点|页).*$")


def title_of(view: View) -> Span | None:
    """The contract's name: the first short line at the top that ends as a contract's name does."""
    seen = 0
    before: Span | None = None
    for line, text in zip(view.lines, view.line_texts, strict=True):
        bare = text.strip()
        if not bare:
            continue
        seen += 1
        if seen > _TITLE_LINES:
            return None
        match = _TITLE.fullmatch(_squeezed(bare)) if len(bare) <= 60 else None
        if match and not _NOT_TITLE.search(_squeezed(bare)):
            start = line.start + len(text) - len(text.lstrip())
            first = start if before is None else _begun_before(view, before, start, bare)
            return Span(first, start + len(bare))
        before = line
    return None


_IN_TWO = (
    "采购 买卖 销售 租赁 租用 服务 技术 开发 委托 施工 工程 劳务 劳动 借款 贷款 保证 担保 抵押 质押 股权 转让 增资 "
    "投资 承包 分包 加工 承揽 运输 保管 仓储 物业 广告 许可 使用 保密 竞业 合作 合同 协议 补充 框架 供应 供货 咨询 "
    "设计 监理 勘察 安装 维护 运维"
)
_GOES_ON = re.compile(rf"{_TITLE_END}$|公司|之")
_COMPANY = re.compile(r"(?:公司|中心|医院|学校|局|委员会|集团)$")


def _begun_before(view: View, line: Span, start: int, bare: str) -> int:
    """Where a name that is broken over two lines begins: 商铺租 / 赁合同."""
    text = view.document.text[line.start : line.end]
    head = text.strip()
    broken = head[-1:] + bare[:1] in _IN_TWO or (_GOES_ON.match(bare) and not _COMPANY.search(head))
    if not broken or len(head) > 40 or re.search(r"[:：,，。;；\t]|\d{4}", head) or _NOT_TITLE.search(head):
        return start
    return line.start + len(text) - len(text.lstrip())


def _squeezed(text: str) -> str:
    """Without the blanks of a spaced-out title (采 购 合 同)."""
    return re.sub(r"(?<=[\u4e00-\u9fa5]) +(?=[\u4e00-\u9fa5])", "", text)


def title_text(view: View) -> str:
    """The name itself: of the first lines, else as the PDF names it."""
    span = title_of(view)
    if span is None:
        return view.document.title
    title = _squeezed(view.document.text[span.start : span.end].replace("\u3000", " ").replace("\n", "")).strip()
    return title[1:-1] if title[0] == "《" and title[-1] == "》" else title


def number_of(view: View) -> Span | None:
    """The contract's own number, from the first place that gives one in the head."""
    head = min(len(view.text), 6000)
    match = (
        _NUMBER.search(view.text, 0, head)
        or _SPACED_NUMBER.search(view.text, 0, head)
        or _ANY_NUMBER.search(view.text, 0, min(head, 600))
        or _CASE_NUMBER.search(view.text, 0, min(head, 200))
    )
    if match is None:
        return None
    printed = _OTHER_LABEL.sub("", match["number"]).rstrip("-_/.")
    if printed.endswith("]") and "[" not in printed:
        printed = printed[:-1]
    opened = printed.count("(") - printed.count(")")
    if opened < 0:
        printed = printed[: printed.rindex(")")]
    return Span(match.start("number"), match.start("number") + len(printed.rstrip())) if printed else None


# --- dates ------------------------------------------------------------------------------------------------------------

_SIGNED_BEFORE = re.compile(
    r"(?:签[订署约](?:日期|时间|于|日)?|订立(?:日期|时间|于)?|签字日期|日\s*期|时\s*间)"
    r"(?: ?/? ?Date)?\s*[:\t]?\s*(?:于|为)?\s*$"
)
_SIGNED_AFTER = re.compile(
    r"\s*(?:(?:由[^,。;]{2,16})?(?:在|就|于)[^,。;]{2,40}?|自愿|共同|协商)?(?:签[订署]|订立)(?![^,。;]{0,8}(?:之日|后))"
)
_THIS_SIGNED_AFTER = re.compile(
    r"\s*,?\s?(?:(?:甲乙)?[双三各]方)?(?:(?:由[^,。;]{2,16})?(?:在|就|于)[^,。;]{2,40}?|自愿|共同|协商)?(?:签[订署]|订立|达成)(?:本|此|如下|以下)?[\u4e00-\u9fa5]{0,6}(?:合同|协议|契约|合约|约定|条款|意向|一致)(?:书)?(?:如下|[,。:]|$)|\s*签约(?=[,。:]|$)"
)
_IN_FORCE_AFTER = re.compile(r"\s*(?:起|之日起)?\s*(?:正式)?生效")
_IN_FORCE_BEFORE = re.compile(r"生效(?:日期?|时间)(?:为|是|:)?\s*$")


_HEAD_LINES = 6
_HEAD_DATE = re.compile(r"(?:^|\s)日\s?期\s?:\s*$")
"""日期： in the head, beside the contract's number."""


def signing_dates(view: View, structure: Structure) -> list[DateMention]:
    """Dates at which the contract says it was signed: labelled so in the head, or in the signature block."""
    found: list[DateMention] = []
    for mention in view.dates:
        line = view.line_at(mention.span.start)
        before = view.text[max(view.lines[line].start, mention.span.start - 20) : mention.span.start]
        in_block = line in structure.signature and line < structure.attachments_from
        labelled = _SIGNED_BEFORE.search(before) and ("签" in before or "订立" in before or in_block)
        alone = in_block and not re.search(r"[\u4e00-\u9fa5]{3,}", _without_dates(view, line))
        if line < _HEAD_LINES and _HEAD_DATE.search(before):
            labelled = True
        if labelled or alone or (in_block and "日期" in before) or _signed_after(view, mention):
            found.append(mention)
    return found


def _signed_after(view: View, mention: DateMention) -> bool:
    after = view.text[mention.span.end : mention.span.end + 40]
    line = view.line_texts[view.line_at(mention.span.start)]
    if _THIS_SIGNED_AFTER.match(after.partition("\n")[0]):
        return True
    return bool(_SIGNED_AFTER.match(after)) and bool(re.search(r"本(?:合同|协议|契约|合约|约定书)", line))


def _without_dates(view: View, line: int) -> str:
    span = view.lines[line]
    text = view.line_texts[line]
    for mention in reversed(view.dates_of(span)):
        text = text[: mention.span.start - span.start] + text[mention.span.end - span.start :]
    return re.sub(r"[签订署字日期时间年月:\s]", "", text)


def effective_dates(view: View) -> list[DateMention]:
    return [
        m
        for m in view.dates
        if _IN_FORCE_AFTER.match(view.text, m.span.end)
        or _IN_FORCE_BEFORE.search(view.text, max(0, m.span.start - 12), m.span.start)
    ]


# --- term -------------------------------------------------------------------------------------------------------------

COUNT = (
    rf"(?P<count>\d{{1,4}}|{HAN_NUMBER}{{1,5}}|半)\s?(?:\(\s?[^()]{{1,6}}\s?\)\s?)?(?:个)?\s?"
    r"(?P<unit>周年|年|月|季度|日历天|日历日|自然日|工作日|天|日|周)"
)
"""Regex of a period: the number (三, 12, 十二（12）) and its unit."""
_TERM_LABEL = (
    "合同期限|合同期|合约期限?|合同有效期限?|协议有效期限?|协议期限|租赁期限|租赁期间|租赁期|租期|服务期限|服务期|履行期限|"
    "合作期限|合作期间|合作期|许可期限|授权期限|"
    "借款期限|贷款期限|承包期限?|劳动合同期限|有效期限?|委托期限|使用期限|聘用期限|聘期|管理期限|供货期限|运输期限|"
    "保管期限|仓储期限|代理期限|承揽期限|"
    "总?日历(?:工作)?天数|合同工期|计划工期|总工期|工期|开发周期|项目周期|实施周期|服务周期|期限|本合同(?:有效)?期|投保期|"
    "保理期限|托管期限|培训期限|订阅期限?|保密期限?"
)
_LABELLED_TERM = re.compile(rf"(?P<label>{_TERM_LABEL})")
_LENGTH_NEAR = re.compile(rf"(?:总?共计?|共|为期?|计|:|\t|期限|期|即|长)\s*(?:为|是|:|约)?\s*{COUNT}(?![\d内前])")
_JOINT = re.compile(
    r"(?:日|号)?\s*(?:\([^()]{0,8}\)\s*)?(?:零时|0时|24时|起|始)?(?:开[始工业课])?(?:进场)?(?:计?算)?(?:生效)?\s*,?\s*(?:至|到|~|"
    r"-{1,2})\s*$"
)
_PARTIAL_END = re.compile(
    r"\s*(?:\([^()]{0,8}\)\s*)?(?:零时|0时|起)?,?(?:至|到|~|-{1,2})\s*(?P<next>次年|翌年|当年|"
    r"同年)?\s*(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?日"
)
_SIDE_TERM = re.compile(
    r"试用期|免租期|装修期|宽限期|质保期|质量保证期|保修期|缺陷责任期|保密期|保证期间|冷静期|"
    r"第[一二三四五六1-6](?:阶段|期|年|个?租赁年度)|阶段|培训期|竞业限制|"
    r"过渡期|试运行|试用|续展|第[一二三四五]个?年度|观察期|放假|维护期|运维期|免费|公示期|公告期|报名期|投标有效期|评标期|质疑期|异议期|报价|投标|证书|执照|资质|许可证|合格证"
)
_GENERIC_LABEL = re.compile(r"有效期|期限$|合同期|协议期")
_LONGEST_YEARS = 999
"""More are the number of a year."""
_UNITS = {"周年": "年", "日历天": "天", "日历日": "日", "自然日": "日", "季度": "季度"}


@dataclass(frozen=True, slots=True)
class Range:
    """From one date to another, both as printed, inside ``span``."""

    start: date
    end: date
    span: Span
    label: str
    side: bool
    """A shorter term inside the contract's (试用期, 免租期, a stage), not its own."""


@dataclass(frozen=True, slots=True)
class Length:
    """A number of years, months, weeks or days."""

    count: int
    unit: str
    span: Span

    @property
    def printed(self) -> str:
        if self.unit == "月":
            return f"{self.count}个月"
        return f"{self.count}{'个' if self.unit in ('季度', '工作日') else ''}{self.unit}"

    @property
    def days(self) -> float:
        return (
            self.count
            * {"年": 365.25, "月": 30.4375, "季度": 91.3, "周": 7.0, "日": 1.0, "天": 1.0, "工作日": 1.4}[self.unit]
        )


@dataclass(frozen=True, slots=True)
class Term:
    """How long the contract runs; whatever is not said is None."""

    range: Range | None
    length: Length | None
    until: DateMention | None = None
    """The last day, where only that is said (有效期至2028年3月31日)."""


_DATE_GOES_ON = re.compile(r"\s?\d{1,2}\s?[月日号]")


def length_from(match: re.Match[str]) -> Length | None:
    """Read the groups ``count`` and ``unit``; None where they begin a date (2028年3月, 3月31日)."""
    printed = match["count"]
    unit = _UNITS.get(match["unit"], match["unit"])
    if unit in ("年", "月") and _DATE_GOES_ON.match(match.string, match.end("unit")):
        return None
    if printed == "半":
        return Length(6, "月", Span(match.start("count"), match.end("unit"))) if unit == "年" else None
    count = int(printed) if printed.isdigit() else parse_han_number(printed)
    if count is None or count == 0 or (unit == "年" and count > _LONGEST_YEARS):
        return None
    return Length(count, unit, Span(match.start("count"), match.end("unit")))


def ranges_in(view: View) -> list[Range]:
    """Every 自…起至…止, labelled by the words before it, and 开工 with 竣工."""
    found: list[Range] = []
    dates = view.dates
    for i, first in enumerate(dates):
        after = dates[i + 1] if i + 1 < len(dates) else None
        end: date | None = None
        stop = 0
        if (
            after
            and after.span.start - first.span.end <= 24
            and _JOINT.fullmatch(view.text, first.span.end, after.span.start)
        ) or (
            after
            and _FROM_ON.fullmatch(view.text, first.span.end, after.span.start)
            and view.text.startswith(("止", "截止"), after.span.end)
        ):
            end, stop = after.date, after.span.end
        elif partial := _PARTIAL_END.match(view.text, first.span.end):
            end, stop = _completed(first.date, partial), partial.end()
        if end is not None:
            label, side = _label_before(view, first.span.start)
            found.append(Range(first.date, end, Span(first.span.start, stop), label, side))
    return found + [pair for pair in _labelled_pairs(view) if all(pair.start != r.start for r in found)]


_FROM_ON = re.compile(r"\s?起\s?,\s?(?:于)?")
"""2026年7月1日起，2027年6月30日止."""
_FROM = re.compile(
    r"(?P<what>开工|进场|起始|开始(?:工作)?|起租|起算|开课|起)(?:日期?|时间)?\s?(?:为|是|:|\t|于|自)?\s?$"
)
_UNTIL = re.compile(
    r"(?:竣工|完工|并网|投产|交工|结业|结课|终止|结束(?:工作)?|届满|到期|截止|期满|止)(?:日期?|时间)?\s?(?:为|是|:|\t|于|至)?\s?$"
)
_ENDS_AFTER = re.compile(r"\s?(?:到期|终止|届满|期满|失效|结束)")
_IN_FORCE_SINCE = re.compile(r"\s?起?(?:生效|开始)")


def _labelled_pairs(view: View) -> list[Range]:
    """Two dates under their own names: 开工日期 and 竣工日期, 起始日期 and 终止日期."""
    found: list[Range] = []
    for first, second in itertools.pairwise(view.dates):
        between = view.text[first.span.end : second.span.start]
        ends = _UNTIL.search(between) or _ENDS_AFTER.match(view.text, second.span.end)
        if len(between) > 40 or between.count("\n") > 1 or not ends:
            continue
        begun = _FROM.search(view.text, max(0, first.span.start - 12), first.span.start)
        if begun is None and not _IN_FORCE_SINCE.match(between):
            continue
        label = "工期" if begun and begun["what"] in ("开工", "进场") else "期限"
        start = begun.start() if begun else first.span.start
        found.append(Range(first.date, second.date, Span(start, second.span.end), label, side=False))
    return found


def _completed(start: date, partial: re.Match[str]) -> date | None:
    """至12月31日 without its year: the year of the start, or the next."""
    year = start.year + (1 if partial["next"] in ("次年", "翌年") else 0)
    month, day = int(partial["month"]), int(partial["day"])
    if not partial["next"] and (month, day) < (start.month, start.day):
        year += 1
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _label_before(view: View, offset: int) -> tuple[str, bool]:
    sentence = view.sentence_at(offset)
    before = view.text[max(sentence.span.start, offset - 60) : offset]
    labels = list(_LABELLED_TERM.finditer(before))
    last = labels[-1] if labels else None
    tail = before[max(before.rfind(","), before.rfind("、")) + 1 :] or before
    side = bool(_SIDE_TERM.search(tail if last is None else before[max(0, last.start() - 12) :]))
    after = view.text[offset : sentence.span.end][:60]
    return (last["label"] if last else ""), side or bool(
        re.match(r"[^,。;]*?(?:为|作为)[^,。;]{0,8}(?:免租|装修|试用|宽限)", after)
    )


def term_of(view: View, ranges: Sequence[Range]) -> Term:
    """The contract's own term: the best-labelled range that is not a term within it, and the length beside it."""
    body = [r for r in ranges if not r.side]
    best = max(body, key=lambda r: (_rank(r.label), -r.span.start), default=None)
    if best is not None and not best.label and not _speaks_of_term(view, best) and not _stands_alone(view, body):
        best = None
    length = _length_beside(view, best) if best else None
    return Term(best, length or _labelled_length(view), None if best else _last_day(view))


_LAST_DAY_NAMED = re.compile(
    r"(?:(?:合同|协议|服务|租赁|合作|许可|授权|借款|贷款|承包|委托|供货|代理|托管|订阅|聘用)(?:的)?(?:有效)?"
    r"(?:期限|期间|期)|(?<![\u4e00-\u9fa5])有效期限?|租期|聘期)"
    r"\s?(?:截止|截|持续|延续|届满)?(?:日期?)?\s?(?:为|是|:|\t)?\s?(?:至|到|止于)\s?$"
)
_LAST_DAY_BEFORE = re.compile(r"本(?:合同|协议)[^。;,\d]{0,12}(?:至|到)\s?$")
_LAST_DAY_AFTER = re.compile(r"\s?(?:\([^()]{0,8}\))?\s?(?:24时|二十四时)?(?:终止|届满|期满|到期|失效|截止|止)")


def _last_day(view: View) -> DateMention | None:
    """The day that ends the contract, where no first day is named with it."""
    for mention in view.dates:
        sentence = view.sentence_at(mention.span.start)
        start = max(sentence.span.start, mention.span.start - 40)
        where = start, mention.span.start
        if _LAST_DAY_NAMED.search(view.text, *where) or (
            _LAST_DAY_BEFORE.search(view.text, *where) and _LAST_DAY_AFTER.match(view.text, mention.span.end)
        ):
            return mention
    return None


def _rank(label: str) -> int:
    return 0 if not label else 1 if _GENERIC_LABEL.search(label) and label != "合同期限" else 2


def _speaks_of_term(view: View, found: Range) -> bool:
    line = view.line_at(found.span.start)
    around = " ".join(view.line_texts[max(0, line - 1) : line + 1])
    return bool(_LABELLED_TERM.search(around))


def _stands_alone(view: View, body: Sequence[Range]) -> bool:
    """Whether the contract names just one period of two weeks or more, and not as the period of some figures."""
    sentence = view.sentence_at(body[0].span.start).text
    return len(body) == 1 and (body[0].end - body[0].start).days >= 14 and not _FIGURES.search(sentence)


_FIGURES = re.compile(r"报表|业绩|审计|收入|统计|历史|此前|以往|账期|对账|缺陷|免租")


def _length_beside(view: View, found: Range) -> Length | None:
    """三年 in the same sentence as the dates, else in the one before."""
    sentence = view.sentence_at(found.span.start)
    expected = (found.end - found.start).days + 1
    for match in _LENGTH_NEAR.finditer(view.text, sentence.span.start, sentence.span.end):
        length = length_from(match)
        outside = match.end() <= found.span.start or match.start() >= found.span.end
        if length and outside and (expected < 0 or length.days >= 0.1 * expected) and not _is_side_length(view, match):
            return length
    return None


_BEFORE_RANGE = re.compile(
    rf"(?:期限?|工期|租期|[年限]期|期间)(?:为|是|:|共|约定)*\s?{COUNT}\s?[,(]?\s?(?:即|自|从|\()*\s?$"
)
_BEHIND_RANGE = re.compile(rf"[日止]*\s?[,)(]?\s?(?:共计?|合计|总计|为期|计)\s?{COUNT}(?![内前])")


def lengths_close(view: View, found: Range) -> list[Length]:
    """The lengths that stand right before and behind the dates: 许可期限5年，自…至…; 自…至…止，共计12个月."""
    sentence = view.sentence_at(found.span.start).span
    before = _BEFORE_RANGE.search(view.text, max(sentence.start, found.span.start - 24), found.span.start)
    behind = _BEHIND_RANGE.match(view.text, found.span.end, sentence.end)
    return [length for match in (before, behind) if match and (length := length_from(match))]


def _is_side_length(view: View, match: re.Match[str]) -> bool:
    before = view.text[max(0, match.start() - 10) : match.end()]
    return bool(_SIDE_TERM.search(before)) or bool(re.search(r"提前|内|逾期", before))


_LABELLED_LENGTH = re.compile(
    rf"(?P<label>{_TERM_LABEL})\s*(?:均|共|总计|暂定|固定|确定)?(?:为|是|:|\t|共计?|"
    rf"计)?\s*(?:自[^,。;\d]{{1,24}}起)?,?\s*(?:计|为|共|"
    rf"的)?\s*{COUNT}(?!内|前|以)"
)
_FROM_THEN = re.compile(rf"本(?:合同|协议)[^。;]{{0,30}}有效期[^。;\d]{{0,24}}?{COUNT}")


def _labelled_length(view: View) -> Length | None:
    candidates: list[tuple[int, Length]] = []
    for pattern in (_LABELLED_LENGTH, _FROM_THEN):
        for match in pattern.finditer(view.text):
            before = view.text[max(0, match.start() - 8) : match.start()]
            label = match["label"] if "label" in pattern.groupindex else "有效期"
            if (
                "保密" in label
                or _SIDE_TERM.search(before + label)
                or re.search(
                    r"届满|期内|投标|发票|营业|报价|证|公示|公告|付款|支付|质疑|异议|澄清|答复|整改|审批|受理|报名|评标|开标",
                    before[-4:],
                )
            ):
                continue
            if length := length_from(match):
                candidates.append((-_rank(label), length))
    return min(candidates, key=lambda c: (c[0], c[1].span.start))[1] if candidates else None


# --- findings ---------------------------------------------------------------------------------------------------------


def findings_of(view: View, structure: Structure, ranges: Sequence[Range], term: Term) -> list[Finding]:
    found: list[Finding] = []
    if title := title_of(view):
        found.append(view.fact("basics", "合同名称", title_text(view), title))
    if number := number_of(view):
        found.append(view.fact("basics", "合同编号", view.document.text[number.start : number.end], number))
    found += _term_findings(view, term)
    return found + _date_findings(view, structure, ranges, term)


def _term_findings(view: View, term: Term) -> list[Finding]:
    found: list[Finding] = []
    if term.range:
        found.append(view.fact("basics", "起始日期", term.range.start.isoformat(), term.range.span, term.range.label))
        found.append(view.fact("basics", "终止日期", term.range.end.isoformat(), term.range.span, term.range.label))
    if term.until:
        found.append(view.fact("basics", "终止日期", term.until.date.isoformat(), term.until.span))
    if term.length:
        found.append(view.fact("basics", "合同期限", term.length.printed, term.length.span))
    return found


def _date_findings(view: View, structure: Structure, ranges: Sequence[Range], term: Term) -> list[Finding]:
    """Every distinct date once, under the most telling name that it has."""
    named: dict[date, tuple[str, DateMention]] = {}
    taken = {term.range.start, term.range.end} if term.range else {term.until.date} if term.until else set[date]()
    for item, mentions in (
        ("签订日期", signing_dates(view, structure)),
        ("生效日期", effective_dates(view)),
        ("日期", view.dates),
    ):
        for mention in mentions:
            if item != "日期" or mention.date not in taken:
                named.setdefault(mention.date, (item, mention))
    return [view.fact("basics", item, day.isoformat(), mention.span) for day, (item, mention) in named.items()] + [
        view.fact("basics", "日期", r.end.isoformat(), r.span)
        for r in ranges
        if r.end not in named and r.end not in taken
    ]


def earliest(mentions: Iterable[DateMention]) -> DateMention | None:
    return min(mentions, key=lambda m: m.date, default=None)


def months_of(term: Term) -> float | None:
    """How many months the term has, by its dates or else by its length."""
    if term.range is not None:
        return months_between(term.range.start, term.range.end)
    return term.length.days / 30.4375 if term.length else None


def months_between(start: date, end: date) -> float:
    """Months from ``start`` to ``end``, both days counted: 2026-01-01 to 2026-12-31 is 12."""
    last = end + timedelta(days=1)
    return (last.year - start.year) * 12 + last.month - start.month + (last.day - start.day) / 30.4375
