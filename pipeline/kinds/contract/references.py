"""References to clauses and attachments of the contract that it doesn't have."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.kinds.contract.structure import Article, Structure
from pipeline.kinds.contract.view import Defect, Sentence, View
from pipeline.kinds.numerals import HAN_NUMBER, parse_han_number
from pipeline.lang import Text
from pipeline.split.resolve import Numbering
from pipeline.types import Finding, Span

_REFERENCE = re.compile(
    rf"[第\d](?:(?<=第)\s?(?P<number>{HAN_NUMBER}{{1,6}}|\d{{1,3}}(?:\.\d{{1,3}}){{0,3}})\s?条(?!\s?(?:生产线|线|路|"
    r"街|巷|船|河|道路|管|信息|记录))"
    rf"(?:\s?第?\s?[(]?(?P<paragraph>{HAN_NUMBER}{{1,3}}|\d{{1,2}})[)]?\s?款)?"
    rf"(?:\s?第\s?\(?(?P<item>{HAN_NUMBER}{{1,3}}|\d{{1,2}})\)?\s?项)?"
    r"|(?<=第)\s?(?P<dotted>\d{1,3}(?:\.\d{1,3}){1,3})\s?[条款项](?![件目])"
    r"|(?<=\d)\d{0,2}(?:\.\d{1,3}){1,3}(?P<bare>\s?[条款])(?!件))"
)
"""One character class first, so that the search runs at full speed between the marks."""
_LAW_NAME = (
    "(?:法|法典|条例|规定|办法|解释|规则|准则|细则|章程|通则|规范|标准|规程|通知|意见|决定|公约|批复|纪要|指引|制度|"
    "守则|手册)"
)
_OTHER_TEXT = re.compile(
    rf"(?:《[^》\n]{{1,60}}》|{_LAW_NAME}|(?:主|原|前述|该|上述|另一|从|母|子|旧|总包)(?:合同|协议|租约|条款)|"
    r"(?:保证|抵押|质押|担保|借款|贷款|租赁|买卖|施工|"
    r"总承包|总包|劳动|转让|框架|投资|"
    rf"增资|认购|许可|委托|服务|采购|合作)(?:合同|协议|协议书)|附件[^,。;]{{0,12}}|附录[^,。;]{{0,6}}|招标文件|"
    r"投标文件|专用条款|通用条款|通用合同条款|专用合同条款|补充协议|"
    r"技术协议|中标通知书|保单|"
    r"(?:国务院|司法部|最高人民法院)[^,。;]{0,20}|令\s?\(?第?\s?\d{1,4}\s?号\)?|\[?20\d\d\]?\s?\d{1,4}号文?|"
    r"[A-Z]{2,6}(?:/[A-Z]{1,2})?\s?\d{2,6}(?:\.\d{1,3})?(?:-\d{2,4})?)(?:\([^()\n]{0,30}\))?(?:之|的|中|中的|项下|所列|规定的?|"
    r"第[一二三四五六七八九十\d]{1,3}[章节编](?:的|"
    r"之)?)?\s?$"
)
_CHAIN = re.compile(
    r"(?:\s?第?\s?\(?[一二三四五六七八九十\d]{1,3}\)?\s?[款项目](?:、|和|及|或)?)*(?:规定|"
    r"约定)?(?:的)?(?:[、,和及或与至到~\-]|以及|或者|和/或|及/或|之规定|\s)*"
)
_LAW_EARLIER = re.compile(
    r"《[^》\n]{0,60}(?:法|典|条例|解释|办法|规定|通则|规则|准则)(?:》|\(|〔)|(?:民法典|劳动合同法|劳动法|公司法|"
    r"合同法|仲裁法|招标投标法|税法|刑法|建筑法|担保法|著作权法|专利法|"
    r"商标法|保险法)"
)
_OWN = re.compile(r"本(?:合同|协议|条款|确认书|订单)(?:[^,。;]{0,6})?\s?$")
_OWN_NAMES = re.compile(r"本(?:合同|协议)")
_TO_BODY = re.compile(r"(?:主合同|主协议|本合同|本协议|合同正文|协议正文)(?:正文)?(?:的|之|中)?\s?$")
_AT_LINE_START = re.compile(r"\s*$")


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to a clause of this contract, with the article number it needs."""

    printed: str
    number: int
    dotted: str
    paragraph: int | None
    """款, or 项 where that is the greater number."""
    span: Span
    line: int
    to_body: bool
    """Whether it is to the body: it stands there, or in an attachment that names 主合同."""


def clause_references(view: View, structure: Structure) -> list[Reference]:
    """References to clauses of the contract itself; headings and references to laws or other texts are left out."""
    found: list[Reference] = []
    foreign_until, previous_end, to_body = -1, -1, False
    own_parts = any(_PARTS.search(view.line_texts[i]) for i in structure.headings)
    for match in _REFERENCE.finditer(view.text):
        line = view.line_at(match.start())
        before = view.text[view.lines[line].start : match.start()]
        if _is_heading(view, structure, match, line, before):
            previous_end = -1
            continue
        chained = previous_end >= 0 and _CHAIN.fullmatch(view.text, previous_end, match.start()) is not None
        if not chained:
            to_body = line >= structure.attachments_from and _TO_BODY.search(before) is not None
        foreign = foreign_until == previous_end if chained else not to_body and _is_foreign(before, own_parts)
        previous_end = match.end()
        if foreign:
            foreign_until = match.end()
        elif reference := _reference(match, line, to_body=to_body or line < structure.attachments_from):
            found.append(reference)
    return found + _english_references(view, structure)


_ENGLISH_REFERENCE = re.compile(
    r"\b(?:Article|Clause|Section)\s+(?P<number>\d{1,2})(?:\.\d{1,2}){0,2}\b(?!\s*(?:\([^()]*\)\s*)?(?:of|under|in)\s+(?:the|any|its)\s+(?!(?:Agreement|Contract)\b))"
)


def _english_references(view: View, structure: Structure) -> list[Reference]:
    """References of the English text, where the contract's own headings are numbered in English too."""
    if "Article" not in view.text and "Clause" not in view.text and "Section" not in view.text:
        return []
    found: list[Reference] = []
    for match in _ENGLISH_REFERENCE.finditer(view.text):
        line = view.line_at(match.start())
        article = structure.article_at(line)
        if article is None or line >= structure.attachments_from or line == article.first:
            continue
        printed = re.sub(r"\s+", " ", match.group())
        found.append(Reference(printed, int(match["number"]), "", None, Span(*match.span()), line, to_body=True))
    return found


def _is_heading(view: View, structure: Structure, match: re.Match[str], line: int, before: str) -> bool:
    if not _AT_LINE_START.fullmatch(before):
        return bool(re.search(r"[。;\t]\s*$", before)) and bool(
            re.match(r"[ :]", view.text[match.end() : match.end() + 1])
        )
    article = structure.article_at(line)
    return (article is not None and article.first == line) or not re.match(
        r"\s?(?:的|约定|规定|所|中|项下|之|、|和|及|与|或|第)", view.text[match.end() : match.end() + 3]
    )


_PARTS = re.compile(r"(?:专用|通用)(?:合同)?(?:条款|条件)")
"""The parts of a contract by a model form; where it has them as headings, they are no other text."""


def _is_foreign(before: str, own_parts: bool) -> bool:
    """Whether the words before name another text: a law, another contract, an attachment."""
    sentence = before[max(before.rfind(c) for c in "。;") + 1 :]
    if _OWN.search(sentence) or (own_parts and (part := _PARTS.search(sentence)) and part.end() == len(sentence)):
        return False
    if _OTHER_TEXT.search(sentence):
        return True
    laws = list(_LAW_EARLIER.finditer(sentence))
    return bool(laws) and not _OWN_NAMES.search(sentence, laws[-1].end())


def _reference(match: re.Match[str], line: int, *, to_body: bool) -> Reference | None:
    printed = match["number"] or match["dotted"] or match.string[match.start() : match.start("bare")]
    dotted = printed if "." in printed else ""
    head = printed.split(".")[0]
    number = int(head) if head.isdigit() else parse_han_number(head)
    if not number:
        return None
    given = [int(n) if n.isdigit() else parse_han_number(n) or 0 for n in (match["paragraph"], match["item"]) if n]
    paragraph = max(given, default=None)
    return Reference(re.sub(r"\s", "", match.group()), number, dotted, paragraph, Span(*match.span()), line, to_body)


def clause_findings(view: View, structure: Structure) -> list[Finding]:
    """One finding per missing clause and place: what nothing in the clause tree answers to. A number below the highest
    is never missing, though: numbering has no holes, reading may have."""
    if not structure.family:
        return []
    body, everything = structure.numbers(attachments=False), structure.numbers(attachments=True)
    numbering = Numbering(view.document)
    found: list[Finding] = []
    for reference in clause_references(view, structure):
        known = body if reference.to_body else everything
        if _stands(reference, numbering, structure, view):
            continue
        if reason := _missing(reference, known, structure, view):
            defect = Defect(
                "引用的条款不存在", "conflict", "medium", reference.printed, reason,
                Text("改为实际存在的条款号，或补上所缺条款。", "Refer to a clause that exists, or add it."),
            )  # fmt: skip
            found.append(defect.at(view.quote(reference.span)))
    return found


def _stands(reference: Reference, numbering: Numbering, structure: Structure, view: View) -> bool:
    """Whether the clause tree has what is meant; a reference to the body is not answered by an attachment."""
    end = structure.attachments_from if reference.to_body else len(view.lines)
    lines = [view.line_at(t.span.start) for t in numbering.find(reference.printed, reference.span.start)]
    return any(line < end and line not in structure.signature for line in lines)


def _missing(reference: Reference, known: set[int], structure: Structure, view: View) -> Text | None:
    highest = max(known, default=0)
    if reference.dotted and structure.dotted:
        highest = max(highest, *(int(dotted.partition(".")[0]) for dotted in structure.dotted))
    if reference.dotted in structure.dotted:
        return None
    if reference.number > highest:
        return Text(
            f"文中引用{reference.printed}，但合同最后一条为第{highest}条，没有第{reference.number}条。",
            f"The text refers to “{reference.printed}”; the last article is no. {highest}, there is no "
            f"no. {reference.number}.",
        )
    if reference.dotted:
        return _missing_dotted(reference, known, structure)
    return _missing_paragraph(reference, structure, view) if reference.paragraph else None


def _missing_dotted(reference: Reference, known: set[int], structure: Structure) -> Text | None:
    """3.9条 where the third article ends at 3.4; a number within its range may be one that the text hides."""
    level = reference.dotted.count(".")
    parent = reference.dotted.rsplit(".", 1)[0]
    siblings = [d for d in structure.dotted if d.count(".") == level and d.rsplit(".", 1)[0] == parent]
    last = max((int(d.rsplit(".", 1)[1]) for d in siblings), default=0)
    if reference.number not in known and not any(d.startswith(f"{reference.number}.") for d in structure.dotted):
        return Text(
            f"文中引用{reference.printed}，但合同没有第{reference.number}条。",
            f"The text refers to “{reference.printed}”; the contract has no article {reference.number}.",
        )
    if not last or int(reference.dotted.rsplit(".", 1)[1]) <= last:
        return None
    return Text(
        f"文中引用{reference.printed}，但该条下没有这一款（最后一款为{parent}.{last}）。",
        f"The text refers to “{reference.printed}”; that article has no such clause (the last is {parent}.{last}).",
    )


def _missing_paragraph(reference: Reference, structure: Structure, view: View) -> Text | None:
    """第X条第Y款 where the article has fewer numbered items and fewer paragraphs than Y."""
    articles = [a for a in structure.articles if a.number == reference.number]
    most = max((_paragraphs(view, structure, article) for article in articles), default=0)
    if reference.paragraph is None or reference.paragraph <= most:
        return None
    return Text(
        f"文中引用{reference.printed}，但第{reference.number}条没有这么多款、项（至多{most}）。",
        f"The text refers to “{reference.printed}”; article {reference.number} has {most} paragraph(s) or items at "
        "most.",
    )


def _paragraphs(view: View, structure: Structure, article: Article) -> int:
    """Most that could count as 款 of an article: its lines, or sentences where it is one line."""
    lines = [i for i in range(article.first, article.end) if i < structure.attachments_from]
    texts = [view.line_texts[i] for i in lines if i not in structure.signature and view.line_texts[i].strip()]
    if len(texts) > 2 and article.first in structure.headings:
        texts = texts[1:]
    ends = "。;" if any(_ITEM.match(t) for t in texts) or len(texts) == 1 else "。"
    return max(len(texts), sum(t.count(end) for t in texts for end in ends))


# --- attachments -----------------------------------------------------------------------------------------------------

_LABEL = re.compile(
    r"附\s?[件表录](?P<id> ?(?:[一二三四五六七八九十]{1,3}|\d{1,2}|[A-H])(?![\d.]*\s?(?:份|页|个|张|条)))?"
)
_LISTING = re.compile(
    r"(?:附件|附表|附录)(?:清单|目录|一览|包括|如下|有|为以下|分别为|共)|(?:下列|以下|如下)附件|附件(?:及|和|"
    r"与)?[^。;,]{0,10}包括|附件\s?:"
)
_PART_OF = re.compile(r"组成部分|同等(?:法律)?效力|构成本(?:合同|协议)")
_STARTING_LABEL = re.compile(
    r"\s*(?:\d{1,2}(?:\.\d{1,2}){1,2}\s|\(?[\d一二三四五六七八九十]{1,3}\)?\s?[、.)．]?\s?)?(?:[(《]\s?)?"
    + _LABEL.pattern
)
_TITLED = re.compile(_LABEL.pattern + r"\s?:?\s?《[^》\n]{1,40}》(?:\([^()\n]{0,20}\))?")
_HANDED_OVER = re.compile(r"签订|签署|另签|收到|阅读|随本合同|随本协议|一并交付|附后|后附|所附")
_ITEM = re.compile(
    r"\s*(?:\(?(?P<id>[一二三四五六七八九十]{1,3}|\d{1,2})\)?\s?(?:[、)．:]|\.(?!\d))|"
    r"\((?P<id2>[一二三四五六七八九十]{1,3}|"
    r"\d{1,2})\))\s*\S"
)
_INLINE_ITEM = re.compile(
    r"(?:[:;,]|^|\s)\s*\(?(?P<id>\d{1,2}|[一二三四五六七八九十]{1,2})\)?\s?[、.)]\s?(?=[《\u4e00-\u9fa5])"
)
_BARE_LIST = re.compile(r"\s*(?:合同|本合同|协议)?附\s?[件表录](?:清单|目录)?\s*:\s*")
_POINTING = re.compile(
    r"(?:详见|参见|见|按照?|依照?|根据|以|载于|列于|如|符合|参照|执行)(?:本)?(?:合同|协议)?(?:的|之)?\s?$"
)


def attachment_findings(view: View, structure: Structure) -> list[Finding]:
    """References to an attachment that is neither listed nor attached; each missing one once."""
    defined = _defined(view, structure)
    found: dict[str, Finding] = {}
    for match in _LABEL.finditer(view.text):
        number = _attachment_number(match)
        if number is None or number in defined or number in found or _is_foreign_attachment(view, match):
            continue
        printed = re.sub(r"\s", "", match.group())
        listed = "、".join(f"附件{n}" for n in sorted(defined, key=lambda n: n.zfill(3)))
        known = (
            Text(f"合同所列附件只有：{listed}", f"the contract lists only: “{listed}”")
            if defined
            else Text("合同没有列明任何附件", "the contract lists no attachment")
        )
        defect = Defect(
            "引用的附件不存在", "conflict", "medium", printed,
            Text(f"文中引用{printed}，但{known.zh}。", f"The text refers to “{printed}”; {known.en}."),
            Text("补上该附件并列入附件清单，或更正附件编号。",
                 "Add the attachment and list it, or correct its number."),
        )  # fmt: skip
        found[number] = defect.at(view.quote(Span(*match.span())))
    if not defined and not found and (finding := _unnumbered(view)):
        return [finding]
    return list(found.values())


def _attachment_number(match: re.Match[str]) -> str | None:
    printed = (match["id"] or "").strip()
    if not printed:
        return None
    if printed.isdigit() or printed.isascii():
        return printed
    value = parse_han_number(printed)
    return str(value) if value else None


def _defined(view: View, structure: Structure) -> set[str]:
    """Numbers of the attachments that are listed, or attached under a heading of their own; where the contract has
    neither, of those that it says were signed or handed over."""
    defined: set[str] = set()
    row: set[str] = set()
    for index, text in enumerate(view.line_texts):
        if "附" not in text:
            continue
        if match := _STARTING_LABEL.match(text):
            number = _attachment_number(match)
            if number and _is_definition(text, match):
                defined.add(number)
        if (bare := _BARE_LIST.match(text)) or (_LISTING.search(text) and not _POINTING.search(text)):
            defined |= _listed_from(view, index, bare.end() if bare else 0)
        row |= _in_a_row(text)
    mentioning = view.sentences_with("附")
    for sentence in mentioning:
        defined |= _listed_in(sentence)
        match = _STARTING_LABEL.match(sentence.text)
        if match and sentence.text[match.end() :].lstrip()[:1] == ":" and (number := _attachment_number(match)):
            defined.add(number)
    defined |= _enumerated(mentioning)
    if len(defined) < _LEAST_LISTED:
        defined |= row
    return defined or {n for s in mentioning if _HANDED_OVER.search(s.text) for n in _numbers_in(s.text)}


_LEAST_LISTED = 2
"""Attachments that make a list: what only stands in a row in some clause is then no part of it."""


def _numbers_in(text: str) -> set[str]:
    """Every attachment named in ``text``; 附件一至附件五 and 附件1-5 are five, 附件一、二、三 three."""
    found: set[str] = set()
    previous, end = "", -1
    for match in _LABEL.finditer(text):
        number = _attachment_number(match)
        if number is None:
            continue
        if previous and _TO.fullmatch(text, end, match.start()):
            found |= _between(previous, number)
        found.add(number)
        previous, end = number, match.end()
        while more := _MORE.match(text, end):
            number = _number(more["id"])
            found |= _between(previous, number) if _TO.fullmatch(more["join"]) else {number}
            previous, end = number, more.end()
    return found


def _between(first: str, last: str) -> set[str]:
    if not (first.isdigit() and last.isdigit()) or not int(first) <= int(last) <= int(first) + 99:
        return {last}
    return {str(n) for n in range(int(first), int(last) + 1)}


_TO = re.compile(r"\s?[至到~\-]\s?")
_MORE = re.compile(
    r"(?P<join>\s?[至到~\-、,和及与]\s?)(?P<id>[一二三四五六七八九十]{1,3}|\d{1,2})(?![\d.]|\s?(?:年|月|条|份|页|个|"
    r"万|%|元|日|款|种|项|方|次|"
    r"、?\s?[^\s、,和及与至到。;:)为中均是的《所]))"
)


def _in_a_row(text: str) -> set[str]:
    """Attachments that are enumerated with their titles: 附件一《…》、附件二《…》."""
    titled = list(_TITLED.finditer(text))
    found: set[str] = set()
    for one, other in itertools.pairwise(titled):
        if re.fullmatch(r"\s?(?:[、,;和及与]|以及)?\s?", text[one.end() : other.start()]):
            found |= {n for m in (one, other) if (n := _attachment_number(m))}
    return found


def _is_definition(text: str, match: re.Match[str]) -> bool:
    """附件一 at a line's start defines it, unless the line goes on as a sentence about it."""
    rest = text[match.end() :]
    if re.match(r"\s?(?:的|所[列述附载]|中[的所约载列规]|约定|规定|载明|列明|和|与|及|、附)", rest):
        return False
    return not re.search(r"。\s*$", rest) or bool(re.match(r"\s?[:《(]", rest))


def _listed_from(view: View, line: int, start: int) -> set[str]:
    """Numbers of the items of a list of attachments: on this line, or on the lines that follow."""
    text = view.line_texts[line]
    found: set[str] = set()
    if start or re.search(r"[:]\s*\S", text):
        tail = text[start:] if start else text[text.find(":") :]
        found |= {_number(m["id"]) for m in _INLINE_ITEM.finditer(tail)}
        if start and tail.strip() and not found and not _LABEL.search(tail):
            found.add("1")
    for at in range(line + 1, min(line + 30, len(view.lines))):
        follow = view.line_texts[at]
        label = re.match(r"\s*(?:\(?[\d一二三四五六七八九十]{1,3}\)?\s?[、.)]?\s*)?" + _LABEL.pattern, follow)
        item = _ITEM.match(follow)
        if label and (number := _attachment_number(label)):
            found.add(number)
        elif item and len(follow) < 60 and (found or re.search(r":\s*$", text)):
            found.add(_number(item["id"] or item["id2"]))
        elif follow.strip():
            break
    return found


def _number(printed: str) -> str:
    return printed if printed.isdigit() else str(parse_han_number(printed) or 0)


def _listed_in(sentence: Sentence) -> set[str]:
    """Attachments of a sentence that enumerates them."""
    text = sentence.text
    if not _LISTING.search(text) and not _PART_OF.search(text):
        return set()
    if (
        _PART_OF.search(text)
        and not _LISTING.search(text)
        and len(_LABEL.findall(text)) < 2
        and _POINTING.search(text[: text.find("附")])
    ):
        return set()
    return _numbers_in(text)


def _enumerated(sentences: Iterable[Sentence]) -> set[str]:
    """Attachments that follow an enumerating sentence in the same paragraph (…组成部分：附件一《…》；附件二《…》)."""
    found: set[str] = set()
    line = -1
    for sentence in sentences:
        if _PART_OF.search(sentence.text) or _LISTING.search(sentence.text):
            line = sentence.line
        if sentence.line == line and (match := _STARTING_LABEL.match(sentence.text)):
            number = _attachment_number(match)
            if number:
                found.add(number)
    return found


def _is_foreign_attachment(view: View, match: re.Match[str]) -> bool:
    before = view.text[max(0, match.start() - 30) : match.start()]
    return bool(
        re.search(
            r"(?:《[^》\n]{1,40}》|(?:主|原|框架|总包|总承包|另)(?:合同|协议)|招标文件|投标文件|规定|办法|通知|"
            r"条例)(?:的|之|中|项下)?\s?$",
            before,
        )
    )


def _unnumbered(view: View) -> Finding | None:
    """详见附件 where the contract has no trace of any attachment."""
    if any(re.match(r"\s*(?:合同|本合同)?附\s?[件表录]", text) and len(text) < 40 for text in view.line_texts):
        return None
    for match in re.finditer(
        r"(?:详见|参见|见)(?:本)?(?:合同|协议)?附[件表录](?![\u4e00-\u9fa5]*(?:为本|组成))", view.text
    ):
        listed = any(_PART_OF.search(s.text) and re.search(r"附[件表录][^。;]{0,6}《", s.text) for s in view.sentences)
        if listed:
            return None
        defect = Defect(
            "引用的附件不存在", "conflict", "medium", "附件",
            Text("文中写明“详见附件”，但合同没有列明任何附件。",
                 "The text says “详见附件” (see attachment); the contract lists no attachment."),
            Text("补上附件并列入附件清单，或把内容写入正文。",
                 "Add the attachment and list it, or put its content into the contract."),
        )  # fmt: skip
        return defect.at(view.quote(Span(*match.span())))
    return None


def references_of(view: View, structure: Structure) -> Sequence[Finding]:
    return [*clause_findings(view, structure), *attachment_findings(view, structure)]
