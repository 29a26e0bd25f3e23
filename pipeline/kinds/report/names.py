"""The key figures of reports: their usual names, and what kind of number each is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pipeline.kinds.report.tables import Table

Sort = Literal["flow", "stock", "per_share", "rate", "times"]


@dataclass(frozen=True, slots=True)
class MetricName:
    """``sort``: money earned over a period, money held at its end, money per share, a percentage, a multiple."""

    name: str
    sort: Sort
    pattern: str
    """Regex of all that it is called."""
    prose: bool = True
    """Whether to look for it in sentences too; balance sheet lines are read from tables only."""

    @property
    def at_end(self) -> bool:
        """Whether it is of a day, not of a stretch of time."""
        return self.sort == "stock" or self.name in _AT_END


_AT_END = frozenset(
    (
        "资产负债率", "流动比率", "速动比率", "每股净资产", "不良贷款率", "拨备覆盖率",
        "核心一级资本充足率", "一级资本充足率", "资本充足率",
    )
)  # fmt: skip
"""Ratios and figures per share of a day."""
_OWNERS = r"归属于?(?:上市公司|母公司|本公司|公司|挂牌公司)?(?:普通股)?(?:股东|所有者)?的?"
_UNUSUAL = r"扣除非经常性?损益(?:后|的|影响)*"

METRICS = (
    MetricName(
        "扣非净利润", "flow", rf"(?:{_OWNERS})?{_UNUSUAL}(?:{_OWNERS})?净利润|扣非后?的?(?:归母)?净利润|归母扣非净利润"
    ),
    MetricName("归母净利润", "flow", rf"{_OWNERS}净利润|归母净利润?|归属净利润|母公司股东净利润"),
    MetricName("营业总收入", "flow", r"营业总收入"),
    MetricName("主营业务收入", "flow", r"主营业务收入|主营收入"),
    MetricName("营业收入", "flow", r"营业收入|营收"),
    MetricName("营业总成本", "flow", r"营业总成本"),
    MetricName("营业成本", "flow", r"营业成本"),
    MetricName("毛利", "flow", r"毛利润?|毛利额"),
    MetricName("营业利润", "flow", r"营业利润"),
    MetricName("利润总额", "flow", r"利润总额|税前利润"),
    MetricName("净利润", "flow", r"净利润"),
    MetricName(
        "经营现金流",
        "flow",
        r"经营活动(?:产生的)?现金(?:流量?)?净流?[额量入]{1,2}|经营性?(?:活动)?现金流(?:量)?(?:净[额流入]{1,2})?|经营净现金流",
    ),
    MetricName(
        "投资现金流", "flow", r"投资活动(?:产生的)?现金(?:流量?)?净流?[额量入]{1,2}|投资性?现金流(?:量)?净额"
    ),
    MetricName(
        "筹资现金流", "flow", r"筹资活动(?:产生的)?现金(?:流量?)?净流?[额量入]{1,2}|筹资性?现金流(?:量)?净额"
    ),
    MetricName("销售费用", "flow", r"销售费用"),
    MetricName("管理费用", "flow", r"管理费用"),
    MetricName("财务费用", "flow", r"财务费用"),
    MetricName("研发费用", "flow", r"研发费用"),
    MetricName("研发投入", "flow", r"研发投入(?:合计|总额|金额)?|研发总投入"),
    MetricName("EBITDA", "flow", r"EBITDA|息税折旧摊销前利润"),
    MetricName("新签合同额", "flow", r"新签(?:合同|订单)(?:金)?额?|新增订单(?:金额)?"),
    MetricName("现金分红", "flow", r"现金分红(?:总额|金额|总金额)?|现金股利总额", prose=False),
    MetricName("归母净资产", "stock", rf"{_OWNERS}(?:净资产|(?:所有者|股东)权益)(?:合计)?|归母净资产|归母权益"),
    MetricName(
        "负债和权益总计",
        "stock",
        r"负债[和及与](?:所有者|股东)权益(?:[(（]或?(?:所有者|股东)权益[)）])?(?:总计|合计|总额)",
        prose=False,
    ),
    MetricName("总资产", "stock", r"总资产|资产总[额计]|资产合计"),
    MetricName("总负债", "stock", r"总负债|负债总[额计]|负债合计"),
    MetricName("净资产", "stock", r"净资产|(?:所有者|股东)权益(?:[(（]或?(?:所有者|股东)权益[)）])?(?:合计|总[额计])"),
    MetricName("货币资金", "stock", r"货币资金", prose=False),
    MetricName("应收账款", "stock", r"应收账款", prose=False),
    MetricName("存货", "stock", r"存货", prose=False),
    MetricName("固定资产", "stock", r"固定资产", prose=False),
    MetricName("商誉", "stock", r"商誉", prose=False),
    MetricName("短期借款", "stock", r"短期借款", prose=False),
    MetricName("长期借款", "stock", r"长期借款", prose=False),
    MetricName("合同负债", "stock", r"合同负债", prose=False),
    MetricName("流动资产", "stock", r"流动资产(?:合计|总额|总计)", prose=False),
    MetricName("流动负债", "stock", r"流动负债(?:合计|总额|总计)", prose=False),
    MetricName("贷款总额", "stock", r"(?:发放|各项)?贷款(?:[和及]垫款)?(?:总额|合计|余额)", prose=False),
    MetricName("不良贷款", "stock", r"不良贷款(?:余额|合计|总额)?", prose=False),
    MetricName("核心一级资本净额", "stock", r"核心一级资本净额", prose=False),
    MetricName("一级资本净额", "stock", r"一级资本净额", prose=False),
    MetricName("资本净额", "stock", r"(?:总)?资本净额", prose=False),
    MetricName("风险加权资产", "stock", r"风险加权资产(?:合计|净额|总额)?", prose=False),
    MetricName("在手订单", "stock", r"在手订单(?:金额|总额)?|在手合同额"),
    MetricName("扣非每股收益", "per_share", rf"{_UNUSUAL}基本每股收益|扣非(?:后)?(?:基本)?每股收益"),
    MetricName("稀释每股收益", "per_share", r"稀释每股收益"),
    MetricName("基本每股收益", "per_share", r"基本每股收益"),
    MetricName("每股收益", "per_share", r"每股收益|EPS"),
    MetricName("每股净资产", "per_share", r"(?:归属于上市公司股东的)?每股净资产|BPS|BVPS"),
    MetricName("每股经营现金流", "per_share", r"每股经营(?:活动)?(?:产生的)?现金流(?:量)?(?:净额)?"),
    MetricName("目标价", "per_share", r"目标价(?:格)?"),
    MetricName(
        "扣非净资产收益率", "rate", rf"{_UNUSUAL}加权平均净资产收益率|扣非后?(?:加权平均)?(?:净资产收益率|ROE)"
    ),
    MetricName("净资产收益率", "rate", r"(?:加权)?平均净资产收益率|全面摊薄净资产收益率|净资产收益率|ROE"),
    MetricName("毛利率", "rate", r"(?:综合|销售|整体|主营业务|主营)?毛利率"),
    MetricName("净利率", "rate", r"(?:销售)?净利率|净利润率|销售净利率"),
    MetricName("资产负债率", "rate", r"资产负债率"),
    MetricName("销售费用率", "rate", r"销售费用率"),
    MetricName("管理费用率", "rate", r"管理费用率"),
    MetricName(
        "研发费用率", "rate", r"研发费用率|研发投入(?:占比|强度)|研发投入(?:总额)?占营业收入的?(?:比例|比重)"
    ),
    MetricName("期间费用率", "rate", r"期间费用率"),
    MetricName("总资产收益率", "rate", r"总资产收益率|ROA"),
    MetricName("不良贷款率", "rate", r"不良贷款率|不良率"),
    MetricName("拨备覆盖率", "rate", r"拨备覆盖率"),
    MetricName("核心一级资本充足率", "rate", r"核心一级资本充足率"),
    MetricName("一级资本充足率", "rate", r"一级资本充足率"),
    MetricName("资本充足率", "rate", r"资本充足率"),
    MetricName("成本收入比", "rate", r"成本收入比率?"),
    MetricName("净息差", "rate", r"净息差|净利息收益率"),
    MetricName("流动比率", "times", r"流动比率"),
    MetricName("速动比率", "times", r"速动比率"),
    MetricName("市盈率", "times", r"市盈率|P/?E"),
    MetricName("市净率", "times", r"市净率|P/?B"),
)  # fmt: skip

_LEAD = re.compile(
    r"(?:[(（]?[一二三四五六七八九十\d]{1,3}[)）、.．]|[一二三四五六七八九十]、|其中[:：]|[加减][:：]|[—*☆●■·\-])+"
)
_NOTE = re.compile(r"[(（\[][^()（）\[\]]*[)）\]]|注\d|[:：]$")
_LABEL = re.compile("|".join(f"(?P<m{i}>{metric.pattern})" for i, metric in enumerate(METRICS)), re.IGNORECASE)
_FIRST = "不拨核一成营主毛利税净经投筹销管财研归扣息新资总负所股在基稀每全加平综整期流速市目EPRB"
"""What the name of a metric may begin with: it saves most of the search."""
_MONEY_LAST = sorted(range(len(METRICS)), key=lambda i: METRICS[i].sort in ("flow", "stock"))
"""Rates first: 毛利率 begins with 毛利, 总资产收益率 with 总资产."""
PROSE_NAME = re.compile(
    f"(?=[{_FIRST}])(?:" + "|".join(f"(?P<m{i}>{METRICS[i].pattern})" for i in _MONEY_LAST if METRICS[i].prose) + ")"
)
"""Finds a metric in prose, see :func:`metric_of`; else in ``METRICS`` longer names come before those that they hold."""


@lru_cache(maxsize=4096)
def metric_by_label(label: str) -> MetricName | None:
    """The metric that a whole row or column label names, whatever numbering and unit stand around it."""
    bare = re.sub(r"\s", "", label)
    if not bare or len(bare) > 48:
        return None
    bare = _LEAD.sub("", bare, count=1)
    match = _LABEL.fullmatch(bare) or _LABEL.fullmatch(_NOTE.sub("", bare))
    return metric_of(match) if match else None


def metric_of(match: re.Match[str]) -> MetricName:
    """The metric that a match names."""
    assert match.lastgroup
    return METRICS[int(match.lastgroup[1:])]


def name_of_row(table: Table, at: int) -> tuple[str, MetricName | None]:
    """What a row is called, put together from the lines that its label wraps over, and the metric that this names.

    Only a metric's name tells whether the lines above or below belong to it.
    """
    row = table.rows[at]
    above = table.wrapped_above(at)
    below = [part.label for part in table.rows[at + 1 : at + 3] if part.fragment and not part.is_value_row]
    ways = ["".join((*above[start:], row.label)) for start in range(len(above) + 1)]
    ways += ["".join((row.label, *below[:count])) for count in (1, 2)[: len(below)]] if row.label else []
    for way in ways:
        if metric := metric_by_label(way):
            return way, metric
    return row.label or "".join(above[-1:]), None


def printed_name(label: str) -> str:
    """A label without its numbering, unit and notes: as one would say it."""
    return _NOTE.sub("", _LEAD.sub("", re.sub(r"\s", "", label), count=1)) or label
