"""The questions that are asked about a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pipeline.kinds.base import Answer, Extract, Group, Level, Long, Prove, Short, at_most, finding
from pipeline.lang import Text
from pipeline.types import Evidence, Finding


class Party(Extract):
    role: Annotated[
        Short,
        Text("合同里的称谓，如 甲方、出租人、借款人", "the role as printed in the contract, e.g. 甲方, 出租人, 借款人"),
    ]
    name: Annotated[Short, Text("名称或姓名全称", "full name, as printed")]
    credit_code: Annotated[
        Short,
        Text("统一社会信用代码或证件号；没有则为空", "unified social credit code or identity number; empty if none"),
    ]
    address: Annotated[Short, Text("住所地或地址；没有则为空", "domicile or address, as printed; empty if none")]

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        stated = {"统一社会信用代码": self.credit_code, "地址": self.address}
        proofs = {item: prove(value) for item, value in stated.items() if value.strip()}
        unproved = [
            str(Text(f"{item} {stated[item]}（原文未见）", f"{item} {stated[item]} (not in the text)"))
            for item, proof in proofs.items()
            if proof.match == "none"
        ]
        return [
            finding("parties", self.role, self.name, evidence, str(Text("；", "; ")).join(unproved)),
            *(
                finding("parties", f"{self.role}·{item}", stated[item], proof)
                for item, proof in proofs.items()
                if proof.match != "none"
            ),
        ]


class Term(Extract):
    item: Annotated[
        Short,
        Text(
            "名目：合同名称、合同编号、签订日期、生效条件、合同期限、起止日期、标的等",
            "what it is, in the document's words: contract name, number, date of signing, conditions of "
            "effectiveness, term, start and end dates, subject matter, etc.",
        ),
    ]
    value: Annotated[Long, Text("内容；日期写作 YYYY-MM-DD", "what is stated; dates as YYYY-MM-DD")]

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("basics", self.item, self.value, evidence)]


class Amount(Extract):
    item: Annotated[
        Short,
        Text(
            "是什么钱：合同总价、单价、租金、定金、保证金、借款本金、利率、税率等",
            "what the money is, in the document's words: total price, unit price, rent, earnest money, security "
            "deposit, loan principal, interest rate, tax rate, etc.",
        ),
    ]
    value: Annotated[Short, Text("数值与单位，如 1280000元、13%", "figure and unit, e.g. 1280000元, 13%")]
    detail: Annotated[
        Long,
        Text(
            "计算方式、含税与否、大写等说明；没有则为空",
            "how it is calculated, whether tax is included, the amount in words, etc.; empty if none",
        ),
    ]

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("money", self.item, self.value, evidence, self.detail)]


class Payment(Extract):
    item: Annotated[
        Short,
        Text(
            "节点名称，如 预付款、到货款、质保金",
            "name of the instalment, in the document's words: advance payment, retention money, etc.",
        ),
    ]
    value: Annotated[Short, Text("比例或金额，如 30%", "percentage or amount, e.g. 30%")]
    detail: Annotated[
        Long,
        Text("付款条件与期限、发票、账户等", "conditions and time of payment, invoice, account, etc."),
    ]

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("payment", self.item, self.value, evidence, self.detail)]


class Clause(Extract):
    item: Annotated[Short, Text("条款名目", "what the clause is about, in the document's words")]
    value: Annotated[Long, Text("要点，含期限、数值、标准", "its substance, with periods, figures and standards")]
    detail: Annotated[Long, Text("适用条件、例外；没有则为空", "conditions and exceptions; empty if none")]


class Delivery(Clause):
    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("delivery", self.item, self.value, evidence, self.detail)]


class Liability(Clause):
    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("liability", self.item, self.value, evidence, self.detail)]


class Dispute(Clause):
    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("disputes", self.item, self.value, evidence, self.detail)]


class Risk(Extract):
    title: Annotated[Short, Text("风险的短名", "short name of the risk")]
    severity: Annotated[
        Level,
        Text(
            "high（可能造成重大损失或使合同目的落空）、medium、low",
            "high (may cause heavy loss or defeat the purpose of the contract), medium, low",
        ),
    ]
    reason: Annotated[Long, Text("为什么是风险，对谁不利", "why it is a risk, and to whose detriment")]
    suggestion: Annotated[
        Long,
        Text(
            "建议的修改，能直接写进合同的措辞更好",
            "the amendment advised, preferably as wording that can go straight into the contract",
        ),
    ]

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [
            replace(
                finding("risks", self.title, "", evidence, self.reason),
                severity=self.severity,
                suggestion=self.suggestion.strip(),
            )
        ]


class Basics(Answer):
    parties: Annotated[list[Party], at_most(10), Text("合同当事人与担保人", "parties to the contract, and guarantors")]
    basics: Annotated[
        list[Term],
        at_most(24),
        Text("合同的基本信息与期限", "basic information and term of the contract"),
    ]


class Money(Answer):
    money: Annotated[
        list[Amount],
        at_most(24),
        Text("所有金额、单价、费率、税率", "all amounts, unit prices, rates and tax rates"),
    ]
    payments: Annotated[list[Payment], at_most(16), Text("付款节点", "payment instalments")]


class Deliveries(Answer):
    delivery: Annotated[
        list[Delivery],
        at_most(24),
        Text("交付、履行、验收、质保、维护", "delivery, performance, acceptance, warranty, maintenance"),
    ]


class Liabilities(Answer):
    liability: Annotated[
        list[Liability],
        at_most(24),
        Text(
            "违约责任、赔偿、责任限制、解除与终止",
            "liability for breach, damages, limits of liability, rescission and termination",
        ),
    ]


class Disputes(Answer):
    disputes: Annotated[
        list[Dispute],
        at_most(24),
        Text(
            "争议解决与管辖、适用法律、保密、知识产权、不可抗力、通知、变更、附件等其他约定",
            "dispute resolution and jurisdiction, governing law, confidentiality, intellectual property, "
            "force majeure, notices, amendment, annexes and other terms",
        ),
    ]


class Risks(Answer):
    risks: Annotated[
        list[Risk],
        at_most(16),
        Text(
            "对委托方不利、不明确、不合法或前后矛盾之处",
            "what is adverse to the client, unclear, unlawful or contradictory",
        ),
    ]


GROUPS = (
    Group("contract/basics", Basics),
    Group("contract/money", Money),
    Group("contract/delivery", Deliveries),
    Group("contract/liability", Liabilities),
    Group("contract/disputes", Disputes),
    Group("contract/risks", Risks, thinks=True),
)
