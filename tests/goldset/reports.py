"""Reports by template: key figures, segments, balance sheet and prose, with planted slips and traps."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from tests.goldset.contracts import PLACES, WORDS
from tests.goldset.paper import Paper

DEFECTS = ("growth_rate", "growth_rate_prose", "table_sum", "balance_identity")
_TRADES = (
    "环境科技股份有限公司",
    "精密制造股份有限公司",
    "医疗器械股份有限公司",
    "食品股份有限公司",
    "新能源股份有限公司",
)
_SEGMENTS = (
    ("华东", "华南", "华北", "西南"), ("工程建设", "运营服务", "设备销售"),
    ("线上渠道", "经销渠道", "直营门店", "海外"),
    ("主营一部", "主营二部", "其他业务"),
)  # fmt: skip
_NAMES = ("营业收入", "归属于上市公司股东的净利润", "经营活动产生的现金流量净额", "研发费用")


def report(paper: Paper, flaws: frozenset[str]) -> dict[str, object]:
    """Write a report into ``paper``; its gold fields."""
    rng = paper.rng
    company = f"{rng.choice(PLACES)[0]}{rng.choice(WORDS)}{rng.choice(_TRADES)}"
    year = rng.choice((2023, 2024, 2025))
    unit = paper.pick(("元", "万元", "万元"))
    paper.say(
        f"@title {company}",
        f"@title {year}年{paper.pick(('年度报告（节选）', '年度报告摘要', '年度经营情况报告'))}",
        paper.pick(
            (
                "本公司董事会及全体董事保证本报告内容真实、准确、完整，不存在虚假记载、误导性陈述或者重大遗漏。",
                "会计师事务所为本公司出具了标准无保留意见的审计报告。",
                "公司负责人、主管会计工作负责人声明：保证本报告中财务信息的真实、准确。",
            )
        ),
    )
    revenue = Decimal(rng.randrange(8_000_000_00, 90_000_000_00)) / 100 * (100 if unit == "元" else 1)
    metrics = _key_figures(paper, year, unit, revenue, "growth_rate" in flaws)
    _segments(paper, year, unit, revenue, "table_sum" in flaws)
    _balance(paper, year, unit, "balance_identity" in flaws)
    _prose(paper, year, "growth_rate_prose" in flaws)
    return {"company": company, "period": f"{year}年", "metrics": metrics}


def _before(rng: Random, now: Decimal) -> Decimal:
    return (now / (1 + Decimal(rng.randrange(-180, 420)) / 1000)).quantize(Decimal("0.01"))


def _growth(now: Decimal, then: Decimal) -> Decimal:
    return ((now - then) / then * 100).quantize(Decimal("0.01"))


def _key_figures(paper: Paper, year: int, unit: str, revenue: Decimal, wrong: bool) -> list[dict[str, object]]:
    rng = paper.rng
    figures = [revenue, *(_part(rng, revenue) for _ in _NAMES[1:])]
    wrong_at = rng.randrange(len(figures)) if wrong else -1
    rows, metrics = [], []
    for at, (name, now) in enumerate(zip(_NAMES, figures, strict=True)):
        then = _before(rng, now)
        told = _growth(now, then) + (Decimal("3.40") if at == wrong_at else 0)
        rows.append(f"{name}|{now:,.2f}|{then:,.2f}|{told}%")
        metrics.append({"name": name, "value": float(now), "unit": unit, "period": f"{year}年"})
        if at == wrong_at:
            paper.flaw("growth_rate", rows[-1], f"应为 {_growth(now, then)}%")
    head = f"项目|{year}年|{year - 1}年|{paper.pick(('同比增减', '本期比上年增减', '增减幅度'))}"
    paper.say("@h1 第一节 主要财务数据", f"@right 单位：{unit}", "@table 3.4l 2.3r 2.3r 1.4r", head, *rows, "@end")
    paper.say("上述数据已经审计；因四舍五入，分项与合计之间可能存在尾差。")
    return metrics


def _part(rng: Random, whole: Decimal) -> Decimal:
    return (whole * rng.randrange(40, 210) / 1000).quantize(Decimal("0.01"))


def _segments(paper: Paper, year: int, unit: str, revenue: Decimal, wrong: bool) -> None:
    rng = paper.rng
    names = rng.choice(_SEGMENTS)
    now, then = _split(rng, revenue, len(names)), _split(rng, _before(rng, revenue), len(names))
    total = sum(now, Decimal(0)) + (Decimal("1080.00") if wrong else 0)
    rows = [f"{name}|{a:,.2f}|{b:,.2f}" for name, a, b in zip(names, now, then, strict=True)]
    rows.append(f"合计|{total:,.2f}|{sum(then, Decimal(0)):,.2f}")
    if wrong:
        paper.flaw("table_sum", rows[-1], f"各项相加为 {sum(now, Decimal(0)):,.2f}")
    paper.say(
        "@h1 第二节 收入构成",
        f"@right 单位：{unit}",
        "@table 3l 2.4r 2.4r",
        f"项目|{year}年|{year - 1}年",
        *rows,
        "@end",
    )


def _split(rng: Random, whole: Decimal, parts: int) -> list[Decimal]:
    shares = [rng.randrange(10, 60) for _ in range(parts)]
    values = [(whole * share / sum(shares)).quantize(Decimal("0.01")) for share in shares[:-1]]
    return [*values, whole - sum(values, Decimal(0))]


def _balance(paper: Paper, year: int, unit: str, wrong: bool) -> None:
    rng = paper.rng
    columns = []
    for _ in range(2):
        current, fixed = (Decimal(rng.randrange(5_000_000_00, 60_000_000_00)) / 100 for _ in range(2))
        assets = current + fixed
        debts = (assets * rng.randrange(250, 640) / 1000).quantize(Decimal("0.01"))
        columns.append([current, fixed, assets, debts, assets - debts, assets])
    if wrong:
        columns[0][5] += Decimal("2700.00")
    names = ("流动资产合计", "非流动资产合计", "资产总计", "负债合计", "所有者权益合计", "负债和所有者权益总计")
    rows = [f"{name}|{a:,.2f}|{b:,.2f}" for name, a, b in zip(names, *columns, strict=True)]
    if wrong:
        paper.flaw("balance_identity", rows[-1], "与资产总计不等")
    paper.say("@h1 第三节 资产负债情况", f"@right 单位：{unit}", "@table 3l 2.4r 2.4r",
              f"项目|{year}年末|{year - 1}年末", *rows, "@end")  # fmt: skip


def _prose(paper: Paper, year: int, wrong: bool) -> None:
    rng = paper.rng
    then = Decimal(rng.randrange(12_000_00, 80_000_00)) / 100
    now = (then * (1 + Decimal(rng.randrange(40, 330)) / 1000)).quantize(Decimal("0.01"))
    told = _growth(now, then) + (Decimal("1.8") if wrong else 0)
    sentence = paper.pick(
        (
            f"销售费用由上年的{then:,.2f}万元增加至{now:,.2f}万元，同比增长{told}%",
            f"管理费用为{now:,.2f}万元，上年同期为{then:,.2f}万元，同比增长{told}%",
            f"境外收入达到{now:,.2f}万元，较上年的{then:,.2f}万元增长{told}%",
        )
    )
    if wrong:
        paper.flaw("growth_rate", sentence, f"应为 {_growth(now, then)}%")
    paper.say(
        "@h1 第四节 经营情况讨论",
        f"{sentence}，主要系业务规模扩大所致。",
        "报告期内，公司产能利用率为86.5%，较上年提高2.1个百分点。",
    )
    paper.say("公司提醒投资者注意：原材料价格波动、汇率变化可能对盈利能力产生不利影响。")
