"""Any text at all: no crash, true quotes, time that grows with its length."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable

import pytest
from contract_text import document
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kinds.contract.rules import findings_in

PIECES = st.sampled_from(
    [
        *" \n\t",
        *re.findall(
            r"\S+",
            """
            甲方 乙方 （盖章） ： 上海云帆科技有限公司 张伟 合同 协议书 编号 第一条 第 条 款 附件 一 二 九 《 》
            （ ） “ ” 、 ， 。 ； 2026年3月1日 2026年 月 日 至 起 止 期限 三年 12个月 人民币 ¥ 1,280,000.00 元
            万元 壹佰万元整 大写 小写 总价 合同总价 的 30% 万分之五 违约金 逾期 每逾期一日 支付 付款 定金 质保金
            仲裁委员会 提交 人民法院 向 起诉 争议 ____ 【 】 XX 待定 合计 单价（元） 金额（元） 数量 1 2.1 一、
            （1） 1、 身份证号 统一社会信用代码 91310115MA1K3XYZ8N 地址 解除 保密 自动续期 LPR 倍 税率
            """,
        ),
    ]
)
TEXT = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=120).map("".join))


@given(TEXT)
@settings(max_examples=400)
def test_any_text_gives_findings_whose_quotes_stand_in_it(text: str) -> None:
    for finding in findings_in(document(text)):
        for evidence in finding.evidence:
            assert evidence.span is not None
            assert evidence.quote == text[evidence.span.start : evidence.span.end]
            assert evidence.page == 1


NASTY = [
    "甲方", "甲方：", "（", "(甲方)", "以下简称", "一", "第一条", "第", "附件一", "附件一《", "《", "1.1", "1,",
    "年月日", "2026年", "2026年1月1日至",
    "20%", "合同总价的", "违约金", "每逾期一日", "_", "_ ", "\t", "\t\n", "1\t2\n", "金额\t1\n", "\n", "　", "：",
    "地址：", "提交仲裁", "向法院",
    "人民币", "1元", "壹", "壹元", "《民法典》第一条、", "支付20%", "总价的20%", "A", "公司", "由公司", "逾期20%",
    "有权解除", "待定", "[]", "XX",
    "保密1年", "大写壹元", "期限为1年", "签字", "甲方（盖章）", "定金20%", "。", "；", "第一条 \n", "一、\n",
    "附件一\n", "编号：a", "2026-01-01 ",
    "开工日期为2026年1月1日", "适用中华人民共和国法律", "责任不超过", "1", "a ", "1 2 ",
]  # fmt: skip


def seconds(call: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()  # a collection of all that other tests left would count as ours
    try:
        start = time.process_time()
        call()
        return time.process_time() - start
    finally:
        gc.enable()


@pytest.mark.parametrize("unit", NASTY)
def test_repeated_strings_take_linear_time(unit: str) -> None:
    def run(length: int) -> float:
        return seconds(lambda: findings_in(document((unit * (length // len(unit) + 1))[:length])))

    short, long = run(8_000), run(32_000)
    # four times the text: 4 when linear, 16 when quadratic
    assert long < 0.1 or long < 10 * short, f"{unit!r}: {short:.3f} s, then {long:.3f} s for four times as much"


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["一", "_ ", "\t\n", "第一条、", "（", "公司"])
def test_a_megabyte_of_nonsense_ends(unit: str) -> None:
    assert seconds(lambda: findings_in(document(unit * (1_000_000 // len(unit))))) < 60
