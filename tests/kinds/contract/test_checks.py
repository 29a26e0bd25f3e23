"""Planted defects are found; what only looks like one is not."""

from __future__ import annotations

import pytest
from contract_text import CLEAN, checks, document, with_clause

from pipeline.kinds.contract.rules import findings_in

PAYMENT = CLEAN[CLEAN.index("2.1 ") : CLEAN.index("第三条 交货")]


def items(text: str) -> list[str]:
    return [f.item for f in checks(text)]


def payment(*lines: str) -> str:
    """The clean contract with these lines as its second article."""
    return CLEAN.replace(PAYMENT, "".join(f"2.{i} {line}\n" for i, line in enumerate(lines, start=1)))


def test_a_clean_contract_gives_no_alarm() -> None:
    assert items(CLEAN) == []


def test_every_check_explains_itself() -> None:
    text = with_clause(
        "6.4 甲方应按本合同第十八条的约定支付定金人民币300,000元（大写：叁拾伍万元整），详见附件五，时间为____。"
    )
    found = checks(
        text.replace("第五条 争议解决\n5.1 因本合同发生的争议，双方协商不成的，提交天津仲裁委员会仲裁。", "第五条 通知")
    )
    assert {f.item for f in found} == {
        "大小写金额不一致", "定金超过20%", "引用的条款不存在", "引用的附件不存在", "空白未填", "缺少必备条款",
    }  # fmt: skip
    for finding in found:
        assert finding.detail and finding.suggestion and finding.severity in ("high", "medium")
        assert finding.status == (
            "absent" if finding.item == "缺少必备条款" else "unclear" if finding.item == "空白未填" else "conflict"
        )
        assert finding.status == "absent" or all("6.4" in e.quote for e in finding.evidence)


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("6.4 保证金为人民币50,000元（大写：伍仟元整）。", True),
        ("6.4 保证金（大写）伍万伍仟元整（小写：￥50,000.00）。", True),
        ("6.4 保证金：¥50,000.00（人民币伍拾万元整）。", True),
        ("6.4 保证金大写：人民币伍万元整，小写：60,000.00元。", True),
        ("6.4 保证金金额（大写）：伍万元整\n（小写）：￥60,000.00", True),
        ("6.4 保证金\t大写：伍万元整\t60,000.00元", True),
        ("6.4 保证金为人民币50,000元（大写：伍万元整）。", False),
        ("6.4 保证金为5万元（大写：人民币伍万元整）。", False),
        ("6.4 保证金为人民币50,003.25元（大写：伍万零叁元贰角伍分）。", False),
        ("6.4 保证金（大写）伍万圆正（小写：50000元）。", False),
        ("6.4 保证金金额（大写）：伍万元整\n（小写）：￥50,000.00", False),
        ("6.4 甲方支付保证金50,000元，乙方每次支付工本费伍拾元。", False),
        ("6.4 单价三元，合计50,000元。", False),
    ],
)
def test_words_against_figures(clause: str, hit: bool) -> None:
    assert ("大小写金额不一致" in items(with_clause(clause))) == hit


@pytest.mark.parametrize(
    ("lines", "hit"),
    [
        (("签约后支付合同总价的30%。", "到货后支付合同总价的60%。", "质保期满支付合同总价的5%。"), True),
        (("签约后支付合同总价的30%。", "到货后支付合同总价的60%。", "验收合格后支付合同总价的20%。"), True),
        (("签约后支付合同总价百分之三十。", "到货后支付百分之五十。", "质保期满后付清尾款百分之十。"), True),
        (("甲方分三期支付：签约后支付合同总价的30%；到货后支付60%；验收后支付5%。",), True),
        (("签约后付合同总价的30%。", "验收后付至合同总价的95%。", "合同总价的3%作为质保金，质保期满支付。"), True),
        (("签约后支付合同总价的30%。", "到货后支付合同总价的60%。", "质保期满支付合同总价的10%。"), False),
        (
            ("签约后支付合同总价的30%。", "到货后支付至合同总价的80%。", "验收后支付至95%。", "余款5%质保期满后支付。"),
            False,
        ),
        (("签约后支付合同总价的30%。", "验收合格后支付剩余款项。"), False),
        (("签约后支付合同总价的30%。", "到货后支付合同总价的50%，验收合格后结清余款。"), False),
        (("签约后支付30%预付款。", "验收后支付合同总价的70%，其中5%作为质保金。"), False),
        (
            (
                "签约后支付合同总价的30%。",
                "验收后支付合同总价的70%。",
                "合同总价的5%作为质保金，从末笔款中扣留，期满返还。",
            ),
            False,
        ),
        (("签约后支付合同总价的100%。", "乙方逾期的，支付合同总价20%的违约金。"), False),
        (("签约后支付合同总价的40%。", "验收后支付合同总价的60%。", "乙方提交合同总价10%的履约保证金。"), False),
        (
            (
                "设备款的30%于签约后支付，设备款的70%于到货后支付。",
                "安装费的50%于进场时支付，安装费的50%于验收后支付。",
            ),
            False,
        ),
        (("甲方每月按已完工程量的80%支付进度款，竣工验收后付清。",), False),
        (
            ("一期开发费60万元，签约付30%，上线付50%，验收后付20%。", "二期开发费40万元，启动付50%，验收付50%。"),
            False,
        ),
        (
            ("一期开发费60万元，签约付30%，上线付50%，验收后付20%。", "二期开发费40万元，启动付50%，验收付60%。"),
            True,
        ),
    ],
)
def test_shares_that_make_the_whole(lines: tuple[str, ...], hit: bool) -> None:
    assert ("付款比例合计不为100%" in items(payment(*lines))) == hit


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("6.4 甲方应依照本合同第十八条的约定办理。", True),
        ("6.4 甲方应依照第7条的约定办理。", True),
        ("6.4 甲方应依照第3.9条的约定办理。", True),
        ("6.4 甲方应依照第12.3条的约定办理。", True),
        ("6.4 违反本合同3.9款的，甲方可以解除合同。", True),
        ("6.4 违反第三条、第九条约定的，甲方可以解除合同。", True),
        ("6.4 违反第一条第九款约定的，甲方可以解除合同。", True),
        ("6.4 甲方应依照第三条第二款的约定办理。", False),
        ("6.4 违反第三条、第四条约定的，甲方可以解除合同。", False),
        ("6.4 依照《中华人民共和国民法典》第五百八十五条的规定处理。", False),
        ("6.4 依照民法典第五百八十五条、第五百八十六条以及第五百八十七条的规定处理。", False),
        ("6.4 根据《民法典》的规定，违约金过高的，适用第五百八十五条。", False),
        ("6.4 劳动合同法实施条例第二十六条另有规定的除外。", False),
        ("6.4 与《采购框架协议》第十八条不一致的，以本合同为准。", False),
        ("6.4 主合同第十八条的约定同样适用。", False),
        ("6.4 原合同第十八条修改为以下内容。", False),
        ("6.4 招标文件第二十一条的要求应予满足。", False),
        ("6.4 本产品为第3条生产线专用。", False),
        ("6.4 泵体应符合附件一第十五条的要求。", False),
    ],
)
def test_references_to_clauses(clause: str, hit: bool) -> None:
    assert ("引用的条款不存在" in items(with_clause(clause))) == hit


def test_references_in_contracts_numbered_by_plain_numerals() -> None:
    text = (
        "服务协议\n一、服务内容\n甲方委托乙方服务。\n二、费用\n服务费1万元。\n三、违约责任\n违反第{}条的，赔偿损失。\n"
    )
    assert "引用的条款不存在" not in items(text.format("二"))
    assert "引用的条款不存在" in items(text.format("九"))


def test_a_clause_that_reading_ran_into_its_neighbour_still_counts() -> None:
    run_together = CLEAN.replace("\n3.1 乙方", "。3.1 乙方").replace("\n第六条 其他\n", "。第六条 其他\n")
    text = run_together.replace("6.3 本合同自", "6.4 依照第3.1条和第六条办理。\n6.3 本合同自")
    assert "引用的条款不存在" not in items(text)


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("6.4 培训计划见附件四。", True),
        ("6.4 培训计划详见附件3《培训计划》。", True),
        ("6.4 培训计划见附表一、附件九。", True),
        ("6.4 备件价格见附件二。", False),
        ("6.4 技术要求见附件1。", False),
        ("6.4 《招标文件》附件五另有要求的，从其要求。", False),
        ("6.4 本合同及其附件构成完整协议。", False),
        ("6.4 发票以电子邮件附件形式发送。", False),
    ],
)
def test_references_to_attachments(clause: str, hit: bool) -> None:
    assert ("引用的附件不存在" in items(with_clause(clause))) == hit


@pytest.mark.parametrize(
    "listing",
    [
        "6.1 合同附件：\n1、技术规格书\n2、备件清单",
        "6.1 本合同附件包括：（1）《技术规格书》；（2）《备件清单》。",
        "6.1 附件一至附件二为本合同的组成部分。",
        "6.1 附件一、二均为本合同不可分割的组成部分。",
        "6.1 下列文件为本合同的组成部分：\n（1）附件1 技术规格书\n（2）附件2 备件清单",
        "6.1 双方同时签署附件一《技术规格书》和附件二《备件清单》。",
    ],
)
def test_the_many_ways_to_list_attachments(listing: str) -> None:
    listed = CLEAN.replace("6.1 合同附件：附件一《技术规格书》、附件二《备件清单》。", listing)
    text = listed.replace("6.2 技术要求见附件一。", "6.2 技术要求见附件一，备件见附件二。")
    assert "引用的附件不存在" not in items(text)
    assert "引用的附件不存在" in items(text.replace("备件见附件二", "备件见附件六"))


def test_attachments_that_follow_the_signatures_count() -> None:
    text = CLEAN.replace("6.1 合同附件：附件一《技术规格书》、附件二《备件清单》。\n", "")
    assert "引用的附件不存在" in items(text)
    assert "引用的附件不存在" not in items(text + "附件一 技术规格书\n流量不小于每小时80立方米。\n")


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("6.4 交货地点为________。", True),
        ("6.4 交货地点为＿＿＿＿。", True),
        ("6.4 保证金为人民币【　】元。", True),
        ("6.4 保证金为人民币【●】元。", True),
        ("6.4 交货地点为XX市XX区。", True),
        ("6.4 联系人为××。", True),
        ("6.4 安装日期待定。", True),
        ("6.4 安装费（待双方商定）另计。", True),
        ("6.4 安装日期为    年  月  日。", True),
        ("6.4 安装日期为2026年  月  日。", True),
        ("6.4 安装日期为2026年8月   日。", True),
        ("6.4 保证金为人民币      元。", True),
        ("6.4 安装期限为   个工作日。", True),
        ("6.4 收货人__张伟__，电话__139____。", False),
        ("6.4 保证金__5000__元，备注____/____。", False),
        ("6.4 乙方提供型号XX-300的水泵。", False),
        ("6.4 【质量标准】按照国家标准执行。", False),
        ("6.4 出生年月日以身份证为准。", False),
        ("6.4 以实际交付的年、月、日为准。", False),
        ("6.4 文件名为file__name。", False),
        ("6.4 等待定标结果公布后执行。", False),
        ("6.4 证件号码为330***********1234。", False),
        ("6.4 规格为100×200×50。", False),
        ("6.4 甲方（签字）：__________ 日期：____年__月__日", False),
    ],
)
def test_blanks(clause: str, hit: bool) -> None:
    assert ("空白未填" in items(with_clause(clause))) == hit


def test_a_signature_block_may_be_blank() -> None:
    block = "甲方（盖章）：______\n法定代表人（签字）：______\n签订日期：    年  月  日\n联系电话：______\n"
    assert "空白未填" not in items(CLEAN[: CLEAN.index("甲方（盖章）")] + block)
    assert "空白未填" not in items(
        CLEAN[: CLEAN.index("甲方（盖章）")] + "甲方：________\n乙方：________\n      年   月   日\n"
    )
    assert "空白未填" in items(CLEAN.replace("合同编号：TJ-2026-018", "合同编号：____________"))


def test_specimen_forms_may_be_blank() -> None:
    assert "空白未填" not in items(CLEAN + "附件一 到货验收单（格式）\n货物名称：________ 数量：____\n")
    assert "空白未填" in items(CLEAN + "附件一 技术规格书\n流量：________\n")


@pytest.mark.parametrize(
    ("title", "without", "absent"),
    [
        ("采购合同", "争议解决", ["争议解决"]),
        ("采购合同", "违约责任", ["违约责任"]),
        ("采购合同", "交货", ["履行期限"]),
        ("补充协议", "争议解决", []),
    ],
)
def test_missing_clauses(title: str, without: str, absent: list[str]) -> None:
    start = CLEAN.index(f"条 {without}") - 2
    text = CLEAN[:start] + CLEAN[CLEAN.index("\n第", start) + 1 :]
    text = text.replace("采购合同", title, 1).replace("质量保证期届满后十日内", "满一年后")
    assert [f.value for f in checks(text) if f.item == "缺少必备条款"] == absent


@pytest.mark.parametrize(
    ("clause", "absent"),
    [
        ("5. Liability 违约责任. 服务中断超过8小时的，每次扣减当季服务费的2%。", "违约责任"),
        ("六、违约责任：按合作规则扣减当季服务费。", "违约责任"),
        ("1.1 媒体形式为LED大屏，发布期自2027年5月1日起至2028年4月30日止。", "履行期限"),
        ("5、期限：本协议自2027年9月1日起至　年　月　日止。", "履行期限"),
        ("2. Term 期限. 见下文。", "履行期限"),
    ],
)
def test_clauses_that_stand_there_in_other_words(clause: str, absent: str) -> None:
    lines = [line for line in CLEAN.splitlines() if not any(w in line for w in ("违约", "交货", "期", "日内"))]
    bare = "\n".join(lines) + "\n"
    assert {"违约责任", "履行期限"} <= {f.value for f in checks(bare) if f.item == "缺少必备条款"}
    text = bare.replace("第六条", f"{clause}\n第六条")
    assert absent not in {f.value for f in checks(text) if f.item == "缺少必备条款"}


def test_court_fees_are_no_dispute_clause() -> None:
    text = CLEAN.replace(
        "因本合同发生的争议，双方协商不成的，提交天津仲裁委员会仲裁。", "败诉方承担诉讼费、律师费。"
    ).replace("争议解决", "费用")
    assert [f.value for f in checks(text) if f.item == "缺少必备条款"] == ["争议解决"]


def test_a_secrecy_agreement_needs_no_price_and_a_labour_contract_no_penalty() -> None:
    secrecy = (
        "保密协议\n甲方：上海云帆科技有限公司\n乙方：成都锦里食品厂\n1. 保密义务\n双方负有保密义务，期限五年。\n"
        "2. 违约责任\n违约方赔偿损失。\n3. 争议解决\n向甲方所在地人民法院起诉。\n"
    )
    assert items(secrecy) == []
    labour = (
        "劳动合同\n甲方（用人单位）：上海云帆科技有限公司\n乙方（劳动者）：王强\n一、合同期限为三年。\n二、工作岗位为焊工，工作地点为上海市。\n"
        "三、每日工作八小时，依法休假。\n四、月工资8,000元。\n五、依法参加社会保险。\n六、提供劳动保护用品。\n"
    )
    assert items(labour) == []
    assert [f.value for f in checks(labour.replace("五、依法参加社会保险。\n六、", "五、"))] == ["社会保险"]


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("协商不成的，可以提交天津仲裁委员会仲裁，也可以向甲方所在地人民法院起诉。", True),
        ("协商不成的，可以向仲裁机构申请仲裁或者向人民法院提起诉讼。", True),
        ("协商不成的，提交天津仲裁委员会仲裁；对裁决不履行的，可以向人民法院申请强制执行。", False),
        ("协商不成的，提交天津仲裁委员会仲裁。仲裁期间，任何一方可向有管辖权的人民法院申请财产保全。", False),
        ("协商不成的，按第一种方式解决：一、提交天津仲裁委员会仲裁；二、向甲方所在地人民法院起诉。", False),
        ("协商不成的，提交天津仲裁委员会仲裁。败诉方承担仲裁费、诉讼费。", False),
    ],
)
def test_arbitration_and_court(clause: str, hit: bool) -> None:
    text = CLEAN.replace(
        "因本合同发生的争议，双方协商不成的，提交天津仲裁委员会仲裁。", f"因本合同发生的争议，{clause}"
    )
    assert ("仲裁与诉讼并存" in items(text)) == hit


def test_arbitration_here_and_a_court_far_away() -> None:
    text = with_clause("6.4 因履行附件发生的纠纷，由乙方所在地人民法院管辖。")
    (finding,) = [f for f in checks(text) if f.item == "仲裁与诉讼并存"]
    assert [e.quote[:3] for e in finding.evidence] == ["5.1", "6.4"]


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("6.4 甲方支付合同总价30%的定金。", True),
        ("6.4 甲方支付合同总价的25%作为定金。", True),
        ("6.4 定金为合同总价的百分之三十。", True),
        ("6.4 甲方支付定金200,000元。", True),
        ("6.4 甲方支付合同总价20%的定金。", False),
        ("6.4 甲方支付定金180,000元。", False),
        ("6.4 甲方支付合同总价30%的预付款。", False),
        ("6.4 甲方支付订金300,000元。", False),
        ("6.4 定金不得超过合同总价的20%。", False),
    ],
)
def test_deposits(clause: str, hit: bool) -> None:
    assert ("定金超过20%" in items(with_clause(clause))) == hit


@pytest.mark.parametrize(
    ("clause", "item"),
    [
        ("6.4 服务期限自2026年9月1日起至2025年8月31日止。", "日期先后矛盾"),
        ("6.4 合作期自2025年1月1日起至2025年12月31日止。", "日期先后矛盾"),
        ("6.4 乙方应于2026年5月1日前完成安装。", "日期先后矛盾"),
        ("6.4 开工日期：2026年9月1日，竣工日期：2026年8月1日。", "日期先后矛盾"),
        ("3.2 供货方应于2026年11月30日前交付，并于2026年10月15日前完成安装调试。", "日期先后矛盾"),
        ("3.2 供货方应于2026年10月15日前交付，并于2026年11月30日前完成安装调试。", ""),
        ("3.2 乙方应于2026年11月30日前交付，甲方应于2026年10月15日前完成安装。", ""),
        ("3.2 乙方应于2026年11月30日前交付，并于2026年10月15日前完成安装基础图。", ""),
        ("6.4 服务期限三年，自2026年9月1日起至2028年8月31日止。", "期限与起止日期不符"),
        ("6.4 服务期限自2026年9月31日起算。", "日期不存在"),
        ("6.4 服务期限一年，自2026年9月1日起至2027年8月31日止。", ""),
        ("6.4 服务期限自2026年9月1日起至次年8月31日止。", ""),
        ("6.4 供热期自2026年11月15日至3月15日。", ""),
        ("6.4 乙方已于2026年5月1日前提交样品。", ""),
        ("6.4 2025年12月31日前完成的工程量不计入。", ""),
        ("6.4 2025年1月1日至2025年12月31日的财务报表已经审计。", ""),
    ],
)
def test_dates(clause: str, item: str) -> None:
    found = [i for i in items(with_clause(clause)) if "日期" in i]
    assert found == ([item] if item else [])


TABLE = """1.3 价格明细：
序号\t名称\t数量\t单价（元）\t金额（元）
1\t主泵\t4\t180,000.00\t{first}
2\t备泵\t2\t90,000.00\t180,000.00
{total}
"""


@pytest.mark.parametrize(
    ("first", "total", "item"),
    [
        ("720,000.00", "合计\t\t\t\t900,000.00", ""),
        ("720,000.00", "合计\t900,000.00", ""),
        ("720,000.00", "\t合计\t6\t\t900,000.00", ""),
        ("720,000.00", "合计\t\t\t\t920,000.00", "明细合计不符"),
        ("720,000.00", "总计（含税）\t920,000.00", "明细合计不符"),
        ("702,000.00", "合计\t\t\t\t882,000.00", "明细合计不符"),
        ("720,000.00", "小计\t\t\t\t900,000.00\n3\t运费\t1\t10,000.00\t10,000.00\n合计\t\t\t\t910,000.00", ""),
        ("720,000.00", "其中：税额\t\t\t\t103,539.82\n合计\t\t\t\t900,000.00", ""),
        ("另议", "合计\t\t\t\t900,000.00", ""),
    ],
)
def test_tables(first: str, total: str, item: str) -> None:
    table = TABLE.format(first=first, total=total)
    found = [i for i in items(CLEAN.replace("第二条 付款\n", f"{table}第二条 付款\n")) if i == "明细合计不符"]
    assert found == ([item] if item else [])


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("6.4 双方确认合同总价为人民币930,000元。", True),
        ("6.4 本合同总金额人民币930,000元，系固定价。", True),
        ("6.4 双方确认合同总价为人民币900,000元。", False),
        ("6.4 不含税合同总价为人民币796,460.18元。", False),
        ("6.4 合同总价超过人民币930,000元的部分不予支付。", False),
        ("6.4 设备总价为人民币700,000元。", False),
        ("6.4 赔偿总额不超过人民币930,000元。", False),
        ("6.4 调整后的合同总价为人民币930,000元。", False),
        ("6.4 第二年合同总价为人民币930,000元。", False),
    ],
)
def test_the_same_sum_told_twice(clause: str, hit: bool) -> None:
    assert ("金额前后不一致" in items(with_clause(clause))) == hit


@pytest.mark.parametrize(
    ("line", "hit"),
    [
        ("合同签订后十日内，甲方支付合同总价的30%，即人民币290,000元。", True),
        ("合同签订后十日内，甲方支付合同总价的30%（人民币250,000元）。", True),
        ("合同签订后十日内，甲方支付合同总价的30%，即人民币270,000元。", False),
        ("合同签订后十日内，甲方支付合同总价的30%，共计27万元（大写：贰拾柒万元整）。", False),
        ("合同签订后十日内，甲方支付合同总价的30%，另付保证金50,000元。", False),
    ],
)
def test_shares_against_their_sums(line: str, hit: bool) -> None:
    text = CLEAN.replace("合同签订后十日内，甲方支付合同总价的30%。", line)
    assert ("比例与金额不符" in items(text)) == hit


def test_party_names_that_differ_between_head_and_signature() -> None:
    text = CLEAN.replace("乙方（盖章）：唐山冀东泵业有限公司", "乙方（盖章）：唐山冀东水泵制造有限公司")
    (finding,) = checks(text)
    assert (finding.item, finding.value, len(finding.evidence)) == ("当事人名称不一致", "乙方", 2)


def test_an_empty_document_has_no_findings() -> None:
    assert findings_in(document("")) == []
    assert findings_in(document(" \n\n ")) == []


@pytest.mark.parametrize(("last", "hit"), [("30%", False), ("25%", True)])
def test_payments_that_stand_in_several_articles_are_one_whole(last: str, hit: bool) -> None:
    text = (
        CLEAN.replace(PAYMENT, "2.1 合同签订后十日内，甲方支付合同总价的30%。\n")
        .replace("第四条 违约责任", "3.2 货到现场后十日内，甲方支付合同总价的40%。\n第四条 违约责任")
        .replace("6.2 技术要求", f"6.4 验收合格后十日内，甲方支付合同总价的{last}。\n6.2 技术要求")
    )
    assert ("付款比例合计不为100%" in items(text)) == hit
