"""Chinese numbers, sums of money, dates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kinds.numerals import (
    amounts_in,
    calendar_of,
    dates_in,
    parse_amount_words,
    parse_han_number,
    parse_number,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("一百二十", 120),
        ("壹佰贰拾", 120),
        ("十", 10),
        ("十二", 12),
        ("一百零五", 105),
        ("二〇二六", 2026),
        ("二零二六", 2026),
        ("廿三", 23),
        ("两万", 20000),
        ("三千五", 3500),
        ("壹仟伍", 1005),
        ("一亿三千万零五", 130000005),
        ("一万亿", 10**12),
        ("玖佰玖拾玖亿玖仟万", 99990000000),
        ("", None),
        ("万", None),
        ("百", None),
        ("一二百", None),
        ("12", None),
        ("第一", None),
    ],
)
def test_han_numbers(text: str, number: int | None) -> None:
    assert parse_han_number(text) == number


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("人民币壹佰贰拾捌万元整", "1280000"),
        ("人民币（大写）：贰佰元", "200"),
        ("大写：壹仟零伍元整", "1005"),
        ("伍万零叁元贰角伍分", "50003.25"),
        ("壹拾贰万叁仟肆佰伍拾陆元柒角捌分", "123456.78"),
        ("叁拾万圆正", "300000"),
        ("壹万整", "10000"),
        ("肆角整", "0.4"),
        ("壹 佰 元 整", "100"),
        ("元整", None),
        ("捌拾", None),
        ("壹贰佰元整", None),
    ],
)
def test_sums_in_words(text: str, yuan: str | None) -> None:
    assert parse_amount_words(text) == (None if yuan is None else Decimal(yuan))


DIGITS, UNITS = "零壹贰叁肆伍陆柒捌玖", ("", "拾", "佰", "仟")


def in_words(number: int) -> str:
    """大写 of a whole number, as a cheque has it."""

    def four(part: int) -> str:
        text, zero = "", False
        for place in (3, 2, 1, 0):
            digit = part // 10**place % 10
            zero = zero or (digit == 0 and bool(text))
            if digit:
                text += ("零" if zero and text else "") + DIGITS[digit] + UNITS[place]
                zero = False
        return text

    text = ""
    for scale, name in ((10**8, "亿"), (10**4, "万"), (1, "")):
        part = number // scale % 10000
        if part:
            text += ("零" if text and part < 1000 else "") + four(part) + name
    return text


@given(st.integers(1, 10**12 - 1))
def test_every_sum_in_words_is_read_back(number: int) -> None:
    words = in_words(number)
    assert parse_han_number(words) == number
    assert [(a.yuan, a.words) for a in amounts_in(f"合同总价为人民币{words}元整。")] == [(number, True)]


@given(st.decimals(Decimal("0.01"), Decimal("99999999999.99"), places=2))
def test_every_sum_in_figures_is_read_back(yuan: Decimal) -> None:
    for printed in (f"¥{yuan:,}", f"人民币{yuan}元", f"RMB {yuan:,}", f"{yuan:,}元"):
        assert [a.yuan for a in amounts_in(f"总价{printed}。")] == [yuan], printed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("¥128万元", [("1280000", "CNY")]),
        ("￥１，２８０，０００.００", [("1280000", "CNY")]),
        ("１２８万元", [("1280000", "CNY")]),
        ("3.5亿元人民币", [("350000000", "CNY")]),
        ("人民币 12.5万", [("125000", "CNY")]),
        ("500万人民币", [("5000000", "CNY")]),
        ("1亿2000万元", [("120000000", "CNY")]),
        ("3万5千元", [("35000", "CNY")]),
        ("5元5角", [("5.5", "CNY")]),
        ("50 元/㎡", [("50", "CNY")]),
        ("五百元", [("500", "CNY")]),
        ("RMB￥1,280,000", [("1280000", "CNY")]),
        ("小写：30000", [("30000", "CNY")]),
        ("美元4,800,000元", [("4800000", "USD")]),
        ("USD10,000.50", [("10000.5", "USD")]),
        ("US$ 300", [("300", "USD")]),
        ("10万美元", [("100000", "USD")]),
        ("港币100万元", [("1000000", "HKD")]),
        ("壹佰贰拾捌万欧元整", [("1280000", "EUR")]),
        ("大写：伍拾万整", [("500000", "CNY")]),
        ("1．5000元以下", [("5000", "CNY")]),
    ],
)
def test_money(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(a.yuan, a.currency) for a in amounts_in(text)] == [(Decimal(y), c) for y, c in expected]


@pytest.mark.parametrize(
    "text",
    [
        "2026年元月", "3单元", "5元件", "一元化管理", "数十元", "几百元", "万元", "三元乙丙橡胶", "二元结构", "公元",
        "单价（元）",
        "人民币1年期贷款", "人民币5%", "型号A100元器件", "1,2345元", "3.5.2元", "百分之五", "第一元",
    ],
)  # fmt: skip
def test_no_money(text: str) -> None:
    assert amounts_in(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "2026年3月1日", "2026 年 03 月 01 日", "２０２６年３月１日", "二〇二六年三月一日", "二零二六年三月一日",
        "2026-03-01", "2026-3-1",
        "2026/3/1", "2026.3.1", "2026.03.01", "2026年3月1号", "1．2026年3月1日",
    ],
)  # fmt: skip
def test_dates(text: str) -> None:
    assert [m.date for m in dates_in(f"于{text}前")] == [date(2026, 3, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "____年__月__日", "2026年 月 日", "2026年3月", "HT-2026-03-01", "HT2026-03-01", "2026-03-015", "2026-3-1-05",
        "12026年1月1日",
        "〔2026〕3号", "3月1日", "V2026.3.1.2",
    ],
)  # fmt: skip
def test_no_dates(text: str) -> None:
    assert dates_in(text) == []


def test_days_that_no_calendar_has() -> None:
    text = "2026年2月30日交付，2026-13-01验收，2024年2月29日付款"
    assert [text[start:end] for start, end in calendar_of(text)[1]] == ["2026年2月30日", "2026-13-01"]
    assert [m.date for m in dates_in(text)] == [date(2024, 2, 29)]


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,280,000.00", "1280000"), ("１２８", "128"), ("5000．00", "5000"), ("1,28", None), ("a", None)],
)
def test_plain_numbers(text: str, number: str | None) -> None:
    assert parse_number(text) == (None if number is None else Decimal(number))


@given(st.text(alphabet="一二三十百千万亿零壹佰元圆角分整人民币¥￥$0123456789,.，．年月日-/ \n号第", max_size=80))
def test_spans_lie_in_the_text_in_order(text: str) -> None:
    for mentions in (amounts_in(text), dates_in(text)):
        starts = [m.span.start for m in mentions]
        assert starts == sorted(starts)
        assert all(0 <= m.span.start < m.span.end <= len(text) for m in mentions)
