"""Each check of its own: what it must find, and what only looks like it."""

from __future__ import annotations

import pytest
from contract_text import CLEAN, checks, with_clause

from pipeline.kinds.contract.identity import card_error, credit_code_error, identity_error
from pipeline.kinds.contract.lending import LPR, LPR_KNOWN_UNTIL


def items(text: str) -> list[str]:
    return [f.item for f in checks(text)]


# --- numbers with check digits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("91310000132149237G", True),  # as printed in a public document
        ("911500001141618816", True),
        ("91310000132149237H", False),
        ("91310000132194237G", False),  # two digits swapped
        ("9131000013214923G", False),  # one lost
        ("9131OOOO132149237G", False),  # O for 0
        ("91310000I32149237G", False),
    ],
)
def test_credit_codes(code: str, right: bool) -> None:
    assert (credit_code_error(code) is None) == right
    clause = f"6.4 甲方统一社会信用代码：{code}。"
    assert ("统一社会信用代码校验不符" in items(with_clause(clause))) == (not right)


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("11010519491231002X", True),  # the standard's own example
        ("440524188001010014", True),
        ("110105194912310021", False),
        ("110105194913310029", False),  # thirteenth month
        ("11010519491231002", False),
    ],
)
def test_identity_numbers(number: str, right: bool) -> None:
    assert (identity_error(number) is None) == right
    assert ("身份证号校验不符" in items(with_clause(f"6.4 联系人身份证号码：{number}。"))) == (not right)


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("6.4 收款账号：6222 0212 3456 7890 126", True),
        ("6.4 收款账号：6222 0212 3456 7890 128", False),
        ("6.4 收款账号：3201 0660 0582 7719 04", False),  # a firm's account has no check digit
        ("6.4 收款账号：6201 0660", False),
    ],
)
def test_bank_cards(clause: str, hit: bool) -> None:
    assert ("银行卡号校验不符" in items(with_clause(clause))) == hit
    assert card_error("6222021234567890128") is None


# --- interest ---------------------------------------------------------------------------------------------------------

LOAN = """借款合同
出借人：王建国
借款人：李晓明
第一条 借款本金为人民币100,000元，用于资金周转。
第二条 借款期限为十二个月，自2025年6月20日至2026年6月19日。
第三条 {}
第四条 到期一次性归还本金及利息。
第五条 违约责任：借款人逾期还款的，应承担违约责任。
第六条 争议由出借人所在地人民法院管辖。
出借人（签字）：王建国
借款人（签字）：李晓明
签订日期：{}
"""


@pytest.mark.parametrize(
    ("rate", "signed", "status"),
    [
        ("年利率为15%。", "2025年6月18日", "conflict"),
        ("月利率为1.5%。", "2025年6月18日", "conflict"),  # 18 %
        ("借款按月息2%计息。", "2025年6月18日", "conflict"),
        ("逾期还款的，按每日万分之五支付违约金。", "2025年6月18日", "conflict"),  # 18.25 %
        ("年利率为14%。", "2022年9月1日", ""),  # four times 3.65 %
        ("年利率为14%。", "2025年6月18日", "conflict"),
        ("年利率为12%。", "2025年6月18日", ""),
        ("年利率为15%。", "2027年6月18日", "unclear"),  # later than the table knows
        ("年利率为6%，逾期利息不超过一年期LPR的四倍。", "2025年6月18日", ""),
        ("月利率为0.5%。", "2025年6月18日", ""),
    ],
)
def test_interest_of_private_loans(rate: str, signed: str, status: str) -> None:
    found = [f for f in checks(LOAN.format(rate, signed)) if f.item == "利率超过司法保护上限"]
    assert [f.status for f in found] == ([status] if status else [])
    assert all("LPR" in f.detail and "第二十五条" in f.legal_basis for f in found)


def test_the_bound_does_not_hold_for_banks_nor_outside_loans() -> None:
    text = LOAN.format("年利率为18%。", "2025年6月18日")
    assert "利率超过司法保护上限" not in items(text.replace("王建国", "江城农村商业银行股份有限公司"))
    assert "利率超过司法保护上限" not in items(with_clause("6.4 甲方逾期付款的，每日按0.1%支付违约金。"))


def test_the_table_of_rates_is_in_order_and_of_its_magnitude() -> None:
    days = [day for day, _ in LPR]
    assert days == sorted(days) and days[-1] <= LPR_KNOWN_UNTIL
    assert all(0.02 < rate < 0.05 for _, rate in LPR)


# --- prices and taxes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("6.4 不含税价款为1,000,000元，税率13%，税额为130,000元，价税合计1,130,000元。", False),
        ("6.4 不含税价款为1,000,000元，税率13%，税额为120,000元，价税合计1,130,000元。", True),
        ("6.4 不含税价款为1,000,000元，增值税额为130,000元，含税价款为1,120,000元。", True),
        ("6.4 不含税金额为100万元，税率为6%，含税金额为107万元。", True),
        ("6.4 不含税金额为100万元，税率为6%，含税金额为106万元。", False),
        ("6.4 不含税金额为884,955.75元，税率13%，税额为115,044.25元，含税金额为1,000,000元。", False),  # rounded
        ("6.4 含税金额为1,130,000元，税率13%，其中税额为130,000元。", False),
        ("6.4 含税金额为1,130,000元，税率13%，其中税额为146,900元。", True),  # tax on the gross
        ("6.4 货物不含税单价为100元，服务不含税单价为200元，税率分别为13%和6%。", False),
    ],
)
def test_taxes(clause: str, hit: bool) -> None:
    assert ("含税价与税额不符" in items(with_clause(clause))) == hit


@pytest.mark.parametrize(
    ("clause", "item"),
    [
        ("6.4 保证金为人民币10万美元。", "币种混用"),
        ("6.4 合同总价为900,000美元。", "币种混用"),
        ("6.4 保证金为1万美元。", ""),
        ("6.4 保证金为美元10,000元。", ""),
        ("6.4 本合同所称“日”均指工作日。\n6.5 本合同所称“日”指日历日。", "日的含义不一致"),
        ("6.4 本合同所称“日”均指工作日。", ""),
        ("6.4 甲方在十个工作日内答复，乙方在三十日内交货。", ""),
    ],
)
def test_units(clause: str, item: str) -> None:
    found = [i for i in items(with_clause(clause)) if i in ("币种混用", "日的含义不一致")]
    assert found == ([item] if item else [])


# --- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "item"),
    [
        ("6.4 每年2月30日前对账。", "日期不存在"),
        ("6.4 最迟于4月31日前交回资料。", "日期不存在"),
        ("6.4 2026年2月29日前交回资料。", "日期不存在"),
        ("6.4 每年2月29日前对账。", ""),
        ("6.4 每年12月31日前对账。", ""),
        ("6.4 本合同自2026年5月1日起生效。", "日期先后矛盾"),
        ("6.4 本合同自2026年6月18日起生效。", ""),
        ("6.4 本合同自2026年7月1日起生效。", ""),
    ],
)
def test_days_that_cannot_be(clause: str, item: str) -> None:
    found = [i for i in items(with_clause(clause)) if i in ("日期不存在", "日期先后矛盾")]
    assert found == ([item] if item else [])


# --- clauses and definitions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "item"),
    [
        ("2.3 质量", "2.4 质量", "条款编号缺漏"),
        ("2.3 质量", "2.2 质量", "条款编号重复"),
        ("第五条 争议解决\n5.1", "第六条 争议解决\n6.1", "条款编号重复"),
        ("第六条 其他", "第七条 其他", "条款编号缺漏"),
        ("6.3 本合同自", "6.3 见2.3款。6.4 本合同自", ""),
    ],
)
def test_numbering(old: str, new: str, item: str) -> None:
    found = {i for i in items(CLEAN.replace(old, new)) if i.startswith("条款编号")}
    assert found == ({item} if item else set())


def test_a_clause_that_reading_ran_into_another_is_no_gap() -> None:
    assert (
        items(
            CLEAN.replace(
                "2.1 合同签订后十日内，甲方支付合同总价的30%。\n2.2", "2.1 合同签订后十日内，甲方支付合同总价的30%。2.2"
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("clause", "item"),
    [
        ("6.4 “验收证书”是指甲方签发的合格证明。", "定义的词语未使用"),
        ("6.4 “验收证书”是指甲方签发的合格证明。\n6.5 乙方凭验收证书请款。", ""),
        ("6.4 买卖的纸浆泵（以下简称“泵组”）应为新品。", "定义的词语未使用"),
        ("6.4 “重大变更”的定义见第一条。", "引用的定义不存在"),
        ("6.4 “重大变更”的定义见《管理办法》。", ""),
        ("6.4 “重大变更”是指造价变动超过一成。\n6.5 “重大变更”的定义适用于全部订单。", ""),
        ("6.4 以上文件（以下简称“本合同文件”）一并存档。", ""),
    ],
)
def test_definitions(clause: str, item: str) -> None:
    found = [i for i in items(with_clause(clause)) if "定义" in i]
    assert found == ([item] if item else [])


# --- who does what ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "hit"),
    [
        ("2.2 验收合格后三十日内，甲方支付", "2.2 验收合格后三十日内，乙方支付", True),
        (
            "2.2 验收合格后三十日内，甲方支付合同总价的65%",
            "2.2 验收合格后三十日内，乙方应向甲方支付合同总价的65%",
            True,
        ),
        ("4.2 甲方逾期付款的", "4.2 乙方逾期付款的", True),
        ("4.1 乙方逾期交货的，每逾期一日按", "4.1 乙方逾期交货的，每逾期一日乙方应支付按", False),
        ("6.3 本合同自", "6.3 乙方应支付合同总价10%的违约金。本合同自", False),
        ("6.3 本合同自", "6.3 乙方应退还已收的合同价款。本合同自", False),
        ("6.3 本合同自", "6.3 乙方应向甲方支付租金。本合同自", False),
    ],
)
def test_swapped_parties(old: str, new: str, hit: bool) -> None:
    assert CLEAN.count(old) == 1
    assert ("甲乙方颠倒" in items(CLEAN.replace(old, new))) == hit


@pytest.mark.parametrize(
    ("clause", "item"),
    [
        ("6.4 本合同最终解释权归甲方所有。", "单方解释权"),
        ("6.4 本合同由双方协商解释。", ""),
        ("6.4 本合同的解释适用中华人民共和国法律。", ""),
        ("6.4 甲方有权随时调整价格，无需乙方同意。", "单方变更权"),
        ("6.4 乙方可单方变更本合同条款。", "单方变更权"),
        ("6.4 任何一方不得单方变更本合同。", ""),
        ("6.4 双方协商一致可以变更本合同。", ""),
        ("6.4 甲方不得自行修改合同内容。", ""),
        ("6.4 乙方对甲方的一切损失承担无限责任。", "责任无上限"),
        ("6.4 乙方的赔偿责任不设上限。", "责任无上限"),
        ("6.4 乙方不承担无限责任。", ""),
        ("6.4 因故意或重大过失造成损失的，赔偿责任不受上限限制。", ""),
        ("6.4 合同期满自动续期一年。", "自动续期无退出机制"),
        ("6.4 合同期满前三十日任何一方未书面通知终止的，自动续期一年。", ""),
        ("6.4 因不可抗力延误的，工期自动顺延。", ""),
    ],
)
def test_one_sided_clauses(clause: str, item: str) -> None:
    names = ("单方解释权", "单方变更权", "责任无上限", "自动续期无退出机制")
    found = [i for i in items(with_clause(clause)) if i in names]
    assert found == ([item] if item else [])


@pytest.mark.parametrize(
    ("place", "hit"),
    [
        ("提交天津仲裁委员会仲裁", False),
        ("提交仲裁机构仲裁", True),
        ("提交仲裁委员会仲裁", True),
        ("提交当地仲裁委员会仲裁", True),
        ("申请仲裁", True),
        ("提交中国国际经济贸易仲裁委员会，按其仲裁规则仲裁", False),
        ("提交北京仲裁委员会或上海仲裁委员会仲裁", True),
        ("向甲方所在地人民法院起诉", False),
    ],
)
def test_institutions_of_arbitration(place: str, hit: bool) -> None:
    text = CLEAN.replace("提交天津仲裁委员会仲裁", place)
    assert ("仲裁机构不明确" in items(text)) == hit


# --- two tellings -----------------------------------------------------------------------------------------------------

ATTACHED = CLEAN + "附件一 技术规格书\n{}\n附件二 备件清单\n无。\n"


@pytest.mark.parametrize(
    ("line", "hit"),
    [
        ("1. 合同总价为人民币920,000元。", True),
        ("1. 合同总价为人民币900,000元。", False),
        ("1. 乙方应于2026年10月31日前交货。", True),
        ("1. 乙方应于2026年9月30日前交货。", False),
        ("1. 质量保证期为二十四个月。", True),
        ("1. 质量保证期为一年。", False),
        ("1. 备件总价为人民币20,000元。", False),
    ],
)
def test_body_against_attachment(line: str, hit: bool) -> None:
    found = items(ATTACHED.format(line))
    assert bool({"正文与附件不一致", "金额前后不一致"} & set(found)) == hit


@pytest.mark.parametrize(
    ("english", "hit"),
    [
        ("The Buyer shall pay 30% of the price within thirty (30) days.", False),
        ("The Buyer shall pay 35% of the price within thirty (30) days.", True),
        ("The Buyer shall pay 30% of the price within sixty (60) days.", True),
        ("The Buyer shall pay the price in time and in full.", False),
    ],
)
def test_chinese_against_english(english: str, hit: bool) -> None:
    text = with_clause(f"6.4 甲方应在三十日内支付合同总价的30%。\n6.4 {english}")
    assert ("中英文不一致" in items(text)) == hit


def test_sums_and_dates_in_two_languages() -> None:
    chinese = "6.4 保证金为人民币50,000元，于2026年8月1日支付。"
    right = "6.4 The deposit of RMB 50,000 shall be paid on August 1, 2026."
    assert "中英文不一致" not in items(with_clause(f"{chinese}\n{right}"))
    assert "中英文不一致" in items(with_clause(f"{chinese}\n{right.replace('50,000', '55,000')}"))
    assert "中英文不一致" in items(with_clause(f"{chinese}\n{right.replace('August 1', 'August 11')}"))
