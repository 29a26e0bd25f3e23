"""Places that were left to be filled in and weren't."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.kinds.contract.parties import is_person
from pipeline.kinds.contract.structure import Structure, is_signature_line
from pipeline.kinds.contract.view import Defect, View
from pipeline.lang import Text
from pipeline.types import Finding, Span

# Each pattern begins with what is rare, so that re can skip to it.
_LINE = re.compile(r"_{2,}")
_BRACKETS = re.compile(r"\[[ ·●xX×*_/]*\](?!\()")
_LETTERS = re.compile(r"[xX×○〇◯●](?<![A-Za-z0-9\-×xX○〇◯●].)(?:[xX]{1,5}|×{1,7}|[○〇◯]{1,7}|●{1,7})(?![A-Za-z0-9\-])")
_UNDECIDED = re.compile(
    r"待(?<![等招]待)(?:定(?![期标位点价稿])|填(?!写完)|补充|商定|议定|确定|明确|协商(?:确定|后确定)?|"
    r"双方(?:另行)?(?:协商)?(?:确定|商定)|"
    r"签约时确定|双方确认)(?=[)\],。;、\s元]|$)|待(?<=\(待)[\u4e00-\u9fa5]{1,6}\)"
)
_TO_BE_DONE = re.compile(r"TBD(?<![A-Za-z]TBD)(?![A-Za-z])")
_DATE = re.compile(r"年(?P<gap> *)(?P<month>\d{0,2}) *月(?P<gap2> *)(?P<day>\d{0,2}) *日(?!期|历|报|[均常])")
_BEFORE_BLANK_DATE = re.compile(r"(?:^|[\s:于自至到为在从,、(]|(?<!\d)20\d{0,2}|二[〇零])$")
_MONEY = re.compile(r"(?:人民币|¥|大写[):]{0,2}|小写[):]{0,2}) *(?:\( *\))? +[万亿]?元(?!整?[\u4e00-\u9fa5]*套)")
_COUNT = re.compile(
    r"[为计共付满按前后收第过逾达] {2,}(?:个月|个工作日|个?日历天|日[内的,。]|天[内的,。]|年[,。;]|元|万元|%|份)"
)
_EMPTY = re.compile(r"(?<=[为计共第])\( *\)(?=[个家台套件份年月日天元万名次期%条])")
_NOTHING = re.compile(r"(?<=[\u4e00-\u9fa5]): *(?=[。;,])")
_STARS = re.compile(r"(?<=[:为])\s?\*{2,}(?![*\d])")
_IDENTIFIER = re.compile(r"[A-Za-z0-9]_+[A-Za-z0-9]")
_FILLED_BEFORE = re.compile(r"_(?P<inner>[^_\n\t]{1,24})$")
_FILLED_AFTER = re.compile(r"(?P<inner>[^_\n\t]{1,24})_")
_FORM = re.compile(
    r"格式|样本|样式|模板|范本|表样|样张|式样|\(样\)|空白表|验收(?:单|报告|记录|证书|表)|确认(?:单|函|书|表)|"
    r"交接(?:单|表|清单|书)|签收单|"
    r"申请(?:表|单|书)|登记表|记录表|委托书|通知(?:书|单)|承诺(?:书|函)|[工派]工?单|任务单|结算单|订单|保函"
)
_SIGN_LABEL = re.compile(
    r"(?:签字|盖章|签章|签名|公章|签署|捺印|手印|骑缝)[^。;\n]{0,12}$|(?:签字|盖章|签章|签名|公章)"
)


def blank_findings(view: View, structure: Structure) -> list[Finding]:
    """One finding per sentence or row with blanks; signature blocks and specimen forms don't count."""
    exempt = _exempt_lines(view, structure)
    found: dict[Span, tuple[Span, int]] = {}
    for span in _blanks(view):
        sentence = view.sentence_at(span.start)
        if sentence.line not in exempt:
            first, count = found.get(sentence.span, (span, 0))
            found[sentence.span] = (first, count + 1)
    return [
        _finding(view, first, count)
        for first, count in found.values()
        if not _is_signing(view.sentence_at(first.start).text)
    ]


def _blanks(view: View) -> Iterator[Span]:
    text = view.text
    for match in _LINE.finditer(text):
        if not _is_filled(text, match) and not _IDENTIFIER.match(text, match.start() - 1):
            yield Span(*match.span())
    for match in _LETTERS.finditer(text):
        if _is_placeholder(text, match):
            yield Span(*match.span())
    for match in _DATE.finditer(text):
        if start := _blank_date(text, match):
            yield Span(start, match.end())
    for sign, pattern in (
        ("[", _BRACKETS),
        ("待", _UNDECIDED),
        ("TBD", _TO_BE_DONE),
        ("元", _MONEY),
        ("  ", _COUNT),
        ("(", _EMPTY),
        (":", _NOTHING),
        ("**", _STARS),
    ):
        for match in pattern.finditer(text) if sign in text else ():
            yield Span(*match.span())


def _blank_date(text: str, match: re.Match[str]) -> int:
    """Where an unfilled date (  年  月  日, 2026年3月 日) starts; 0 where the date is filled or 年月日 is a word."""
    before = text[max(0, match.start() - 6) : match.start()].rstrip(" ")
    if (match["month"] and match["day"]) or "出生" in before:
        return 0
    if match["month"] or match["day"]:
        dated = re.search(r"(?:19|20)\d\d$", before) and (match["gap2"] if match["month"] else match["gap"])
        return match.start() - 4 if dated else 0
    known = _BEFORE_BLANK_DATE.search(before)
    return match.start() - len(known.group().strip()) if known and match.start() else 0


def _is_filled(text: str, match: re.Match[str]) -> bool:
    """Whether an underline carries what was filled in: __120__, ____/____. The words between two blanks (年, 月) are
    no filling."""
    before = _FILLED_BEFORE.search(text, max(0, match.start() - 26), match.start())
    after = _FILLED_AFTER.match(text, match.end())
    return any(_is_filling(m["inner"]) for m in (before, after) if m)


def _is_filling(inner: str) -> bool:
    if is_person(inner.strip()):
        return True
    return bool(re.search(r"\d|/|无", inner)) and (
        not re.search(r"[年月日元%]\s*$", inner) or inner.lstrip()[:1].isdigit()
    )


_HAN_DIGITS = frozenset("一二三四五六七八九")


def _is_placeholder(text: str, match: re.Match[str]) -> bool:
    """XX, ××, ○○ stand for something left out when Chinese text or a unit is next to them."""
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if match.group()[0] in "○〇◯" and (before in _HAN_DIGITS or after in _HAN_DIGITS):
        return False  # 二○○八年
    return (
        bool(re.match(r"[\u4e00-\u9fa5%,。、()]", after) or re.match(r"[\u4e00-\u9fa5:(第为]", before))
        and after != "码"
    )


def _exempt_lines(view: View, structure: Structure) -> set[int]:
    """Signature blocks, and attachments that are specimens of a form."""
    lines = set(structure.signature)
    form = False
    for index in range(structure.attachments_from, len(view.lines)):
        text = view.line_texts[index]
        if len(text) < 50 and "附" in text and re.match(r"\s*附\s?[件表录]", text):
            form = bool(_FORM.search(text + (view.line_texts[index + 1] if index + 1 < len(view.lines) else "")))
        if form:
            lines.add(index)
    return lines


def _is_signing(text: str) -> bool:
    return is_signature_line(text) or bool(_SIGN_LABEL.search(text) and len(text) < 40 and "。" not in text)


def _finding(view: View, span: Span, count: int) -> Finding:
    printed = view.document.text[span.start : span.end].strip()
    defect = Defect(
        "空白未填", "unclear", "medium", printed[:20],
        Text(f"此处有 {count} 处空白或待定内容未填写。", f"{count} places here are blank or still to be agreed.")
        if count > 1 else Text("此处空白或待定内容未填写。", "This place is blank or still to be agreed."),
        Text("签署前补全；确不适用的填“无”或划去，避免事后添加或约定不明。",
             "Fill it in before signing. What does not apply should say “无” (none) or be struck out, so that nothing "
             "can be added later."),
        "民法典第五百一十条",
    )  # fmt: skip
    return defect.at(view.quote(span))
