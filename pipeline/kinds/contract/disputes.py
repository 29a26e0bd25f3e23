"""Where disputes go, which law governs, how long secrets are kept, whether the contract renews itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.kinds.contract.basics import COUNT, length_from
from pipeline.kinds.contract.view import Defect, Sentence, View
from pipeline.lang import Text
from pipeline.types import Finding, Span, Status

_INSTITUTION = re.compile(
    r"(?P<name>[\u4e00-\u9fa5()、·]{0,30}?(?:仲裁委员会|仲裁委|仲裁院|仲裁中心|国际仲裁(?:院|中心)|仲裁机构|仲裁机关|仲裁庭|"
    r"仲裁部门)(?:\([\u4e00-\u9fa5]{2,20}\))?)"
)
_COURT = re.compile(r"(?P<name>[\u4e00-\u9fa5()、·/]{0,40}?(?:人民法院|法院))")
_TO_ARBITRATION = re.compile(
    r"(?:提交|提请|提起|申请|递交|交由|交付|诉诸|采用|选择|通过|进行|由|向|请求|约定)[^。;]{0,60}?仲裁(?!裁决|费|"
    r"条款的|期间|过程|程序中)|仲裁(?:解决|方式解决|裁决解决)|"
    r"仲裁委员会(?:仲裁|裁决|解决)|仲裁机构(?:为|是|:)|(?:争议|纠纷)(?:解决)?机构(?:为|是|:)\s?[^。;]{2,24}仲裁|"
    r"(?:选定|约定|同意|以)[^。;]{2,24}仲裁[^。;]{1,4}(?:为|作为)[^。;]{0,10}机构"
)
_TO_COURT = re.compile(
    r"(?:向|由|提交|提请|交由|诉至|诉诸|起诉至|到)[^。;]{0,60}?法院[^。;]{0,12}?(?:起诉|提起|诉讼|管辖|裁判|解决|"
    r"审理|处理|裁决|判决)|(?:向|诉至|诉诸|起诉至|起诉到|"
    r"提交)[^。;,]{0,40}?法院(?=[。;,]|$)|"
    r"依法(?:提起|进行)?诉讼|(?:起诉|提起诉讼|诉讼(?!代理|请求|费|标的|材料|文书|权利|主体|风险|保全|时效|程序))(?:方式)?(?:解决)?|"
    r"法院(?:专属)?管辖|法院(?:具|享)?有管辖权(?!的)|管辖(?:的)?法院(?:为|是|:)|诉请[^。;]{2,40}?法院|(?:以|约定)[^。;,]{2,40}?法院(?:为|作为)[^。;,]{0,12}管辖法院|由[^。;]{2,40}法院受理|[去到][^。;,]{2,40}法院[^。;,]{0,4}打官司"
)
_NOT_CHOICE = re.compile(
    r"申请(?:强制)?执行|强制执行|财产保全|诉前保全|证据保全|撤销(?:仲裁)?裁决|破产|查封|冻结|"
    r"第三[方人][^。;]{0,12}(?:诉讼|起诉|仲裁|主张|索赔)|诉讼时效|刑事|执行程序|"
    r"(?:诉讼|仲裁)(?:期间|过程中?|程序(?:进行)?(?:中|期间))|配合[^。;]{0,10}(?:诉讼|仲裁)|(?:因|涉及|卷入|陷入|发生|"
    r"面临|提起的|"
    r"任何)[^。;]{0,16}(?:重大)?(?:诉讼|仲裁)(?:、|或|或者|,)"
)
_FEES_ONLY = re.compile(r"(?:诉讼|仲裁|律师|保全|公证|鉴定|差旅)[、\u4e00-\u9fa5]{0,3}费")
_REFUSED = re.compile(
    r"(?:不|未|无须|无需|并非|而非|排除|放弃)(?:得|再|予|向|以|由|通过|提交|提请|提起|申请|约定|采用|选择|适用|接受|进行|请求)"
    r"[^,;。]{0,12}?(?:仲裁|法院|诉讼|起诉)"
)
"""双方不约定仲裁, 而非提交仲裁: the way that is not taken."""
_NO_NAME = re.compile(r"^(?:约定的?|争议的?|本合同|的)*(?:管辖(?:的)?法院|仲裁机构|仲裁机关|仲裁部门)$")
"""A word for any institution: its name comes behind."""
_LABOUR = re.compile(r"劳动(?:人事)?争议仲裁|劳动争议|劳动仲裁|劳动人事争议")
_TOPIC = re.compile(r"官司|谈不|商量不|矛盾|争执|争议|纠纷|争端|协商|调解|管辖|诉|仲裁")
_STRONG = re.compile(r"争执|歧见|[商谈]量?不[拢成]|打官司|争议|纠纷|争端|协商不成|不能协商|调解不成|协商未果|协商解决")
_LEAD = re.compile(
    r"^.*?(?:应当|应|均可|可以|可|将|须|需|有权|同意|任何一方|一方|双方|争议|任一方|后|依法)?(?:提交至|提交给|提交到|"
    r"提交|提请|提起|递交至|递交|交由|诉至|诉诸|起诉至|起诉到|申请|向|由|"
    r"至|到|选择|选定|约定|为|以|(?<=.)即(?!墨)|诉请|解决机构:|机构:|法院:)(?=[\u4e00-\u9fa5(])"
)
_NAME_TRASH = re.compile(r"^(?:有关的?|相关的?|位于|在|其|该|第\d+种方式|下列|的|给|予|到|至|由|向)+")


@dataclass(frozen=True, slots=True)
class Forum:
    kind: Literal["仲裁", "诉讼"]
    where: str
    span: Span
    sentence: Sentence
    labour: bool = False


_CHOICES: tuple[tuple[Literal["仲裁", "诉讼"], re.Pattern[str], re.Pattern[str]], ...] = (
    ("仲裁", _TO_ARBITRATION, _INSTITUTION),
    ("诉讼", _TO_COURT, _COURT),
)


def forums_in(view: View) -> list[Forum]:
    """Every place where the contract sends disputes to arbitration or to a court.

    In a labour contract arbitration comes first by law (劳动争议调解仲裁法第五条): its court is no choice.
    """
    found: list[Forum] = []
    for sentence in view.sentences_with("仲裁", "法院", "诉"):
        found += _forums_of(view, sentence)
    chosen = [f for f in found if _is_choice(view, f) and _is_ticked(view, f)] or _english_forums(view)
    labour = any(f.labour for f in chosen)
    return [f for f in chosen if not (labour and f.kind == "诉讼")]


_ENGLISH_FORUM = re.compile(
    r"(?:submitted|referred|brought|settled|resolved|jurisdiction)[^.;\n]{0,60}?\b"
    r"(?P<name>(?:[A-Z][A-Za-z]{0,20}(?: of| and| for)? ){1,8}"
    r"(?:(?P<arbitration>Arbitration (?:Commission|Cent(?:re|er)|Court|Institute))|Courts?)(?: of [A-Z][A-Za-z]{0,20})?"
    r"|(?P<short>CIETAC|HKIAC|SIAC|SHIAC|SCIA|BAC|LCIA))"
)
_ENGLISH_TOPIC = re.compile(r"disput|controvers|claim", re.IGNORECASE)


def _english_forums(view: View) -> list[Forum]:
    """Where only the English tells it."""
    found: list[Forum] = []
    for sentence in view.sentences_with("Arbitration", "Court", "CIETAC", "IAC"):
        if not _ENGLISH_TOPIC.search(sentence.text):
            continue
        for match in _ENGLISH_FORUM.finditer(sentence.text):
            span = Span(*(sentence.span.start + at for at in match.span("name")))
            kind: Literal["仲裁", "诉讼"] = "仲裁" if match["arbitration"] or match["short"] else "诉讼"
            found.append(Forum(kind, match["name"].removeprefix("The "), span, sentence))
    return found


def _forums_of(view: View, sentence: Sentence) -> list[Forum]:
    if not _TOPIC.search(sentence.text):
        return []
    bare = _FEES_ONLY.sub(lambda m: "费" * len(m.group()), sentence.text)
    if _NOT_CHOICE.search(bare) and not _STRONG.search(bare):
        return []
    found: list[Forum] = []
    labour = bool(_LABOUR.search(sentence.text))
    for kind, choice, place in _CHOICES:
        match = choice.search(bare)
        if match is None or _excluded(bare, match, kind):
            continue
        span = _where(bare, match, place, sentence)
        where = view.document.text[span.start : span.end] if span else ""
        start = sentence.span.start
        hit = span or Span(start + match.start(), start + match.end())
        found.append(Forum(kind, where, hit, sentence, labour))
    return found


_SELECTION = re.compile(
    r"第\s?_*\s?[\[(]?\s?(?P<n>[一二三1-3])?\s?[\])]?\s?_*\s?(?:种|项)(?:方式)?|(?:下列|以下|如下)(?:第)?(?:一种|"
    r"方式之一|之一|其中一种|任一)|"
    r"选择(?:下列|以下)|择一"
)
_OPTION = re.compile(r"(?:^|[:;,。\s])\s?\(?(?P<n>[1-3一二三])\s?[、.)．](?!\d)")
_DIGITS = {"一": "1", "二": "2", "三": "3"}


def _is_ticked(view: View, forum: Forum) -> bool:
    """Whether the option is the one chosen, where the contract offers several (按下列第2种方式; □ and ☑)."""
    line = forum.sentence.line
    before = view.text[view.lines[line].start : forum.span.start]
    box = max(before.rfind("□"), before.rfind("☐"))
    if box > max(before.rfind(c) for c in "☑■√✓☒✔"):
        return False
    offered = view.text[view.lines[max(0, line - 4)].start : forum.span.start]
    selections = list(_SELECTION.finditer(offered))
    option = list(_OPTION.finditer(before))
    if not selections or not option:
        return True
    chosen = selections[-1]["n"]
    number = option[-1]["n"]
    return chosen is not None and _DIGITS.get(chosen, chosen) == _DIGITS.get(number, number)


def _excluded(text: str, match: re.Match[str], kind: str) -> bool:
    if any(refused.start() < match.end() <= refused.end() + 4 for refused in _REFUSED.finditer(text)):
        return True
    around = text[max(0, match.start() - 10) : match.end() + 14]
    if re.search(
        r"申请(?:强制)?执行|强制执行|财产保全|保全|禁令|临时(?:措施|救济)|调查令|撤销|不得(?:再)?(?:向|提)|放弃|破产|"
        r"裁决书|不再",
        around,
    ):
        return True
    return kind == "诉讼" and match.group() in ("诉讼", "起诉") and not _STRONG.search(text)


def _is_choice(view: View, forum: Forum) -> bool:
    """Under a heading of disputes, or in a sentence that speaks of them; anything else is in passing."""
    if _STRONG.search(forum.sentence.text):
        return True
    section = view.document.section_at(forum.span.start)
    heading = section.title if section else ""
    above = " ".join(view.line_texts[max(0, forum.sentence.line - 3) : forum.sentence.line + 1])
    return bool(re.search(r"争议|纠纷|管辖|法律适用|诉讼|仲裁", heading) or re.search(r"争议|纠纷|争端|管辖:", above))


def _where(text: str, match: re.Match[str], place: re.Pattern[str], sentence: Sentence) -> Span | None:
    """Where the institution's or court's name stands; None where none is named."""
    names = [m for m in place.finditer(text, match.start()) if m.start("name") < match.end() + 6]
    names = names or list(place.finditer(text, max(0, match.start() - 40), match.end()))
    if not names:
        only = _PLACE_ONLY.search(text) if place is _COURT else None
        return Span(*(sentence.span.start + at for at in only.span("name"))) if only else None
    behind = place.finditer(text, names[0].end())
    best = next((m for m in (*names, *behind) if not _NO_NAME.search(_stripped(m["name"]))), names[0])
    end = sentence.span.start + best.end()
    return Span(end - len(_stripped(best["name"])), end)


_PLACE_ONLY = re.compile(
    r"(?:在|向)(?P<name>[\u4e00-\u9fa5]{1,12}?(?:所在地|住所地|签订地|签约地|履行地|注册地))(?:提起|进行|通过)?(?:诉讼|起诉)"
)
"""在购方所在地诉讼: the place alone."""


def _stripped(name: str) -> str:
    """Without the words that lead up to a name."""
    while (lead := _LEAD.match(name)) and lead.end() < len(name):
        name = name[lead.end() :]
    return _NAME_TRASH.sub("", name)


def forum_conflicts(view: View, forums: Sequence[Forum]) -> list[Finding]:
    """Arbitration and a court both chosen (仲裁法解释第七条: such an agreement to arbitrate is void)."""
    arbitration = [f for f in forums if f.kind == "仲裁"]
    court = [f for f in forums if f.kind == "诉讼"]
    if not arbitration or not court:
        return []
    if all(_AGAIN.search(f.sentence.text) and not _AT_WILL.search(f.sentence.text) for f in court):
        return _court_after_award(view, court[0].sentence)
    pair = next(((a, c) for a in arbitration for c in court if a.sentence is c.sentence), (arbitration[0], court[0]))
    if pair[0].sentence is pair[1].sentence and _only_after(pair[0].sentence.text):
        return []
    matters = [_matter(forum.sentence.text) for forum in pair]
    if all(matters) and matters[0] != matters[1]:
        return []
    defect = Defect(
        "仲裁与诉讼并存", "conflict", "high", "仲裁、诉讼",
        Text(f"既约定仲裁（{pair[0].where or '仲裁'}），又约定诉讼（{pair[1].where or '法院'}）；"
             "约定可以仲裁也可以起诉的，仲裁协议无效。",
             f"Both arbitration (“{pair[0].where or '仲裁'}”) and a court (“{pair[1].where or '法院'}”) are agreed. An "
             "agreement that allows either is no valid agreement to arbitrate."),
        Text("二者择一。改为：因本合同引起的争议，协商不成的，提交____仲裁委员会仲裁，仲裁裁决是终局的，对双方均有约束力；或者改为：因本合同引起的争议，协商不成的，向____人民法院起诉。",
             "Choose one. Write: “Disputes under this contract are submitted to ____ Arbitration Commission; "
             "its award is final and binds both”; or: “Disputes under this contract go to ____ People's "
             "Court.”"),
        "最高人民法院关于适用《中华人民共和国仲裁法》若干问题的解释第七条",
    )  # fmt: skip
    spans = [pair[0].span] if pair[0].sentence is pair[1].sentence else [pair[0].span, pair[1].span]
    return [defect.at(*(view.quote(span) for span in spans))]


_MATTER = re.compile(
    r"(?:因|就|有关|关于|涉及)(?P<what>[^,。;]{2,16}?)(?:所?(?:发生|产生|引起)|的|之)(?:的|之)?(?:争议|纠纷)"
)


def _matter(text: str) -> str:
    """What alone the clause is about (因居间报酬发生的争议); empty where it is the contract as a whole."""
    match = _MATTER.search(text)
    return "" if match is None or re.search(r"合同|协议|合约|履行|双方|各方", match["what"]) else match["what"]


_AGAIN = re.compile(
    r"(?:不服[^。;]{0,12}?裁决|对[^。;,]{0,10}裁决(?:结果)?(?:有异议|不服))[^。;]{0,24}?(?:起诉|诉讼|法院)"
)
_AT_WILL = re.compile(r"不愿|不同意仲裁|或者|或(?:向|由|直接)")
_NOT_FINAL = re.compile(r"劳动|用人单位|人事争议|聘用|承包经营|承包地")
"""Matters in which the way to a court stays open by law (仲裁法第九十三条)."""
_TOP = 300


def _court_after_award(view: View, sentence: Sentence) -> list[Finding]:
    """An award is final: what sends the parties to a court afterwards is void, the agreement to arbitrate stands."""
    match = _AGAIN.search(sentence.text)
    if match is None or _NOT_FINAL.search(view.text[:_TOP] + sentence.text):
        return []
    defect = Defect(
        "仲裁与诉讼并存", "conflict", "medium", "仲裁、诉讼",
        Text("仲裁一裁终局，裁决后不能就同一纠纷再起诉；“不服裁决可起诉”的约定无效，仲裁条款不因此无效，但易生管辖争议。",
             "An award is final: the same dispute can't go to a court afterwards. That part of the clause is void, the "
             "agreement to arbitrate is not, but it invites a quarrel over jurisdiction."),
        Text("删去“不服裁决可起诉”，改为：仲裁裁决是终局的，对双方均有约束力。希望由法院处理的，改为：因本合同引起的争议，向____人民法院起诉。",
             "Delete it and write: “The award is final and binds both.” If a court is wanted, write: "
             "“Disputes under this contract go to ____ People's Court.”"),
        "仲裁法（2025修订）第十条",
    )  # fmt: skip
    return [defect.at(view.quote(Span(*(sentence.span.start + at for at in match.span()))))]


_VAGUE = re.compile(
    r"^(?:(?:[\u4e00-\u9fa5]{0,8}(?:所在地|住所地|签订地|签约地|履行地)|当地|本地|有关|相关|有管辖权|的)*"
    r"(?:仲裁委员会|仲裁委|仲裁庭|仲裁中心)|[\u4e00-\u9fa5]*(?:仲裁机构|仲裁机关|仲裁部门))$"
)
_EITHER = re.compile(
    r"[\u4e00-\u9fa5]{2,12}仲裁(?:委员会|委|院|中心)\s?(?:或者?|、|和)[^,。;]{2,20}仲裁(?:委员会|委|院|中心)"
)
_RULES = re.compile(r"CIETAC|HKIAC|SIAC|\bICC\b|LCIA|仲裁规则")


def unclear_forums(view: View, forums: Sequence[Forum]) -> list[Finding]:
    """Arbitration without an institution, or with two of them: void unless the parties agree on one afterwards."""
    arbitration = [f for f in forums if f.kind == "仲裁" and not f.labour]
    named = {f.where for f in arbitration if f.where and not _VAGUE.search(f.where)}
    if not arbitration or any(_RULES.search(f.sentence.text) for f in arbitration):
        return []
    several = [
        where for where in named if not any(where != other and (where in other or other in where) for other in named)
    ]
    either = next((match.group() for f in arbitration if (match := _EITHER.search(f.sentence.text))), "")
    if named and len(several) < 2 and not either:
        return []
    two = either or "、".join(sorted(several))
    reason = (
        Text(f"写了两个仲裁机构（{two}）", f"two institutions are named (“{two}”)")
        if either or several[1:]
        else Text("没有写明仲裁机构", "no institution is named")
    )
    status: Status = "conflict" if either or several[1:] else "unclear"
    defect = Defect(
        "仲裁机构不明确", status, "high", "、".join(sorted(named)) or "仲裁",
        Text(f"约定仲裁，但{reason.zh}；当事人不能达成补充协议的，仲裁协议无效。",
             f"Arbitration is agreed, but {reason.en}: void, unless the parties agree on one afterwards."),
        Text("改为：因本合同引起的或者与本合同有关的任何争议，均提交____仲裁委员会（一个机构的全称）仲裁，仲裁裁决是终局的，对双方均有约束力。",
             "Write: “Any dispute arising out of this contract is submitted to ____ (one institution, in "
             "full) for arbitration; the award is final and binds both.”"),
        "仲裁法（2025修订）第二十九条；最高人民法院关于适用《中华人民共和国仲裁法》若干问题的解释第三条至第六条",
    )  # fmt: skip
    spans = list(dict.fromkeys(f.span for f in arbitration))[:2]
    return [defect.at(*(view.quote(span) for span in spans))]


_LEFT_OPEN = re.compile(
    r"(?:管辖(?:的)?法院|仲裁机构|争议(?:的)?解决方式|诉讼管辖|管辖)[^。;,]{0,10}(?:另行|届时|再行|以后|待)(?:再)?(?:协商|约定|商定|确定|议定)"
)


def open_forums(view: View) -> list[Finding]:
    """A forum that is left to a later agreement: none is agreed."""
    for sentence in view.sentences_with("管辖", "仲裁机构", "解决方式"):
        if match := _LEFT_OPEN.search(sentence.text):
            defect = Defect(
                "争议解决约定不明", "unclear", "medium", match.group(),
                Text("争议解决的法院或机构留待另行约定；达不成一致的，等于没有约定，按法定管辖起诉。",
                     "The forum is left to a later agreement. Without one nothing is agreed, and the law decides which "
                     "court is competent."),
                Text("改为：因本合同引起的争议，协商不成的，向____人民法院起诉；选择仲裁的，改为：提交____仲裁委员会仲裁，仲裁裁决是终局的。",
                     "Write: “Disputes under this contract go to ____ People's Court”; or, for arbitration: “… are "
                     "submitted to ____ Arbitration Commission; its award is final.”"),
                "民事诉讼法（2023修正）第二十四条、第三十五条",
            )  # fmt: skip
            return [defect.at(view.quote(Span(*(sentence.span.start + at for at in match.span()))))]
    return []


def _only_after(text: str) -> bool:
    """The court comes in only for what arbitration leaves: 裁决不履行…, 除…外."""
    return bool(
        re.search(r"裁决[^。;]{0,20}(?:执行|履行|撤销)|不服[^。;]{0,12}(?:仲裁)?裁决|仲裁(?:协议|条款)无效", text)
    )


# --- law, secrecy, renewal --------------------------------------------------------------------------------------------

_LAW = re.compile(
    r"(?:适用|依照|依据|受|遵循|以)(?P<law>(?:中华人民共和国|中国)(?:大陆|内地|"
    r"现行)?(?:的)?(?:相关)?(?:现行)?(?:有效)?(?:的)?(?:法律|法规|法)|"
    r"[\u4e00-\u9fa5]{2,8}(?:特别行政区|州)?法律)(?:法规)?"
)
_LAW_CONTEXT = re.compile(r"争议|解释|效力|管辖|适用|订立|履行")
_SECRECY_TERM = re.compile(
    rf"(?:后|起|期限|期间|期|满|为|内)[^。;\d]{{0,16}}?{COUNT}(?:内|届满|有效|止|持续|期|[,。;]|$|仍|的)"
)
_SECRECY_OPEN = re.compile(
    r"长期有效|永久|无限期|直至[^。;]{0,20}(?:公开|公知|公众)|持续有效|始终|不因[^。;]{0,16}(?:终止|"
    r"解除)[^。;]{0,8}(?:失效|终止|解除|影响)|继续有效|仍然?有效"
)
_SILENCE = (
    r"(?:未|没有|无|不(?=提出|表示|作出|发出))[^。;]{0,24}?(?:异议|终止|续|解除|通知|告知|反对)[^。;]{0,30}?"
    r"(?:合同|协议|合约|期限?|订阅|服务|租赁|合作|授权|[,同])[^。;,]{0,14}?(?:顺延|续[展期约订]|延[展续长]|继续(?:履行|有效))"
)
"""未提出异议的，本合同按原条件顺延: who says nothing goes on."""
_RENEWAL = re.compile(
    rf"(?:(?<!不)(?<!不再)自动(?:续期|展期|延续|顺延|续展|续约|延长|续签|续订|延期|延展)|{_SILENCE})[^。;]{{0,16}}?(?:{COUNT})?"
)
_GOES_ON = ("自动", "顺延", "续展", "续期", "续约", "续订", "延展", "延续", "延长", "继续履行", "继续有效")
_RENEWAL_CONTEXT = re.compile(r"期满|届满|到期|期限|有效期|续")


def findings_of(view: View, forums: Sequence[Forum]) -> list[Finding]:
    found = [
        view.fact("disputes", "争议解决", f"{f.kind}：{f.where}" if f.where else f.kind, f.span)
        for f in _distinct(forums)
    ]
    for sentence in view.sentences_with("适用", "保密", "本款", "本条", *_GOES_ON):
        for rule in (_law, _secrecy, _renewal):
            if finding := rule(view, sentence):
                found.append(finding)
    return _once(found)


def _distinct(forums: Sequence[Forum]) -> list[Forum]:
    named = {f.kind for f in forums if f.where}
    return [f for f in forums if f.where or f.kind not in named]


def _once(findings: Sequence[Finding]) -> list[Finding]:
    seen: set[tuple[str, str]] = set()
    kept: list[Finding] = []
    for finding in findings:
        if (finding.item, finding.value) not in seen:
            seen.add((finding.item, finding.value))
            kept.append(finding)
    return kept


def _law(view: View, sentence: Sentence) -> Finding | None:
    if "法" not in sentence.text or "适用" not in sentence.text:
        return None
    match = _LAW.search(sentence.text)
    if match is None or not _LAW_CONTEXT.search(sentence.text):
        return None
    law = "中华人民共和国法律" if match["law"].startswith(("中华", "中国")) else match["law"]
    hit = Span(sentence.span.start + match.start(), sentence.span.start + match.end())
    return view.fact("disputes", "适用法律", law, hit)


def _secrecy(view: View, sentence: Sentence) -> Finding | None:
    text = sentence.text
    if "保密" not in text and not ("本款" in text or "本条" in text):
        return None
    section = view.document.section_at(sentence.span.start)
    if "保密" not in text and (section is None or "保密" not in section.title):
        return None
    if match := _SECRECY_TERM.search(text):
        length = length_from(match)
        speaks = re.search(r"期限|期间|有效|终止|解除|届满|保密期|持续", text)
        if (
            length
            and speaks
            and not re.search(r"提前|逾期|工作日内", text[max(0, match.start() - 6) : match.end() + 4])
        ):
            hit = Span(sentence.span.start + match.start(), sentence.span.start + match.end())
            return view.fact("disputes", "保密期限", length.printed, hit)
    if "保密" in text and (match := _SECRECY_OPEN.search(text)):
        hit = Span(sentence.span.start + match.start(), sentence.span.start + match.end())
        return view.fact(
            "disputes", "保密期限", "长期" if re.search("长期|永久|无限", text) else match.group()[:20], hit
        )
    return None


def _renewal(view: View, sentence: Sentence) -> Finding | None:
    if not _RENEWAL_CONTEXT.search(sentence.text):
        return None
    match = _RENEWAL.search(sentence.text)
    if match is None or re.search(
        r"工期|交货期|交付(?:期限|时间)?", sentence.text[max(0, match.start() - 12) : match.start()]
    ):
        return None
    length = length_from(match) if match["count"] else None
    hit = Span(sentence.span.start + match.start(), sentence.span.start + match.end())
    return view.fact("disputes", "自动续期", length.printed if length else "自动续期", hit)
