"""Bounds of law, totals in running text, names, currencies, days, versions and references that slipped: what each check
must find, and what only looks like it."""

from __future__ import annotations

import pytest
from contract_text import CLEAN, checks, found, with_clause


def items(text: str) -> list[str]:
    return [f.item for f in checks(text)]


# --- bounds of law ----------------------------------------------------------------------------------------------------

EMPLOYMENT = """劳动合同
甲方（用人单位）：宁波海云服装有限公司
乙方（劳动者）：陈小雨
一、本合同期限{term}。
二、{clause}
三、乙方从事设计岗位工作，工作地点为宁波市，每日工作8小时，依法休息休假。
四、乙方月工资为10,000元，甲方依法缴纳社会保险，提供劳动保护和劳动条件。
甲方（盖章）：　　乙方（签字）：
"""
YEARS = "2年，自2026年1月1日起至2027年12月31日止"


@pytest.mark.parametrize(
    ("term", "clause", "hit"),
    [
        (YEARS, "试用期为三个月。", True),
        (YEARS, "其中前3个月为试用期。", True),
        (YEARS, "试用期60日。", False),
        (YEARS, "试用期两个月，自2026年1月1日至2026年2月28日。", False),
        ("三年，自2026年1月1日起至2028年12月31日止", "试用期六个月。", False),
        ("三年，自2026年1月1日起至2028年12月31日止", "试用期为8个月。", True),
        ("六个月，自2026年1月1日起至2026年6月30日止", "试用期一个月。", False),
        ("六个月，自2026年1月1日起至2026年6月30日止", "试用期2个月。", True),
        ("自2026年1月1日起至2026年3月15日止", "试用期一个月。", True),  # none under three months
        ("为无固定期限劳动合同，自2026年1月1日起", "试用期六个月。", False),
        (YEARS, "乙方入职后三个月内办理入户，试用期按法律规定执行。", False),
        (YEARS, "乙方负责的软件产品试用期为三个月。", False),
    ],
)
def test_probation(term: str, clause: str, hit: bool) -> None:
    assert ("试用期超过法定上限" in items(EMPLOYMENT.format(term=term, clause=clause))) == hit


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("试用期月工资为7,000元。", True),
        ("试用期工资8,000元。", False),
        ("试用期工资为转正工资的70%。", True),
        ("试用期工资按正式工资标准的80%发放。", False),
        ("试用期内每月发放交通补贴500元。", False),
    ],
)
def test_pay_in_probation(clause: str, hit: bool) -> None:
    assert ("试用期工资低于80%" in items(EMPLOYMENT.format(term=YEARS, clause=clause))) == hit


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("乙方离职后的竞业限制期限为三年，甲方按月支付补偿。", True),
        ("竞业限制：乙方自离职之日起30个月内不得到与甲方有竞争关系的单位任职。", True),
        ("乙方离职后两年内负有竞业限制义务。", False),
        ("竞业限制期限为24个月。", False),
        ("工作满三年的乙方，离职后负有竞业限制义务，期限十二个月。", False),
        ("乙方离职后五年内仍应保守商业秘密；竞业限制期限为一年。", False),
    ],
)
def test_non_competition_of_employees(clause: str, hit: bool) -> None:
    assert ("竞业限制超过二年" in items(EMPLOYMENT.format(term=YEARS, clause=clause))) == hit


LEASE = """房屋租赁合同
出租人：沈阳北陵物业有限公司
承租人：沈阳万家超市有限公司
第一条 出租人将房屋出租给承租人经营超市。
第二条 租赁期限{}。
第三条 租金每月80,000元，按季支付。
第四条 任何一方违约的，应赔偿对方损失。
第五条 争议由房屋所在地人民法院管辖。
出租人（盖章）：　　承租人（盖章）：
"""


@pytest.mark.parametrize(
    ("term", "hit"),
    [
        ("自2026年1月1日起至2050年12月31日止", True),
        ("为三十年", True),
        ("二十年，自2026年1月1日起至2045年12月31日止", False),
        ("十年，期满可续租十五年", False),
    ],
)
def test_leases(term: str, hit: bool) -> None:
    assert ("租赁期限超过二十年" in items(LEASE.format(term))) == hit


@pytest.mark.parametrize(
    ("title", "forum", "hit"),
    [
        ("房屋租赁合同", "由出租人住所地人民法院管辖", True),
        ("商铺租赁合同", "向合同签订地有管辖权的人民法院起诉", True),
        ("厂房租赁合同", "由原告所在地人民法院管辖", True),
        ("办公楼装修工程施工合同", "向发包人所在地人民法院起诉", True),
        ("房屋租赁合同", "由房屋所在地人民法院管辖", False),
        ("房屋租赁合同", "由租赁房屋所在地有管辖权的人民法院管辖", False),
        ("房屋租赁合同", "由沈阳市和平区人民法院管辖", False),
        ("房屋租赁合同", "提交出租人所在地的沈阳仲裁委员会仲裁", False),
        ("办公楼装修工程施工合同", "向工程所在地人民法院起诉", False),
        ("挖掘机租赁合同", "由出租人住所地人民法院管辖", False),
        ("机房设备租赁合同", "由出租人住所地人民法院管辖", False),
        ("技术服务合同", "由甲方住所地人民法院管辖", False),
    ],
)
def test_the_court_that_the_law_prescribes(title: str, forum: str, hit: bool) -> None:
    text = LEASE.format("为两年").replace("房屋租赁合同", title, 1).replace("由房屋所在地人民法院管辖", forum)
    assert ("约定法院不符专属管辖" in items(text)) == hit


WORKS = """建筑装饰工程施工合同
发包人：成都锦华置业有限公司
承包人：四川建工装饰有限公司
第一条 工程内容为营销中心装修，质量合格，工期90天。
第二条 合同价款为人民币1,000,000元。
第三条 {}
第四条 任何一方违约的，应赔偿对方损失。
第五条 争议由工程所在地人民法院管辖。
发包人（盖章）：　　承包人（盖章）：
"""


@pytest.mark.parametrize(
    ("clause", "item"),
    [
        ("结算价款的5%作为质量保证金，缺陷责任期满后返还。", "质量保证金超过3%"),
        ("质保金为结算总价的5%，两年后无息支付。", "质量保证金超过3%"),
        ("工程质量保证金为结算价的3%。", ""),
        ("质保金逾期退还的，按日支付5%的违约金。", ""),
        ("中标后，承包人应提交履约保证金，金额为中标合同金额的15%。", "履约保证金超过10%"),
        ("中标后，承包人应提交合同价10%的履约保函。", ""),
        ("承包人应提交合同价20%的履约保函。", ""),  # no tender: no bound
    ],
)
def test_money_kept_back_of_works(clause: str, item: str) -> None:
    found = [i for i in items(WORKS.format(clause)) if "保证金" in i]
    assert found == ([item] if item else [])


def test_retention_of_a_purchase_has_no_bound() -> None:
    assert "质量保证金超过3%" not in items(with_clause("6.4 合同总价的5%作为质保金。"))


# --- totals in running text -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("培训费共计80,000元，分两次支付：前期50,000元、后期20,000元。", True),
        ("培训费共计80,000元，分两次支付：前期50,000元、后期30,000元。", False),
        ("项目总投资2,000,000元，其中甲方出资1,200,000元，乙方出资900,000元。", True),
        ("项目总投资2,000,000元，其中甲方出资1,200,000元，乙方出资700,000元。", True),
        ("项目总投资2,000,000元（大写：贰佰万元整），其中甲方出资1,200,000元，乙方出资800,000元。", False),
        ("培训费总计100,000元，其中教材费8,000元，场地费12,000元。", False),  # not all of it
        ("培训费总计100,000元，由讲课费60,000元、教材费30,000元组成。", True),
        ("培训费总计100,000元，其中讲课费60,000元，教材费30,000元等。", False),
        ("培训费总计100,000元，其中首付款30,000元，剩余60,000元另行约定。", False),
        ("全部维护费120,000元分12个月支付，每月支付15,000元。", True),
        ("全部维护费120,000元分12个月支付，每月支付10,000元。", False),
        ("维护费每年30,000元，三年合计90,000元。", False),
        ("维护费每年30,000元，三年合计96,000元。", True),
        ("维护费第一年30,000元，以后每年递增2,000元，三年合计96,000元。", False),
    ],
)
def test_totals_beside_their_parts(clause: str, hit: bool) -> None:
    assert ("明细合计不符" in items(with_clause(f"6.4 {clause}"))) == hit


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("货款汇入唐山翼东泵业有限公司账户。", True),
        ("货款汇入唐山冀东泵业有限责任公司账户。", True),
        ("货款汇入唐山冀东泵业股份有限公司账户。", True),
        ("货款汇入唐山冀东水泵业有限公司账户。", True),
        ("货款汇入唐山东冀泵业有限公司账户。", True),
        ("货款汇入唐山冀东泵业有限公司账户。", False),
        ("由唐山冀东物流有限公司承运。", False),
        ("乙方原名唐山翼东泵业有限公司。", False),
        ("由乙方的子公司唐山冀西泵业有限公司供货。", False),
        ("由石家庄冀东泵业有限公司代为供货。", False),
    ],
)
def test_names_told_a_little_differently(clause: str, hit: bool) -> None:
    assert ("当事人名称不一致" in items(with_clause(f"6.4 {clause}"))) == hit


# --- the parties ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("甲方应在收货后10日内向甲方支付运费。", True),
        ("乙方逾期开票的，应向乙方支付违约金。", True),
        ("乙方可以书面要求乙方更换人员。", True),
        ("甲方应将资料移交给甲方。", True),
        ("乙方应按甲方要求，向甲方提交资料。", False),
        ("乙方提供的货物不符合甲方要求的，应向甲方赔偿。", False),
        ("甲方要求时，应向甲方返还样品。", False),  # whose duty it is stands before
        ("甲方有权要求甲方的关联公司使用货物。", False),
        ("甲方指定的第三方应向甲方提供担保。", False),
        ("乙方应向甲方交付资料，甲方向乙方出具收据。", False),
    ],
)
def test_nobody_owes_himself(clause: str, hit: bool) -> None:
    assert ("甲乙方颠倒" in items(with_clause(f"6.4 {clause}"))) == hit


@pytest.mark.parametrize(
    ("clause", "item"),
    [
        ("6.4 乙方可根据物价上涨情况自行调整物业费标准。", "单方变更权"),
        ("6.4 甲方有权随时下调佣金比例。", "单方变更权"),
        ("6.4 甲方可以调整服务标准，乙方不得提出异议。", "单方变更权"),
        ("6.4 甲方可以调整收费标准，无须征得乙方同意。", "单方变更权"),
        ("6.4 乙方不得自行调整物业费标准。", ""),
        ("6.4 经甲方同意，乙方可以调整服务标准。", ""),
        ("6.4 甲方可以随时调整验收人员。", ""),
        ("6.4 乙方应承担由此引起的一切损失，且不受任何限额限制。", "责任无上限"),
        ("6.4 乙方的赔偿责任没有上限。", "责任无上限"),
        ("6.4 普通合伙人对合伙债务承担无限连带责任。", ""),  # by law
        ("6.4 赔偿责任以合同总价为上限。", ""),
    ],
)
def test_more_one_sided_clauses(clause: str, item: str) -> None:
    names = ("单方解释权", "单方变更权", "责任无上限", "自动续期无退出机制")
    assert [i for i in items(with_clause(clause)) if i in names] == ([item] if item else [])


# --- currencies, units, days ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "item"),
    [
        ("6.4 备件费50,000元，培训费20,000元，检测费为8,000美元。", "币种混用"),
        ("6.4 备件费50,000元，培训费20,000元，检测费为8,000美元，按付款日汇率折算。", ""),
        ("6.4 备件费50,000元，培训费8,000美元，检测费9,000美元。", ""),
        ("6.4 乙方投保的金额不低于1,200,000万元，培训费20,000元，备件费50,000元。", "金额单位存疑"),
        ("6.4 乙方投保的金额不低于1,200万元，培训费20,000元，备件费50,000元。", ""),
        ("6.4 甲方应在5个工作日内（即5个日历日）核对账单。", "日的含义不一致"),
        ("6.4 甲方应在十个日历日（工作日）内核对账单。", "日的含义不一致"),
        ("6.4 甲方应在5个工作日内核对，10个自然日内付款。", ""),
    ],
)
def test_units_that_slip(clause: str, item: str) -> None:
    names = ("币种混用", "金额单位存疑", "日的含义不一致")
    assert [i for i in items(with_clause(clause)) if i in names] == ([item] if item else [])


# --- versions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("6.4 期限为12个月。The term of this Contract is twenty-four (24) months.", True),
        ("6.4 期限为12个月。The term of this Contract is twelve (12) months.", False),
        ("6.4 保密期限三年。The parties shall keep it secret for three years.", False),
        ("6.4 保密期限三年。The parties shall keep it secret for five years.", True),
        ("6.4 费用不低于600,000美元。The fee shall be not less than USD 500,000.", True),
        ("6.4 自2026年4月1日起。This Contract is valid from 1 April 2026.", False),
        ("6.4 自2026年4月1日起。This Contract is valid from 1 May 2026.", True),
        ("6.4 提交天津仲裁委员会。Disputes go to the Tianjin Arbitration Commission.", False),
        ("6.4 提交天津仲裁委员会。Disputes go to the Hong Kong International Arbitration Centre.", True),
        ("6.4 设备型号为Model A long life pump 12 months，质保期为24个月。", False),
    ],
)
def test_both_languages_in_one_paragraph(clause: str, hit: bool) -> None:
    assert ("中英文不一致" in items(with_clause(clause))) == hit


ATTACHED = CLEAN.replace(
    "甲方（盖章）：天津渤海造纸有限公司",
    "附件一：技术规格书\n1. 流量不低于200立方米每小时。\n2. {}\n甲方（盖章）：天津渤海造纸有限公司",
)


@pytest.mark.parametrize(
    ("line", "hit"),
    [
        ("质量保证期：24个月", True),
        ("质量保证期：一年", False),
        ("高层住宅每月每平方米2.15元", False),
        ("备件费每台2,000元", False),
    ],
)
def test_attachments_before_the_signatures(line: str, hit: bool) -> None:
    assert ("正文与附件不一致" in items(ATTACHED.format(line))) == hit


def test_a_price_under_the_same_name_here_and_there() -> None:
    def text(price: str) -> str:
        return ATTACHED.format(price).replace("6.2 ", "6.4 高层住宅每月每平方米1.95元。\n6.2 ")

    assert "正文与附件不一致" in items(text("高层住宅每月每平方米2.15元"))
    assert "正文与附件不一致" not in items(text("高层住宅每月每平方米1.95元"))
    assert "正文与附件不一致" not in items(text("多层住宅每月每平方米1.60元"))


# --- references and definitions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("6.4 Upon termination, Article 15 shall survive.", True),
        ("6.4 Upon termination, Article 5 shall survive.", False),
        ("6.4 Article 585 of the Civil Code applies.", False),
        ("6.4 Article 15 of this Contract shall survive.", True),
    ],
)
def test_references_in_english(clause: str, hit: bool) -> None:
    assert ("引用的条款不存在" in items(with_clause(clause))) == hit


def test_a_clause_of_an_article_that_numbering_leaves_out() -> None:
    gap = CLEAN.replace("第三条 交货", "第七条 交货").replace("3.1 乙方", "7.1 乙方")
    assert "引用的条款不存在" in items(gap.replace("6.2 技术要求见附件一", "6.2 按第3.2条执行，技术要求见附件一"))
    assert "引用的条款不存在" not in items(gap.replace("6.2 技术要求见附件一", "6.2 按第7.1条执行，技术要求见附件一"))


DEFINED = "6.4 “工作日”指法定工作日。\n6.5 “验收标准”指附件一所列标准，在工作日按验收标准执行。\n6.6 {}"


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("乙方应留用“核心人员”。", True),
        ("乙方应留用“核心人员”（指附件二所列人员）。", False),
        ("外箱标明“易碎产品”。", False),
        ("产品使用“长城产品”商标。", False),
        ("乙方应按“验收标准”交货。", False),
    ],
)
def test_quoted_terms_without_a_definition(clause: str, hit: bool) -> None:
    assert ("引用的定义不存在" in items(with_clause(DEFINED.format(clause)))) == hit


def test_a_quoted_term_is_fine_in_a_contract_that_defines_nothing() -> None:
    assert "引用的定义不存在" not in items(with_clause("6.4 乙方应留用“核心人员”。"))


# --- forums in more words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "forum"),
    [
        ("因本合同产生的争议，任何一方均可诉请甲方所在地人民法院裁判。", "诉讼：甲方所在地人民法院"),
        ("争议通过诉讼途径解决，管辖法院为合同签订地人民法院。", "诉讼：合同签订地人民法院"),
        ("双方同意以甲方所在地人民法院为争议的第一审管辖法院。", "诉讼：甲方所在地人民法院"),
        ("本合同争议的管辖法院为武汉市中级人民法院。", "诉讼：武汉市中级人民法院"),
        ("争议由项目所在地人民法院受理。", "诉讼：项目所在地人民法院"),
        ("争议由双方所在地以外的第三地即郑州市金水区人民法院管辖。", "诉讼：郑州市金水区人民法院"),
        ("双方选定上海仲裁委员会作为争议的仲裁机构。", "仲裁：上海仲裁委员会"),
        ("争议解决方式：仲裁。仲裁机构：成都仲裁委员会。", "仲裁：成都仲裁委员会"),
        ("争议解决机构：厦门仲裁委员会", "仲裁：厦门仲裁委员会"),
        ("争议由双方约定的仲裁机构解决，仲裁机构为青岛仲裁委员会。", "仲裁：青岛仲裁委员会"),
        (
            "Any dispute shall be submitted to the Shanghai International Arbitration Center for arbitration.",
            "仲裁：Shanghai International Arbitration Center",
        ),
    ],
)
def test_forums_in_more_words(clause: str, forum: str) -> None:
    old = "5.1 因本合同发生的争议，双方协商不成的，提交天津仲裁委员会仲裁。"
    assert found(CLEAN.replace(old, f"5.1 {clause}"), "disputes") == [("争议解决", forum)]


def test_representation_in_court_is_no_forum() -> None:
    clause = "6.4 甲方因与丙公司的合同纠纷一案，委托乙方的律师在天津市第一中级人民法院担任诉讼代理人。"
    assert "仲裁与诉讼并存" not in items(with_clause(clause))


@pytest.mark.parametrize(
    ("rows", "hit"),
    [
        ("期次\t付款条件\t付款比例\n第一期\t合同签订\t30%\n第二期\t到货\t40%\n第三期\t验收\t25%", True),
        ("期次\t付款条件\t付款比例\n第一期\t合同签订\t30%\n第二期\t到货\t40%\n第三期\t验收\t30%\n合计\t\t100%", False),
        ("节点\t比例\n合同签订\t30%\n到货后付至\t70%\n验收后付至\t100%", False),
        ("股东\t比例\n甲公司\t60%\n乙公司\t30%", False),  # no payments
    ],
)
def test_tables_of_payments(rows: str, hit: bool) -> None:
    assert ("付款比例合计不为100%" in items(with_clause(f"6.4 付款安排：\n{rows}"))) == hit


def test_parties_under_their_other_names() -> None:
    text = CLEAN.replace("6.2 技术要求见附件一", "6.2 买方应向买方支付运费，技术要求见附件一")
    assert "甲乙方颠倒" in items(text)
    assert "甲乙方颠倒" not in items(text.replace("买方应向买方", "买方应向卖方"))


def test_a_title_in_two_languages() -> None:
    text = CLEAN.replace("采购合同\n", "采购合同 / PURCHASE CONTRACT\n", 1)
    assert ("合同名称", "采购合同 / PURCHASE CONTRACT") in found(text, "basics")


# --- what the blind contracts taught ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("甲方以3,000万元认购新增股份，其中250万元计入注册资本，2,570万元计入资本公积。", True),
        ("甲方以3,000万元认购新增股份，其中250万元计入注册资本，2,750万元计入资本公积。", False),
        ("主合同备件费总价4,800,000元，增加价款320,000元，调整后总价为5,210,000元。", True),
        ("主合同备件费总价4,800,000元，增加价款320,000元，调整后总价为5,120,000元。", False),
        ("主合同备件费总价4,800,000元，核减价款300,000元，调整后总价为4,500,000元。", False),
        ("主合同备件费总价4,800,000元，增加2台，单价160,000元，调整后总价为5,210,000元。", False),
    ],
)
def test_sums_that_become_others(clause: str, hit: bool) -> None:
    assert ("明细合计不符" in items(with_clause(f"6.4 {clause}"))) == hit


@pytest.mark.parametrize(
    ("clause", "item"),
    [
        ("6.4 首批门店数量为（　　）家。", "空白未填"),
        ("6.4 （　）是（　）否，请勾选。", ""),
        ("6.4 运费争议的管辖法院另行约定。", "争议解决约定不明"),
        ("6.4 附加服务的价格另行约定。", ""),
        ("6.4 运输所需的合作定金为运费款的50%。", "定金超过20%"),
    ],
)
def test_what_is_left_open(clause: str, item: str) -> None:
    names = ("空白未填", "争议解决约定不明", "定金超过20%")
    assert [i for i in items(with_clause(clause)) if i in names] == ([item] if item else [])


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("6.4 甲方逾期付款的，按日加收千分之八的滞纳金。", "0.8%/日"),
        ("6.4 甲方逾期付款的，逾期利息在约定利率基础上加收50%。", "加收50%"),
        ("6.4 乙方未按期发布的，每条支付违约金2,000元。", "2000.00元/条"),
        ("6.4 每发生一次，乙方应支付违约金10,000元。", "10000.00元/次"),
    ],
)
def test_penalties_by_the_day_and_by_the_piece(printed: str, value: str) -> None:
    assert value in [v for _, v in found(with_clause(printed), "liability")]


def test_compensation_for_non_competition_is_no_penalty() -> None:
    clause = "6.4 甲方按月支付竞业限制补偿金，标准为离职前十二个月平均工资的30%。"
    assert "30%/月" not in [v for _, v in found(with_clause(clause), "liability")]


@pytest.mark.parametrize(
    ("head", "kind", "expected"),
    [
        ("客户 Client：武汉楚天激光有限公司\n顾问 Consultant：李明", "parties", ("客户", "武汉楚天激光有限公司")),
        ("投资方：嘉兴启明投资有限公司\n创始人：许文博", "parties", ("创始人", "许文博")),
        ("甲方：嘉兴启明投资有限公司\n双方于2025年3月28日就设备采购签订本合同。", "basics", ("签订日期", "2025-03-28")),
        ("协议号：FZ-2025　　日期：2025年8月18日", "basics", ("签订日期", "2025-08-18")),
        ("协议编号 / No.: DA-2025-118", "basics", ("合同编号", "DA-2025-118")),
        ("【协议编号：DY-TG-20251012】", "basics", ("合同编号", "DY-TG-20251012")),
        ("（2025）衡律民代字第212号", "basics", ("合同编号", "（2025）衡律民代字第212号")),
        ("开始工作日期：2025年4月5日，结束工作日期：2025年10月31日。", "basics", ("终止日期", "2025-10-31")),
    ],
)  # fmt: skip
def test_heads_as_firms_write_them(head: str, kind: str, expected: tuple[str, str]) -> None:
    assert expected in found(f"服务合同\n{head}\n第一条 乙方提供服务。\n", kind)


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("第一笔付450,000元；第二笔于验收后付360,800元；第三笔90,000元一年后付清。", True),
        ("第一笔付450,000元；第二笔于验收后付360,000元；第三笔90,000元一年后付清。", False),
        ("第一笔付450,000元；第二笔于验收后付360,800元；余款一年后付清。", False),
        ("第一阶段提交报告；第二阶段付360,800元。", False),
    ],
)
def test_payments_by_number_against_the_price(clause: str, hit: bool) -> None:
    assert ("明细合计不符" in items(with_clause(f"6.4 {clause}"))) == hit


@pytest.mark.parametrize(
    ("rate", "hit"), [("月息2分", True), ("年息一分", False), ("月利率1分5厘", True), ("月息八厘", False)]
)
def test_interest_in_tenths(rate: str, hit: bool) -> None:
    loan = (
        "借款协议\n出借人：王建国\n借款人：李晓明\n第一条 出借人借给借款人人民币100,000元。\n第二条 借期一年。\n"
        f"第三条 利息按{rate}计算。\n第四条 争议由出借人所在地人民法院管辖，违约的赔偿损失。\n签订日期：2025年6月20日\n"
    )
    assert ("利率超过司法保护上限" in items(loan)) == hit


@pytest.mark.parametrize(
    ("clause", "severity"),
    [
        ("提交天津仲裁委员会仲裁；不服裁决的，可向人民法院起诉。", "medium"),
        ("提交天津仲裁委员会仲裁，一方对仲裁裁决有异议的，可以向法院提起诉讼。", "medium"),
        ("提交天津仲裁委员会仲裁或者向人民法院起诉。", "high"),
        ("提交天津仲裁委员会仲裁；对裁决不服或者不愿仲裁的，可以向法院起诉。", "high"),
        ("提交天津仲裁委员会仲裁；一方不履行裁决的，另一方可向人民法院申请执行。", ""),
    ],
)
def test_an_award_is_final(clause: str, severity: str) -> None:
    old = "5.1 因本合同发生的争议，双方协商不成的，提交天津仲裁委员会仲裁。"
    hits = [f for f in checks(CLEAN.replace(old, f"5.1 争议协商不成的，{clause}")) if f.item == "仲裁与诉讼并存"]
    assert [f.severity for f in hits] == ([severity] if severity else [])


def test_no_award_is_final_between_worker_and_employer() -> None:
    text = EMPLOYMENT.format(term=YEARS, clause="争议提交宁波市仲裁委员会仲裁，不服裁决的，可向人民法院起诉。")
    assert "仲裁与诉讼并存" not in items(text)


def test_the_place_alone_names_the_court() -> None:
    old = "5.1 因本合同发生的争议，双方协商不成的，提交天津仲裁委员会仲裁。"
    text = CLEAN.replace(old, "5.1 纠纷由双方协商，协商不成在买方所在地诉讼解决。")
    assert found(text, "disputes") == [("争议解决", "诉讼：买方所在地")]


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("保修期内乙方应在收到乙方通知后24小时内到场。", True),
        ("保修期内乙方应在收到甲方通知后24小时内到场。", False),
        ("甲方收到乙方发票后付款，乙方收到甲方付款后发货。", False),
    ],
)
def test_nobody_hears_from_himself(clause: str, hit: bool) -> None:
    assert ("甲乙方颠倒" in items(with_clause(f"6.4 {clause}"))) == hit


def test_probation_beside_the_dates_is_not_the_term() -> None:
    text = EMPLOYMENT.format(term="1年，从2025年3月1日起到2026年2月28日止，头三个月为试用期", clause="略。")
    assert ("终止日期", "2026-02-28") in found(text, "basics")
    assert "试用期超过法定上限" in items(text)


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("乙方应当于完工当日书面通知乙方验货。", True),
        ("乙方应当于完工当日书面通知甲方验货。", False),
        ("乙方应按甲方要求的时间供货。", False),
    ],
)
def test_nobody_notifies_himself(clause: str, hit: bool) -> None:
    assert ("甲乙方颠倒" in items(with_clause(f"6.4 {clause}"))) == hit


@pytest.mark.parametrize(
    ("clause", "hit"),
    [
        ("6.4 乙方保留随时修改服务条款和价格的权利。", True),
        ("6.4 乙方保留在甲方违约时中止服务的权利。", False),
    ],
)
def test_rights_that_are_kept(clause: str, hit: bool) -> None:
    assert ("单方变更权" in items(with_clause(clause))) == hit


def test_a_penalty_for_one_day_late() -> None:
    assert ("违约金", "1%/日") in found(with_clause("6.4 乙方交货逾期一天罚货款1%。"), "liability")


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("海天商业广场商铺租\n赁合同\n", "海天商业广场商铺租赁合同"),
        ("海天广场广告位租赁\n合同\n", "海天广场广告位租赁合同"),
        ("关于宁波海天置业有限\n公司之增资协议\n", "关于宁波海天置业有限公司之增资协议"),
        ("宁波海天置业有限公司\n合同书\n", "合同书"),
        ("2026年度\n采购合同\n", "采购合同"),
    ],
)
def test_a_name_over_two_lines(head: str, name: str) -> None:
    assert ("合同名称", name) in found(f"{head}甲方：甲公司\n乙方：乙公司\n第一条 乙方提供服务。\n", "basics")


@pytest.mark.parametrize(
    ("clause", "label", "value"),
    [
        ("月租金按建筑面积每平方米200元计算，为86,000元。", "租金单价", "200.00元"),
        ("月租金按建筑面积每平方米200元计算，为86,000元。", "月租金", "86000.00元"),
        ("租赁保证金为三个月租金，计258,000元。", "保证金", "258000.00元"),
        ("月租金为86,000元。", "月租金", "86000.00元"),
    ],
)
def test_rents_and_what_is_told_in_them(clause: str, label: str, value: str) -> None:
    assert (label, value) in found(with_clause(f"6.4 {clause}"), "money")


@pytest.mark.parametrize("printed", ["91330109MA2KJ6P59D", "91330109MA2KJ6 P59D", "9133 0109 MA2K J6P5 9D"])
def test_a_credit_code_may_be_spaced_or_wrapped(printed: str) -> None:
    text = f"服务合同\n甲方：杭州拾味餐饮管理有限公司\n统一社会信用代码：{printed}\n乙方：李明\n第一条 略。\n"
    assert ("甲方·统一社会信用代码", "91330109MA2KJ6P59D") in found(text, "parties")


@pytest.mark.parametrize(
    ("net", "tax", "gross", "told"),
    [
        ("1,200,000", "76,000", "1,272,000", "按税率6%，税额应为 72000.00元。"),
        ("1,200,000", "72,000", "1,276,000", "按税率6%，含税价应为 1272000.00元。"),
        ("1,210,000", "72,000", "1,272,000", "按税率6%，不含税价应为 1200000.00元。"),
        ("1,210,000", "72,500", "1,272,000", ""),
    ],
)
def test_which_of_price_and_tax_is_wrong(net: str, tax: str, gross: str, told: str) -> None:
    clause = f"6.4 服务费总价{gross}元，其中不含税价{net}元，税率6%，增值税额{tax}元。"
    [found] = [f for f in checks(with_clause(clause)) if f.item == "含税价与税额不符"]
    assert told in found.detail and ("应为" in found.detail) == bool(told)


def test_a_cap_on_damages_is_no_price() -> None:
    sums = found(with_clause("6.4 除人身伤害外，一方的赔偿总额不超过50万元。"), "money")
    assert ("赔偿总额", "500000.00元") in sums and ("总额", "500000.00元") not in sums


def test_a_quarrel_by_an_older_word() -> None:
    old = "5.1 因本合同发生的争议，双方协商不成的，提交天津仲裁委员会仲裁。"
    text = CLEAN.replace(old, "5.1 凡因本合同所生之争执，概由武汉仲裁委员会依其规则仲裁之。")
    assert found(text, "disputes") == [("争议解决", "仲裁：武汉仲裁委员会")]


@pytest.mark.parametrize(
    ("holder", "hit"),
    [("烟台海诚包装有限公司", True), ("烟台市海诚包装印刷有限公司", False), ("烟台市兴业银行结算中心", False)],
)
def test_an_account_of_a_shortened_name(holder: str, hit: bool) -> None:
    text = (
        "包装材料采购合同\n甲方：天津津味食品有限公司\n乙方：烟台市海诚包装印刷有限公司\n"
        f"第一条 乙方供应纸箱，价款10万元。\n第二条 乙方账户：户名{holder}；账号：5072 0104 0012 873。\n"
    )
    assert ("当事人名称不一致" in items(text)) == hit
