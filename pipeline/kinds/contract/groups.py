"""The questions that are asked about a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from pipeline.kinds.base import Answer, Group, Item, Level, Long, Prove, Short, at_most, finding
from pipeline.types import Evidence, Finding


class Party(Item):
    role: Short = Field(description="合同里的称谓，如 甲方、出租人、借款人")
    name: Short = Field(description="名称或姓名全称")
    credit_code: Short = Field(description="统一社会信用代码或证件号；没有则为空")
    address: Short = Field(description="住所地或地址；没有则为空")

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        stated = {"统一社会信用代码": self.credit_code, "地址": self.address}
        proofs = {item: prove(value) for item, value in stated.items() if value.strip()}
        unproved = [f"{item} {stated[item]}（原文未见）" for item, proof in proofs.items() if proof.match == "none"]
        return [
            finding("parties", self.role, self.name, evidence, "；".join(unproved)),
            *(
                finding("parties", f"{self.role}·{item}", stated[item], proof)
                for item, proof in proofs.items()
                if proof.match != "none"
            ),
        ]


class Term(Item):
    item: Short = Field(description="名目：合同名称、合同编号、签订日期、生效条件、合同期限、起止日期、标的等")
    value: Long = Field(description="内容；日期写作 YYYY-MM-DD")

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("basics", self.item, self.value, evidence)]


class Amount(Item):
    item: Short = Field(description="是什么钱：合同总价、单价、租金、定金、保证金、借款本金、利率、税率等")
    value: Short = Field(description="数值与单位，如 1280000元、13%")
    detail: Long = Field(description="计算方式、含税与否、大写等说明；没有则为空")

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("money", self.item, self.value, evidence, self.detail)]


class Payment(Item):
    item: Short = Field(description="节点名称，如 预付款、到货款、质保金")
    value: Short = Field(description="比例或金额，如 30%")
    detail: Long = Field(description="付款条件与期限、发票、账户等")

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("payment", self.item, self.value, evidence, self.detail)]


class Clause(Item):
    item: Short = Field(description="条款名目")
    value: Long = Field(description="要点，含期限、数值、标准")
    detail: Long = Field(description="适用条件、例外；没有则为空")


class Delivery(Clause):
    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("delivery", self.item, self.value, evidence, self.detail)]


class Liability(Clause):
    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("liability", self.item, self.value, evidence, self.detail)]


class Dispute(Clause):
    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [finding("disputes", self.item, self.value, evidence, self.detail)]


class Risk(Item):
    title: Short = Field(description="风险的短名")
    severity: Level = Field(description="high（可能造成重大损失或使合同目的落空）、medium、low")
    reason: Long = Field(description="为什么是风险，对谁不利")
    suggestion: Long = Field(description="建议的修改，能直接写进合同的措辞更好")

    def findings(self, evidence: Evidence, prove: Prove) -> Sequence[Finding]:
        return [
            replace(
                finding("risks", self.title, "", evidence, self.reason),
                severity=self.severity,
                suggestion=self.suggestion.strip(),
            )
        ]


class Basics(Answer):
    parties: Annotated[list[Party], at_most(10)] = Field(description="合同当事人与担保人")
    basics: Annotated[list[Term], at_most(24)] = Field(description="合同的基本信息与期限")


class Money(Answer):
    money: Annotated[list[Amount], at_most(24)] = Field(description="所有金额、单价、费率、税率")
    payments: Annotated[list[Payment], at_most(16)] = Field(description="付款节点")


class Deliveries(Answer):
    delivery: Annotated[list[Delivery], at_most(24)] = Field(description="交付、履行、验收、质保、维护")


class Liabilities(Answer):
    liability: Annotated[list[Liability], at_most(24)] = Field(description="违约责任、赔偿、责任限制、解除与终止")


class Disputes(Answer):
    disputes: Annotated[list[Dispute], at_most(24)] = Field(
        description="争议解决与管辖、适用法律、保密、知识产权、不可抗力、通知、变更、附件等其他约定"
    )


class Risks(Answer):
    risks: Annotated[list[Risk], at_most(16)] = Field(description="对委托方不利、不明确、不合法或前后矛盾之处")


GROUPS = (
    Group("contract/basics", Basics),
    Group("contract/money", Money),
    Group("contract/delivery", Deliveries),
    Group("contract/liability", Liabilities),
    Group("contract/disputes", Disputes),
    Group("contract/risks", Risks, thinks=True),
)
