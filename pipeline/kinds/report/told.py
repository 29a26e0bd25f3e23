"""What sentences tell of rows of tables that are no key figures: a business line, a region, a debt, a rating.

Only a row's own name, met once among the tables, speaks of it; only a figure that is nearly the row's is meant for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from pipeline.kinds.report.alarms import CONTRADICTION, GROWTH, UNIT_SLIP, alarm
from pipeline.kinds.report.figures import SCALES, Figure, decimal_of, decimals_of, unit_of_label
from pipeline.kinds.report.names import metric_by_label, name_of_row, printed_name
from pipeline.kinds.report.prose import CHANGE, is_vague, quantity, rate_of
from pipeline.kinds.report.rates import fits, growth_of
from pipeline.kinds.report.sums import is_slip_of_digits
from pipeline.kinds.report.tables import Row, Table
from pipeline.lang import Text
from pipeline.types import Document, Finding, Span

_MOST_ROWS = 600
_LONGEST_LABEL = 24
_NAME = re.compile(r"[\u4e00-\u9fff]{2,12}")
_COMMON = re.compile(
    r"合计|小计|总计|其他|其中|项目|本期|上期|增减|备注|序号|说明|小结|余额|金额|数量|比例|公司$|年|月|季度|变动|影响|调整|利得|损失|收益$"
)
_BETWEEN = (
    r"(?:业务|板块|地区|市场|产品|分部|类)?(?:全年|本期|当期|上半年)?(?:实现|完成|取得|贡献)?的?"
    r"(?:销售|营业|主营业务)?(?:收入|金额|余额|规模|总额)?(?:合计|总计)?(?:为|达到?|是|人民币|[:： ])*"
)
_VALUE = re.compile(quantity("now"))
_CHANGED = re.compile(
    rf"[，,（( ]{{0,2}}(?:同比|较上年末?|较期初|较年初|较去年(?:同期)?|比上年)[^，,。；;\d]{{0,4}}?{CHANGE}"
)
_POWERS = tuple(Decimal(10) ** k for k in (-8, -4, -3, -2, -1, 1, 2, 3, 4, 8))
_SAME_DIGITS = Decimal("0.0006")
"""How far the digits of a figure in another unit may differ, by rounding."""
_NOW = re.compile(r"本期|本年|报告期|期末|年末|当期")
_YEAR = re.compile(r"20\d\d")


@dataclass(frozen=True, slots=True)
class _Known:
    """A row of two periods: its figures now and before, in ``unit``."""

    name: str
    row: Row
    now: Figure
    before: Figure | None
    unit: str
    now_at: Span


def told_alarms(document: Document, tables: Sequence[Table]) -> Iterator[Finding]:
    """Sentences that tell a row's figure or its change otherwise than the table."""
    yield from _ratings(document)
    yield from _scales(document, tables)
    rows = _rows(tables)
    if not rows:
        return
    names = "|".join(map(re.escape, sorted(rows, key=len, reverse=True)))
    firsts = "".join(sorted({name[0] for name in rows}))
    pattern = re.compile(rf"(?=[{firsts}])(?:{_LEAD})(?P<name>{names}){_BETWEEN}(?=[\d同较比])")
    for line in _PROSE.finditer(document.text):
        for match in pattern.finditer(document.text, *line.span()):
            yield from _judged(document, match, rows[match["name"]])


_PROSE = re.compile(r"^(?=[^\n]{0,400}(?:\d[ ]?[百千万亿]{0,2}元|同比|较上|较期|较年))[^\t\n]+$", re.MULTILINE)
"""Lines outside tables that tell a sum or a change."""
_LEAD = r"(?<![\u4e00-\u9fff])|(?<=其中)|(?<=公司)|(?<=本期)|(?<=报告期)|(?<=报告期内)|(?<=全年)|(?<=[年末内及和])"


def _rows(tables: Sequence[Table]) -> Mapping[str, _Known]:
    """Rows in money with a name of their own that stands in one table only, by that name."""
    found: dict[str, list[_Known]] = {}
    for table in tables:
        for at, row in enumerate(table.rows):
            if row.is_value_row and (known := _known(table, at, row)):
                found.setdefault(known.name, []).append(known)
    if len(found) > _MOST_ROWS:
        return {}
    return {name: known[0] for name, known in found.items() if len(known) == 1}


def _known(table: Table, at: int, row: Row) -> _Known | None:
    if not row.body or (now := row.body[0].figure) is None or now.percent or len(row.label) > _LONGEST_LABEL:
        return None
    unit = table.unit if table.unit in SCALES else unit_of_label(row.label)
    if unit not in SCALES or (columns := table.column_names(len(row.body))) is None:
        return None
    name = printed_name(name_of_row(table, at)[0])
    if not _NAME.fullmatch(name) or _COMMON.search(name) or metric_by_label(name):
        return None
    before = row.body[1].figure if earlier(columns) else None
    return _Known(name, row, now, before, unit, row.body[0].span)


def earlier(columns: Sequence[str]) -> bool:
    """Whether the second column is the first one's a year earlier."""
    if len(columns) < 2:
        return False
    first, second = (_YEAR.search(name) for name in columns[:2])
    if first and second:
        return int(first[0]) == int(second[0]) + 1
    return bool(_NOW.search(columns[0]) and _BEFORE.search(columns[1]))


_BEFORE = re.compile(r"上期|上年|去年|期初|年初|同期")


def _judged(document: Document, match: re.Match[str], known: _Known) -> Iterator[Finding]:
    value = _VALUE.match(document.text, match.end())
    if value and is_vague(document.text, value, "now"):
        return
    end = value.end() if value else match.end()
    if value:
        unit = f"{value['now_scale'] or ''}{value['now_base'] or ''}"
        if unit not in SCALES:
            return
        said = Figure(decimal_of(value["now"]), decimals_of(value["now"]))
        if not _agrees(said, unit, known):
            yield from _other_figure(document, Span(match.start("name"), end), said, unit, known)
            return
    change = _CHANGED.match(document.text, end)
    if change and known.before and not is_vague(document.text, change, "rate"):
        yield from _other_change(document, Span(match.start("name"), change.end()), rate_of(change), known)


def _agrees(said: Figure, unit: str, known: _Known) -> bool:
    """Whether the told figure is one of the row's, given rounding."""
    for cell in known.row.body:
        if cell.figure and not cell.figure.percent:
            mine, other = said.value * SCALES[unit], cell.figure.value * SCALES[known.unit]
            if abs(mine - other) <= said.half * SCALES[unit] + cell.figure.half * SCALES[known.unit]:
                return True
    return False


def _other_figure(document: Document, span: Span, said: Figure, unit: str, known: _Known) -> Iterator[Finding]:
    """A figure that is the row's but for a digit or its unit; any other may be of another thing."""
    mine, true = said.value * SCALES[unit], known.now.value * SCALES[known.unit]
    in_unit = true / SCALES[unit]
    slip = bool(mine and true) and any(abs(mine / true / power - 1) < _SAME_DIGITS for power in _POWERS)
    if not slip and not (is_slip_of_digits(said, in_unit) and mine):
        return
    first, second = f"{said}{unit}", f"{known.now}{known.unit}"
    yield alarm(
        document,
        UNIT_SLIP if slip else CONTRADICTION,
        f"{known.name} {first}，表内 {second}",
        [span, known.row.span],
        Text(f"{known.name}：文中 {first}，表内 {second}", f"{known.name}: {first} in the text, {second} in the table"),
        "high" if slip else "medium",
    )


def _other_change(document: Document, span: Span, rate: Figure, known: _Known) -> Iterator[Finding]:
    truth = growth_of(known.now, known.before) if known.before and not rate.points else None
    if truth is None or fits(rate, truth) or known.before is None:
        return
    shown = f"{truth[0]:+.2f}%"
    formula = f"{known.now} ÷ {known.before} - 1 = {shown}"
    yield alarm(
        document,
        GROWTH,
        f"{known.name} {rate.value:+}%，应为 {shown}",
        [span, known.row.span],
        Text(
            f"{known.name}：按表内数据 {formula}，文中写作 {rate.value:+}%",
            f"{known.name}: by the table {formula}, the text says {rate.value:+}%",
        ),
    )


# --- ratings ----------------------------------------------------------------------------------------------------------

_GRADE = r"(?:A{1,3}|B{1,3}|C{1,3})[+-]?(?![A-Za-z+\-])"


def _ratings(document: Document) -> Iterator[Finding]:
    """主体信用等级为AA, where the table says AA+ for this time."""
    for line in _GRADED_ROW.finditer(document.text):
        label, *cells = (cell.strip() for cell in line.group().split("\t"))
        grades = [cell for cell in cells if re.fullmatch(_GRADE, cell)]
        told = re.finditer(rf"{label}(?:维持|评定|调整|上调|下调)?(?:为|至|是|在)(?P<grade>{_GRADE})", document.text)
        for match in told if grades else ():
            if match["grade"] in grades:
                continue
            yield alarm(
                document,
                CONTRADICTION,
                f"{label} {match['grade']}，表内 {grades[0]}",
                [Span(*match.span()), Span(*line.span())],
                Text(
                    f"{label}：文中 {match['grade']}，表内 {grades[0]}",
                    f"{label}: {match['grade']} in the text, {grades[0]} in the table",
                ),
                "high",
            )


_GRADED_ROW = re.compile(
    r"^[\u4e00-\u9fff]{0,6}(?:信用等级|信用级别|主体评级|债项评级|主体级别)\t[^\n]+$", re.MULTILINE
)

# --- the same digits in another unit ----------------------------------------------------------------------------------

_FEW_FIGURES = 400
"""Figures of a document among which equal digits are no chance."""
_TELLING = 3
"""Digits that a figure must have."""
_FAR = Decimal(100)


def _scales(document: Document, tables: Sequence[Table]) -> Iterator[Finding]:
    """财政补贴7.86万元, where a table in 亿元 has 7.86 for 政府补助: told of what has a character of that name."""
    held = _by_digits(tables)
    for match in _VALUE.finditer(document.text) if held else ():
        unit = f"{match['now_scale'] or ''}{match['now_base'] or ''}"
        rows = held.get(match["now"].replace(",", ""), [])
        if len(rows) != 1 or unit not in SCALES or is_vague(document.text, match, "now"):
            continue
        row, own = rows[0]
        before = document.text[max(0, match.start() - 12) : match.start()]
        apart = SCALES[own] / SCALES[unit]
        if "\t" in before or not set(row.label) & set(before) or 1 / _FAR < apart < _FAR:
            continue
        said = match.group().strip()
        yield alarm(
            document,
            UNIT_SLIP,
            f"{said}，表内 {match['now']}{own}",
            [Span(max(0, match.start() - 12), match.end()), row.span],
            Text(
                f"文中 {said}，表内“{row.label}”为 {match['now']}{own}，数字相同而单位不同",
                f"{said} in the text; “{row.label}” in the table is {match['now']}{own}: the same digits, another unit",
            ),
        )


def _by_digits(tables: Sequence[Table]) -> Mapping[str, Sequence[tuple[Row, str]]]:
    """The rows of tables in money by the digits of their figures; none where there are too many figures."""
    every = ((cell, row, table.unit) for table in tables for row in table.rows for cell in row.body if cell.figure)
    cells = list(islice(every, _FEW_FIGURES + 1))
    held: dict[str, list[tuple[Row, str]]] = {}
    for cell, row, unit in cells if len(cells) <= _FEW_FIGURES else ():
        digits = cell.text.strip().replace(",", "")
        if unit in SCALES and not metric_by_label(row.label) and len(digits.replace(".", "").lstrip("0")) >= _TELLING:
            held.setdefault(digits, []).append((row, unit))
    return held
