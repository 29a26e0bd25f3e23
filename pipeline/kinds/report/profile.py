"""What a report is: its title, company, period and securities code; the risks it names; what it expects."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.ground import evidence_at
from pipeline.kinds.report.periods import Period, report_period
from pipeline.kinds.report.tables import lines_of
from pipeline.types import Document, Finding, Span

_OPENING = 6_000
_TITLE = re.compile(
    r"[^\n\t。；;，,：:]{0,40}(?:(?:年度|半年度|季度|中期|审计|评估|研究|分析|调研|可行性研究|跟踪|点评|深度|策略|专项|检查|总结|工作|尽职调查|述职|社会责任|ESG)报告"
    r"|年报|半年报|季报|中报|研报|白皮书|蓝皮书|招股说明书|募集说明书|点评)(?:全文|正文|摘要|[（(][^()（）\n]{1,16}[)）])*"
)
_HEADLINE = re.compile(r"[^\n\t。]{2,24}[：:][^\n\t。：:]{6,40}")
_SUFFIX = r"(?:股份有限公司|有限责任公司|有限公司|集团公司|\(集团\)公司)"
_COMPANY_CHARS = r"[一-鿿A-Za-z0-9·（）()&]{2,40}?"
_COMPANY = re.compile(rf"({_COMPANY_CHARS}{_SUFFIX})")
_COMPANY_ROW = re.compile(
    rf"(?:公司(?:的)?(?:中文)?(?:名称|全称)|编制单位|公司法定中文名称)[ \t:：]+({_COMPANY_CHARS}{_SUFFIX})"
)
_NOT_COMPANY = re.compile(r"会计师|证券(?:股份)?有限|律师|评估|交易所|银行")
_CODE = re.compile(
    r"(?:证券|股票|公司|A股)(?:代码|代號)[ \t:：]*([0368]\d{5}(?:\.(?:SH|SZ|BJ))?)|\b(\d{6}\.(?:SH|SZ|BJ))\b"
)
_SHORT = re.compile(r"(?:证券|股票|公司)简称[ \t:：]*([一-鿿A-Z*a-z0-9]{2,8})(?=[ \t\n])")
_RATING = re.compile(
    r"(?:投资)?评级[ \t]*[:：][ \t]*([一-鿿A-Z+-]{1,6})"
    r"|[“\"](买入|增持|推荐|中性|减持|卖出|强烈推荐|跑赢行业)[”\"](?:的?投资)?评级"
)
_ACTUAL = re.compile(r"(?<!\d)(20\d\d)[ ]?A(?![A-Za-z])")
_OPINION = re.compile(
    r"(标准(?:的)?无保留意见|(?:带[^，。\n]{2,16}的)?无保留意见|保留意见|无法表示意见|否定意见)的?审计报告"
)


def report_title(document: Document) -> Span | None:
    """The line that names the report: the first that is called one; else the headline of a research note."""
    return _first_line(document, _TITLE) or _first_line(document, _HEADLINE)


def _first_line(document: Document, pattern: re.Pattern[str]) -> Span | None:
    for span in lines_of(document.text[:_OPENING]):
        line = document.text[span.start : span.end]
        bare = line.strip()
        if 4 <= len(bare) <= 70 and pattern.fullmatch(bare):
            start = span.start + line.index(bare)
            return Span(start, start + len(bare))
    return None


def main_period(document: Document) -> Period | None:
    """The period that the report is about, by its title or the lines near it."""
    title = report_title(document)
    named = report_period(document.text[title.start : title.end]) if title else None
    return named or report_period(document.title) or report_period(document.text[:_OPENING]) or _last_actual(document)


def _last_actual(document: Document) -> Period | None:
    """Of a research note that names no period: the last year that its forecasts give as known (2025A)."""
    years = [int(match[1]) for match in _ACTUAL.finditer(document.text)]
    return Period(max(years), "year") if years else None


def profile_findings(document: Document, period: Period | None) -> list[Finding]:
    """Facts about the report itself, each once."""
    found: list[Finding] = []
    if title := report_title(document):
        found.append(_fact(document, "报告名称", document.text[title.start : title.end], title))
    if company := _company(document, title):
        found.append(_fact(document, "公司全称", document.text[company.start : company.end], company))
    if period and (where := _where(document, period)):
        found.append(_fact(document, "报告期", str(period), where))
    for item, pattern in (("证券代码", _CODE), ("证券简称", _SHORT), ("评级", _RATING), ("审计意见", _OPINION)):
        if match := pattern.search(document.text, 0, _OPENING * 2):
            group = next(i for i in range(1, pattern.groups + 1) if match[i])
            found.append(_fact(document, item, match[group], Span(match.start(), match.end())))
    return found


def _fact(document: Document, item: str, value: str, span: Span) -> Finding:
    return Finding("profile", item, value, "rule", (evidence_at(document, span),))


def _company(document: Document, title: Span | None) -> Span | None:
    """The company reported on: where a row says so, else in the title, else the company named most in the opening."""
    if match := _COMPANY_ROW.search(document.text, 0, _OPENING * 3):
        return Span(*match.span(1))
    names = [m for m in _COMPANY.finditer(document.text, 0, _OPENING) if not _NOT_COMPANY.search(m[1])]
    if title and (inside := next((m for m in names if title.start <= m.start() < title.end), None)):
        return Span(*inside.span(1))
    names = [m for m in names if _stands_alone(document.text, m)]
    if not names:
        return None
    counts: dict[str, int] = {}
    for match in names:
        counts[match[1]] = counts.get(match[1], 0) + 1
    best = max(counts, key=lambda name: counts[name])
    return Span(*next(m for m in names if m[1] == best).span(1))


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    """Whether the name begins where a word can begin: at a line's start or after a mark."""
    return match.start() == 0 or not ("一" <= text[match.start() - 1] <= "鿿")


def _where(document: Document, period: Period) -> Span | None:
    match = re.compile(rf"{period.year}[ ]?[年A]").search(document.text, 0, _OPENING)
    return Span(*match.span()) if match else None


# --- risks ------------------------------------------------------------------------------------------------------------

_RISK_HEAD = re.compile(
    r"[ \t]*(?:第?[一二三四五六七八九十\d]{1,3}[章节、.．)）][ \t]*"
    r"|[(（][一二三四五六七八九十\d]{1,3}[)）][ \t]*|■[ \t]*)?"
    r"(?:可能面对的|主要|重大|面临的?(?:主要)?|未来)?风险(?:因素|提示|分析|揭示)?(?:及(?:应对|对策)[^\n]{0,8})?[ \t]*"
)
_RISK_LINE = re.compile(
    r"[ \t]*(?:[(（]?[一二三四五六七八九十\d]{1,2}[)）、.．][ \t]*|[●■◆•·][ \t]*)"
    r"(?P<title>[^\n\t。：:；;，,]{2,40})(?:[。：:；;].*|[ \t]*$)"
)
_RISK_LIST = re.compile(r"风险(?:提示|因素)[:：][ \t]*(?P<list>[^\n\t]{4,400})")
_RISK_WORD = re.compile(
    "风险|不确定|波动|下降|下滑|加剧|不及|变化|变动|流失|依赖|短缺|上涨|处罚|事故|诉讼|泄[露漏]|减值|违约|竞争|限制|周期|替代|失败|滞后|安全"
)
_RISK_LINES, _RISKS_MOST = 60, 24


def risk_findings(document: Document) -> list[Finding]:
    """The risks that a report discloses: the numbered headings of its risk section, or the list behind 风险提示."""
    found = list(_listed_risks(document)) + list(_headed_risks(document))
    seen: set[str] = set()
    unique: list[Finding] = []
    for risk in found:
        key = re.sub(r"风险|的", "", risk.item)
        if key not in seen:
            seen.add(key)
            unique.append(risk)
    return unique[:_RISKS_MOST]


def _headed_risks(document: Document) -> Iterator[Finding]:
    text = document.text
    left, form, head = 0, "", ""
    for span in lines_of(text):
        line = text[span.start : span.end]
        if len(line) <= 40 and _RISK_HEAD.fullmatch(line):
            left, form, head = _RISK_LINES, "", _shape(line)
            continue
        if left <= 0 or not line.strip():
            continue
        left -= 1
        match, shape = _RISK_LINE.match(line), _shape(line)
        if shape and shape == head:
            left = 0
            continue
        if match is None or not _RISK_WORD.search(match["title"]):
            if not form and left < _RISK_LINES - 3:
                left = 0
            continue
        if form and shape != form:
            left = left if _is_lower(shape, form) else 0
            continue
        form = shape
        start = span.start + match.start("title")
        yield _risk(document, match["title"], Span(start, min(span.end, start + 200)))


def _shape(line: str) -> str:
    """The family of a line's numbering."""
    bare = re.sub(r"[一二三四五六七八九十]+", "一", re.sub(r"\d+", "1", line.strip()[:5]))
    match = re.match(r"[(（]?[一1][)）、.．]|[●■◆•·]|第一", bare)
    return match.group() if match else ""


def _is_lower(shape: str, form: str) -> bool:
    """Whether a numbering is a sub-level of another: 1. below （一）."""
    order = "一、", "(一)", "（一）", "1、", "1.", "1．", "(1)", "（1）"
    return shape in order and form in order and order.index(shape) > order.index(form)


def _listed_risks(document: Document) -> Iterator[Finding]:
    for match in _RISK_LIST.finditer(document.text):
        at = match.start("list")
        for part in re.split(r"([；;、，,。])", match["list"]):
            bare = part.strip()
            if 4 <= len(bare) <= 30 and not re.fullmatch(r"[；;、，,。]", bare):
                start = at + part.index(bare)
                yield _risk(document, bare, Span(start, start + len(bare)))
            at += len(part)


def _risk(document: Document, title: str, span: Span) -> Finding:
    evidence = evidence_at(document, span)
    return Finding("risks", title.strip(), "", "rule", (evidence,), detail=evidence.quote, severity="low")


# --- outlook ----------------------------------------------------------------------------------------------------------

_SENTENCE = re.compile(r"[^。；;\n\t■●]+")
_COMING = re.compile(r"明年|下一年|未来[一二三四五两\d]?[至-]?[一二三四五\d]?年|下半年|十[五六]五")
_YEAR = re.compile(r"20\d\d(?=年|E)")
_EXPECTED = re.compile(r"预计|预期|计划|力争|目标|有望|将(?:继续|实现|达到|保持|增长|持续|新增|完成)")
_NOT_OUTLOOK = re.compile(
    r"会计|信用损失|激励|资产组|董事会|监事会|股东大会|折现|诉讼|减值|摊销|限售|解锁|审议|公告|承诺|本项"
)
_FIGURE = re.compile(r"\d[\d,.]*[ ]?(?:%|％|万|亿|元|GW|倍|家|个|吨)")
_OUTLOOKS_MOST = 12


def outlook_findings(document: Document, period: Period | None) -> list[Finding]:
    """Sentences that give a figure for the time to come: after the period, where that is known."""
    found: list[Finding] = []
    for match in _SENTENCE.finditer(document.text):
        said = match.group()
        if len(said) > 300 or not _EXPECTED.search(said) or _NOT_OUTLOOK.search(said) or not _FIGURE.search(said):
            continue
        years = [int(year) for year in _YEAR.findall(said)]
        coming = any(year > period.year for year in years) if period and years else bool(years)
        if not coming and not _COMING.search(said):
            continue
        bare = said.strip()
        start = match.start() + said.index(bare)
        found.append(Finding("outlook", "展望", bare, "rule", (evidence_at(document, Span(start, start + len(bare))),)))
        if len(found) == _OUTLOOKS_MOST:
            break
    return found
