"""Texts with their headings marked by hand: ``§2 `` before a heading line gives its level.

Written for these tests; they are general in form and stand for no file in the repository.
"""

from __future__ import annotations

TEXTS = {
    "purchase: 条 with decimals, body on the heading's line": """
采购合同
合同编号：CG-2025-017
甲方（买方）：长河机械有限公司
乙方（卖方）：东岭物资有限公司
§1 鉴于：
甲方拟采购一批备件，乙方具备供货能力，双方经协商一致，订立本合同。
§1 第一条 合同标的
§2 1.1 乙方向甲方供应轴承、密封件等备件，具体型号见附件一。
§2 1.2 备件单价自1.5元至2,300元不等，合计人民币壹佰万元整。
1.5元以下的零星备件不另行计价。
§1 第二条 价款与支付：合同总价为人民币1000000.00元。
§2 2.1 预付款：合同生效后7日内支付30%。
§2 2.2 进度款：到货验收后支付60%，依据
第一条约定的清单核对。
§2 2.3 质保金：剩余10%于质保期满后支付。
§1 第三条 交货
§2 3.1 交货期为2025.3.1至2025.6.30。
2025.3.1 之前交付的，视为提前交货。
§2 3.2 交货地点如下：
（1）一号仓库；
（2）二号仓库；
（3）甲方指定的其他地点。
§1 第四条 违约责任
乙方逾期交货的，按照
第四条第二款的约定支付违约金。
第四条所述违约金不超过合同总价的20%。
§1 第五条 乙方应当保证备件为全新产品，并提供合格证。
§1 第六条 争议解决
因本合同发生的争议，提交甲方所在地人民法院。
§1 附件一 备件清单
名称	型号	数量
第一条	不是标题	3
轴承	6204	100
""",
    "law: 编, 章, 节, running 条, contents": """
某某条例
§1 目 录
第一编 总则
第一章 一般规定
第二章 管理
第二编 附则
§1 第一编 总则
§2 第一章 一般规定
§3 第一条 为了规范管理，根据有关法律，制定本条例。
§3 第二条 本条例所称企业，是指依法设立的公司。
前款规定以外的组织，参照
第一条的规定执行。
§2 第二章 管理
§3 第一节 登记
§4 第三条 企业应当登记下列事项：
（一）名称；
（二）住所；
（三）法定代表人。
§4 第三条之一 登记事项变更的，应当办理变更登记。
§3 第二节 检查
§4 第四条 登记机关依法检查。
第三条、第四条规定的期限，自受理之日起计算。
§1 第二编 附则
§2 第五条 本条例自2025年1月1日起施行。
""",
    "simple contract: 一、 （一） 1. with bodies": """
房屋租赁合同
§1 一、租赁房屋
甲方将位于东城区的房屋出租给乙方，面积89.5平方米。
§1 二、租赁期限
自2025年4月1日起至2026年3月31日止。
三、四线城市的租金标准不适用于本合同。
§1 三、租金及支付
§2 （一）租金标准
每月租金人民币6500元。
§2 （二）支付方式
乙方应于每月5日前支付。
§1 四、双方责任
§2 （一）甲方责任
1.按时交付房屋；
2.维修房屋及附属设施；
3.不得擅自提高租金。
§2 （二）乙方责任
1.按时支付租金；
2.合理使用房屋。
§1 五、其他约定
本合同一式两份。
""",
    "arabic outermost: 1. 1.1 1.1.1": """
软件许可协议
§1 1. 定义
§2 1.1 “软件”指附件所列的计算机程序。
§2 1.2 “用户”指经授权使用软件的人员，其数量为
100人以内。
§1 2. 许可
§2 2.1 许可范围
§3 2.1.1 许可人授予被许可人非独占的使用权。
§3 2.1.2 被许可人不得转让许可。
§2 2.2 许可费用为每年12.5万元。
12.5万元之外的费用另行约定。
§1 3. 保密
双方对商业秘密负有保密义务。
§1 4. 终止
§2 4.1 任何一方违约的，另一方可以解除协议。
§1 6. 其他
未尽事宜由双方协商。
""",
    "annual report: 节 一、 （一） 1、 （1）": """
2024年年度报告
§1 目录
第一节 释义……………………………………4
第二节 公司简介………………………………6
第三节 管理层讨论与分析……………………9
§1 第一节 释义
在本报告中，除非文义另有所指，下列词语具有如下含义。
§1 第二节 公司简介
§2 一、公司信息
公司的中文名称	长河股份有限公司
§2 二、联系方式
董事会秘书	张三
§1 第三节 管理层讨论与分析
§2 一、经营情况讨论与分析
报告期内，公司实现营业收入12.5亿元，同比增长8.3%。
§2 二、主营业务分析
§3 （一）收入与成本
§4 1、分行业情况
机械行业收入10.2亿元。
§4 2、分地区情况
华东地区收入占比56.3%。
§3 （二）费用
销售费用同比增长1.2%。
§2 三、未来展望
§3 （一）行业格局
一、二线城市需求稳定。
§3 （二）可能面对的风险
§4 1、市场风险
原材料价格波动。
§4 2、汇率风险
汇率波动。
""",
    "一、 over running 条 (labour contract)": """
劳动合同
§1 一、合同期限
§2 第一条 本合同为固定期限合同，期限三年。
§2 第二条 试用期三个月。
§1 二、工作内容
§2 第三条 乙方从事设计工作。
§2 第四条 乙方应当完成工作任务。
§1 三、劳动报酬
§2 第五条 月工资为人民币12000元。
§2 第六条 甲方于每月10日支付工资。
""",
    "English agreement": """
SERVICES AGREEMENT
§1 RECITALS
The Client wishes to engage the Provider.
§1 Article 1 Definitions
"Services" means the services described in
Section 2.1 of this Agreement.
§1 Article 2 Services
The Provider shall perform the Services in accordance with Article 1.
Article 1 and Article 3 shall survive termination.
§1 Article 3 Fees
The fee is USD 1,500.00 per month.
§1 Exhibit A Price List
Item	Price
""",
    "tender: chapters that restart 1. 1.1, annexes inside": """
招标文件
§1 第一章 招标公告
§2 1. 招标条件
本项目已获批准，项目总投资3.2亿元。
§2 2. 招标范围
§3 2.1 本次招标共分1个标段。
§3 2.2 工期为180日历天。
§1 第二章 投标人须知
§2 1. 总则
§3 1.1 项目概况
§4 1.1.1 招标人见前附表。
§4 1.1.2 代理机构见前附表。
§3 1.2 资金来源
财政资金。
§2 2. 投标文件
§3 2.1 投标文件的组成
投标文件应包括下列内容：
（1）投标函；
（2）报价表；
（3）资格证明。
§1 第三章 合同条款
§2 第一条 承包范围
承包人按照图纸施工。
§2 第二条 工期
开工日期为2025年5月1日。
""",
    "no white space after numbers; full-width digits; lists under clauses": """
委托加工合同
§1 第一条委托事项
甲方委托乙方加工零件，具体如下：
1、材料由甲方提供，材料费另计；
2、图纸由甲方提供；
3、乙方按图加工。
§1 第二条加工费
加工费合计人民币５０万元，第一条款项不包含在内。
（一）首付款20%，于合同签订后支付。
（二）尾款80%，于验收后支付。
§1 第三条质量要求
第三方检测机构出具的报告作为依据。
§1 第四条违约责任
任何一方违约的，按第三条规定处理。
附件：
1. 图纸
2. 材料清单
""",
    "chapter numbers on their own lines, numbers lost": """
§1 第一章
§2 第一条
为加强管理，制定本办法。
§2 第二条
本办法适用于全体员工。
§1 第二章
§2 第三条
员工应当遵守规章制度。
§2 第五条
违反本办法的，按照规定处理。
""",
    "titles that end like a sentence that goes on; spread numbers; contents with page numbers": """
评估报告
§1 目　录
第一章 评估依据 3
第二章 评审意见 8
第三章 营业执照 12
§1 第 一 章 评估依据
§2 第 一 条 编制依据
§2 第 二 条 参考数据
§2 第 十 一 条 附带证据
本报告引用的数据真实。
§1 第 二 章 评审意见
§2 一、专家意见
§2 二、结论
同意通过。
§1 第 三 章 营业执照
见后页。
""",
    "English contents": """
§1 TABLE OF CONTENTS
Article 1 Definitions 1
Article 2 Term and Termination 3
Article 3 Governing Law 9
§1 Article 1 Definitions
Terms have the meanings below.
§1 Article 2 Term and Termination
The term is two years. It may be extended under
Article 3 of the Master Agreement.
§1 Article 3 Governing Law
This Agreement is governed by the laws of China.
""",
    "judgment": """
民事判决书
原告：长河公司。被告：东岭公司。
原告长河公司向本院提出诉讼请求：1.判令被告支付货款；2.诉讼费由被告承担。
本院认为，依照《中华人民共和国民法典》第五百七十七条、
第五百七十九条规定，判决如下：
§1 一、被告东岭公司于本判决生效之日起十日内支付货款人民币120万元；
§1 二、驳回原告长河公司的其他诉讼请求。
如不服本判决，可以在判决书送达之日起十五日内上诉。
""",
    "research report with sub-headings and figures": """
长河股份深度报告
§1 1 投资要点
§1 一、公司概况：深耕机械三十年
公司成立于1995年，2.5亿元注册资本。
§2 1.1 历史沿革
1995年成立，2005年上市。
§2 1.2 股权结构
实际控制人持股35.6%。
§1 二、行业分析
§2 2.1 市场规模
2024年市场规模达3,500亿元，2.3倍于2019年。
§2 2.2 竞争格局
一、二线品牌合计占比45%。
§1 三、盈利预测
预计2025—2027年归母净利润分别为1.2、1.5、1.9亿元。
1.2亿元的预测基于谨慎假设。
§1 四、风险提示
需求不及预期。
""".replace("§1 1 投资要点\n", ""),
    "paper: bare numbers, unnumbered ends": """
基于规则的条款识别
§1 摘 要
本文研究条款的识别。
§1 1 引言
合同文本往往很长。
§1 2 方法
§2 2.1 候选
逐行识别编号。
3.5 GB 的显存即可运行。
§2 2.2 投票
编号应当连续。
§1 3 结论
方法有效。
§1 参考文献
[1] 王立. 综述. 2022.
""",
    "English: articles over sections, run-in titles, recitals": """
SHARE PURCHASE AGREEMENT
§1 RECITALS
The Seller owns the Shares.
§1 ARTICLE I DEFINITIONS
§2 Section 1.01 Defined Terms. The following terms have these meanings.
§2 Section 1.02 Interpretation. Headings are for reference only.
§1 ARTICLE II PURCHASE AND SALE
§2 Section 2.01 Closing. The closing takes place at the offices of the Seller.
§1 EXHIBIT A
The form follows.
""",
    "annexes inside a chapter, a list that counts anew, measures after numbers, a list of one": """
招标文件
§1 第一章 须知
§2 一、总则
1.1.14天（或称日）指日历天的条款见后。
§2 二、报告
§3 一、审计意见
财务报表公允。
§3 二、基础
审计工作已完成。
§3 三、责任
管理层负责编制报表。
§2 三、其他
§3 （一）说明
仅此一项。
§2 附件一：开标记录表
开标时间以公告为准。
§2 附件二：澄清函
请予澄清。
§1 第二章 办法
按综合评估法评审。
§1 附件三 图纸
图纸另册装订。
""",
    "no headings at all": """
今天上午，公司召开会议。会议认为，一、二季度的工作是有成效的。
1.5倍的增长说明需求旺盛，3.5%的利率有利于投资。
2024.1.1至2024.12.31期间，共完成项目15个。
根据合同
第五条约定的付款条件，
第六条、第七条的规定，应当付款。
其中：
12个项目已验收；
3个项目在建。
""",
}


def parse(marked: str) -> tuple[str, list[tuple[int, str]]]:
    """The text without marks, and (level, line) of each heading."""
    lines: list[str] = []
    headings: list[tuple[int, str]] = []
    for line in marked.strip().split("\n"):
        if line.startswith("§"):
            mark, line = line.split(" ", 1)
            headings.append((int(mark[1:]), line))
        lines.append(line)
    return "\n".join(lines) + "\n", headings
