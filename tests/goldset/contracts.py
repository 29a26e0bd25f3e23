"""Contracts by template: ten types, banks of phrasings, planted values, defects and traps.

Every clause is a function of the paper; what it says of money, dates, rates and parties is written down as it is said.
The last third of each bank of phrasings stands in held-back papers alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import yaml

from tests.goldset.paper import Paper, figures, small


@dataclass(frozen=True, slots=True)
class Type:
    """A type of contract. ``a`` pays, ``b`` performs."""

    name: str
    titles: list[str]
    a: str
    b: str
    trades: list[str]
    subject: list[str]
    price: str
    duties: list[str]
    term: bool = True
    goods: list[tuple[str, str, int]] = field(default_factory=list)
    """Name, unit, price in yuan: such contracts have a table."""


_BANKS: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
PLACES: list[tuple[str, str]] = [(city, road) for city, road in _BANKS["places"]]
WORDS: list[str] = _BANKS["words"]
TYPES = tuple(Type(**values) for values in _BANKS["types"])

DEFECTS = (
    "amount_words_mismatch", "percent_sum", "missing_clause_ref", "missing_attachment_ref", "blank", "missing_clause",
    "forum_conflict", "deposit_over_limit", "date_order", "item_sum", "amount_conflict",
)  # fmt: skip


@dataclass(slots=True)
class Draft:
    """What the clauses of one contract share."""

    paper: Paper
    type: Type
    flaws: frozenset[str]
    a: str = ""
    b: str = ""
    place: str = ""
    total: int = 0
    signed: date = date(2026, 1, 1)
    style: int = 0
    clauses: list[tuple[str, list[str]]] = field(default_factory=list)
    fields: dict[str, object] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        rng = self.paper.rng
        return text.format(
            a=self.a, b=self.b, place=self.place, n=small(rng.choice((3, 5, 7, 10, 15))),
            m=small(rng.choice((12, 24, 36))),
            s=small(rng.choice((2, 3, 4))),
        )  # fmt: skip


def contract(paper: Paper, type_: Type, flaws: frozenset[str]) -> dict[str, object]:
    """Write a contract into ``paper``; its gold fields. Defects that the type can't have are left out."""
    draft = Draft(paper, type_, _possible(type_, flaws))
    title = paper.pick(type_.titles)
    number = f"{paper.rng.choice(('HT', 'XY', 'CG', 'FW'))}-2026-{paper.rng.randrange(100, 999)}"
    draft.signed = date(2026, paper.rng.randrange(1, 7), paper.rng.randrange(1, 28))
    draft.total = paper.rng.randrange(18, 940) * 10000 if not type_.goods else 0
    draft.style = paper.rng.randrange(4)
    draft.fields = {"title": title, "contract_number": number, "term": None, "forum": None}
    paper.say(f"@title {title}", f"@right 合同编号：{number}")
    _heads(draft)
    for write in (_subject, _price, _payments, _term, _duties, _liability, _dissolution, _disputes, _general):
        write(draft)
    _number(draft)
    _signatures(draft)
    return draft.fields | {
        "parties": paper.parties,
        "amounts": sorted(float(amount) for amount in paper.amounts),
        "dates": sorted(paper.dates),
        "penalties": list(dict.fromkeys(paper.penalties)),
        "payments": list(dict.fromkeys(paper.payments)),
    }


def _possible(type_: Type, flaws: frozenset[str]) -> frozenset[str]:
    impossible = {"item_sum"} if not type_.goods else set()
    if not type_.term:
        impossible.add("date_order")
    if type_.name in ("劳动", "保密", "借款"):
        impossible |= {"deposit_over_limit", "percent_sum"}
    if type_.name == "劳动":  # the law settles both what it needs not say and where one sues
        impossible |= {"missing_clause", "forum_conflict"}
    if "missing_clause" in flaws:
        impossible.add("forum_conflict")
    return flaws - impossible


def _heads(draft: Draft) -> None:
    paper, type_ = draft.paper, draft.type
    rng: Random = paper.rng
    (city_a, road_a), (city_b, road_b) = rng.sample(PLACES, 2)
    draft.place = f"{road_a}{rng.randrange(1, 400)}号"
    forms = ((type_.a, type_.b), ("甲方", "乙方"), (f"甲方（{type_.a}）", f"乙方（{type_.b}）"))
    printed = paper.pick(forms)
    draft.a, draft.b = ("甲方", "乙方") if "甲方" in printed[0] else printed
    words = rng.sample(WORDS, 2)
    for role, spoken, word, city, road, trade in (
        (printed[0], draft.a, words[0], city_a, road_a, type_.trades[0]),
        (printed[1], draft.b, words[1], city_b, road_b, type_.trades[1]),
    ):
        if not trade:  # a person
            name, address = (
                rng.choice(_BANKS["people"]),
                f"{road}{rng.randrange(1, 90)}号{rng.randrange(1, 9)}单元{rng.randrange(101, 909)}室",
            )
            paper.parties.append({"role": spoken, "name": name, "credit_code": None, "address": address})
            paper.say(f"@plain {role}：{name}", f"@plain 住址：{address}")
            continue
        name, address = f"{city}{word}{trade}", f"{road}{rng.randrange(1, 400)}号"
        code = paper.party(spoken, name, address)
        paper.say(
            f"@plain {role}：{name}",
            f"@plain {rng.choice(('统一社会信用代码', '纳税人识别号（统一社会信用代码）'))}：{code}",
            f"@plain {rng.choice(('住所', '地址', '住所地', '注册地址'))}：{address}",
            f"@plain 法定代表人：{rng.choice(_BANKS['people'])}",
        )
        paper.cite("parties", f"{spoken}：{name}", f"{role}：{name}")
    paper.say(
        draft.fill(
            paper.pick(
                (
                    "根据《中华人民共和国民法典》及有关法律、行政法规的规定，双方在平等、自愿的基础上协商一致，订立本合同。",
                    "{a}与{b}本着诚实信用的原则，经充分协商，就下列事项达成一致，共同遵守。",
                    "鉴于{a}具有相应的业务需求，{b}具备履约能力与资质，双方依照《中华人民共和国民法典》第四百六十四条的规定签署本合同。",
                )
            )
        )
    )


# --- the clauses ------------------------------------------------------------------------------------------------------


def _subject(draft: Draft) -> None:
    paper = draft.paper
    body = [draft.fill(paper.pick(draft.type.subject))]
    if draft.type.goods:
        body += _table(draft)
    draft.clauses.append((paper.pick(("标的", "合同标的", "合同内容")), body))


def _table(draft: Draft) -> list[str]:
    """A table of goods; its sum is the price. With ``item_sum`` one of its figures is wrong."""
    paper, rng = draft.paper, draft.paper.rng
    rows, total = [], 0
    chosen = rng.sample(draft.type.goods, rng.randrange(2, len(draft.type.goods)))
    wrong_row = rng.randrange(len(chosen) * 2) if "item_sum" in draft.flaws else -1
    for at, (name, unit, price) in enumerate(chosen):
        count = rng.randrange(2, 12) * (100 if price < 1000 else 1)
        worth = price * count
        if at == wrong_row:
            worth += 1000
        total += worth
        paper.amounts |= {Decimal(price), Decimal(worth)}
        rows.append(f"{at + 1}|{name}|{unit}|{count}|{price:,.2f}|{worth:,.2f}")
        if at == wrong_row:
            paper.flaw("item_sum", rows[-1], "单价乘数量与金额不符")
    draft.total = total
    if wrong_row >= len(chosen):
        rows.append(f"|合计||||{total + 2000:,.2f}")
        paper.amounts.add(Decimal(total + 2000))
        paper.flaw("item_sum", rows[-1], "各行相加与合计不符")
    else:
        rows.append(f"|合计||||{total:,.2f}")
    head = "序号|名称|单位|数量|单价（元）|金额（元）"
    return ["@table 0.7c 2.4l 0.8c 1c 1.8r 2r", head, *rows, "@end"]


def _price(draft: Draft) -> None:
    paper = draft.paper
    said = draft.total + paper.rng.choice((1, 2, 5)) * 10000 if "amount_words_mismatch" in draft.flaws else None
    sum_ = paper.money_in_words(draft.total, said)
    name = draft.type.price
    sentence = draft.fill(
        paper.pick(
            (
                f"本合同{name}为{sum_}。该价款为含税价，除本合同另有约定外不作调整。",
                f"双方确认，{name}共计{sum_}，增值税税率为6%。",
                f"{name}：{sum_}，包括履行本合同所需的全部费用。",
                f"{{a}}就本合同项下全部义务应付之{name}以{sum_}为准，{{b}}不得再以任何名义收取费用。",
                f"{name}（含税）按{sum_}计，税率发生变化的，不含税价不变。",
            )
        )
    )
    if said is not None:
        paper.flaw("amount_words_mismatch", sum_, "大小写不一致")
    paper.cite("amounts", f"{Decimal(draft.total):f}元", sum_)
    body = [sentence]
    if draft.type.name not in ("劳动", "保密", "借款"):
        body += _deposit(draft)
    draft.clauses.append((paper.pick(("价款", "合同价款", "费用", "价款与税费")), body))


def _deposit(draft: Draft) -> list[str]:
    paper = draft.paper
    if "deposit_over_limit" in draft.flaws:
        deposit = draft.total * paper.rng.choice((25, 30)) // 100
        paper.payments.append(f"{deposit}.00元")
        quote = draft.fill(f"{{a}}应向{{b}}交付定金{paper.money(deposit)}")
        paper.flaw("deposit_over_limit", quote, "定金超过合同价款的20%")
        return [f"本合同签订之日起三日内，{quote}。"]
    phrase = paper.pick(
        (
            "双方确认本合同不收取定金。",
            "{{a}}应交付定金{money}，定金在最后一笔付款时抵作价款。",
            "{{b}}无权要求{{a}}交纳任何形式的定金或者保证金。",
        )
    )
    if "{money}" not in phrase:
        return [draft.fill(phrase.format())]
    deposit = draft.total * 15 // 100
    paper.payments.append(f"{deposit}.00元")
    return [draft.fill(phrase.format(money=paper.money(deposit)))]


def _payments(draft: Draft) -> None:
    paper = draft.paper
    if draft.type.name in ("劳动", "保密", "借款"):
        return
    shares = list(paper.rng.choice(((30, 60, 10), (40, 55, 5), (20, 50, 27, 3), (50, 45, 5))))
    if "percent_sum" in draft.flaws:
        shares[1] -= 5
    times = (
        "本合同生效后{n}个工作日内",
        "{b}完成主要义务并经{a}书面确认后{n}日内",
        "验收合格后{n}日内",
        "质量保证期届满后{n}日内",
    )
    if len(shares) == 3:
        times = (*times[:2], times[3])
    lines = [
        draft.fill(f"（{small(at + 1)}）{time}，{{a}}支付{draft.type.price}的{paper.payment(share)}；")
        for at, (time, share) in enumerate(zip(times, shares, strict=True))
    ]
    lines[-1] = lines[-1][:-1] + "。"
    head = draft.fill(paper.pick(("价款分期支付如下：", "{a}按下列节点付款：", "{a}应依约定进度分期支付，具体为：")))
    if "percent_sum" in draft.flaws:
        paper.flaw("percent_sum", lines[0][3:], f"付款比例合计{sum(shares)}%")
    body = [head, *lines]
    body.append(draft.fill("{b}应在{a}付款前开具等额的增值税专用发票；未开具的，{a}有权顺延付款且不承担逾期责任。"))
    if "blank" in draft.flaws:
        quote = "开户银行：________________"
        body.append(f"{quote}。")
        paper.flaw("blank", quote, "开户银行未填")
    draft.clauses.append((paper.pick(("付款方式", "价款支付", "支付安排")), body))


def _term(draft: Draft) -> None:
    paper, rng = draft.paper, draft.paper.rng
    if draft.type.term:
        months = rng.choice((12, 18, 24, 36))
        start = draft.signed + timedelta(days=rng.randrange(1, 20))
        end = _after(start, months) - timedelta(days=1)
        if "date_order" in draft.flaws:
            end = start - timedelta(days=rng.randrange(30, 200))
            text = f"自{paper.day(start)}起至{paper.day(end)}止"
            draft.fields["term"] = {"start": start.isoformat(), "end": end.isoformat(), "length": None}
            paper.flaw("date_order", text, "终止日早于起始日")
            body = [f"本合同的履行期限{text}。"]
        else:
            draft.fields["term"] = {"start": start.isoformat(), "end": end.isoformat(), "length": f"{months}个月"}
            body = [
                paper.pick(
                    (
                        f"合同期限为{months}个月，自{paper.day(start)}起至{paper.day(end)}止。",
                        f"本合同有效期{small(months)}个月，自{paper.day(start)}起至{paper.day(end)}止。",
                        f"履行期间：{paper.day(start)}至{paper.day(end)}，共{months}个月。",
                    )
                )
            ]
    else:
        due = draft.signed + timedelta(days=rng.randrange(40, 160))
        body = [draft.fill(f"{{b}}应于{paper.day(due)}前完成本合同约定的全部主要义务。")]
    draft.clauses.append((paper.pick(("期限", "履行期限", "合同期限")), body))


def _after(start: date, months: int) -> date:
    year, month = divmod(start.month - 1 + months, 12)
    return date(start.year + year, month + 1, min(start.day, 28))


def _duties(draft: Draft) -> None:
    paper = draft.paper
    body = [draft.fill(duty) for duty in draft.type.duties]
    if draft.type.name in ("劳动", "保密", "借款") and "blank" in draft.flaws:
        quote = "联系人及电话：【　　　　】"
        body.append(f"双方的{quote}。")
        paper.flaw("blank", quote, "联系人未填")
    draft.clauses.append((paper.pick(("双方的权利义务", "义务与保证", "权利与义务")), body))


def _liability(draft: Draft) -> None:
    paper, rng = draft.paper, draft.paper.rng
    if "missing_clause" in draft.flaws and rng.random() < 0.5:
        paper.flaw("missing_clause", None, "没有违约责任的约定", clause="违约责任")
        return
    if draft.type.name == "劳动":
        body = [draft.fill("{b}违反保密义务给{a}造成损失的，应当依法承担赔偿责任。"),
                "除法律规定的服务期和竞业限制情形外，双方不约定由劳动者承担的违约金。"]  # fmt: skip
    else:
        base = draft.type.price
        late = paper.pick(
            (
                "{{a}}逾期付款的，应按逾期金额{rate}向{{b}}支付违约金。",
                "{{a}}未按期付款的，以未付款项为基数，按{rate}的标准计付滞纳金。",
                "{{a}}怠于付款者，自应付之日起，就迟延部分按{rate}承担违约金，直至清偿。",
            )
        )
        breach = paper.pick(
            (
                "{{b}}迟延履行超过三十日的，{{a}}有权解除合同，{{b}}应支付{base}{share}的违约金。",
                "{{b}}根本违约的，应当向{{a}}支付违约金{sum}。",
                "任何一方违反本合同的保证与承诺，须向守约方给付相当于{base}{share}之违约金，违约金不足以弥补损失的，另行赔偿。",
            )
        )
        told = {"base": base}
        if "{share}" in breach:
            told["share"] = paper.share_penalty(rng.choice((5, 10, 15, 20)))
        else:
            told["sum"] = paper.sum_penalty(rng.choice((50000, 80000, 120000)))
        rate = paper.daily_rate(rng.choice((2, 3, 5, 10)))
        body = [draft.fill(late.format(rate=rate)), draft.fill(breach.format(**told))]
    draft.clauses.append(("违约责任", body))


def _dissolution(draft: Draft) -> None:
    paper = draft.paper
    bank = (
        "经双方协商一致，可以书面解除本合同。",
        "有《中华人民共和国民法典》第五百六十三条规定情形之一的，当事人可以解除合同。",
        "任何一方进入破产程序、被吊销营业执照的，另一方有权解除本合同，解除自通知到达时生效。",
    )
    body = [
        draft.fill(paper.pick(bank)),
        "因不可抗力不能履行的，根据影响部分或者全部免除责任，但应在十五日内提供证明。",
    ]
    if draft.type.name == "保密":
        body.append("上述义务不因本合同终止而消灭。")
    draft.clauses.append((paper.pick(("变更与解除", "合同的解除", "解除与不可抗力")), body))


_PRESCRIBED = {"租赁": "房屋所在地人民法院", "建设工程": "工程所在地人民法院"}
"""Courts that the law prescribes: a sound contract agrees on no other."""


def _disputes(draft: Draft) -> None:
    paper, rng = draft.paper, draft.paper.rng
    if "missing_clause" in draft.flaws and not any(d["code"] == "missing_clause" for d in paper.defects):
        paper.flaw("missing_clause", None, "没有争议解决的约定", clause="争议解决")
        return
    commission = rng.choice(_BANKS["commissions"])
    court = draft.fill(rng.choice(("{a}所在地人民法院", "{b}所在地人民法院", "合同签订地人民法院")))
    court = _PRESCRIBED.get(draft.type.name, court)
    arbitrate = paper.pick(
        (
            f"因本合同引起的争议，双方应友好协商；协商不成的，提交{commission}按照其仲裁规则仲裁，裁决是终局的。",
            f"凡因本合同产生的纠纷，均应提交{commission}仲裁解决。",
            f"与本合同有关的一切争议概由{commission}以仲裁方式终局裁断，双方放弃向法院起诉的权利。",
        )
    )
    sue = paper.pick(
        (
            f"协商不成的，任何一方均可向{court}提起诉讼。",
            f"因履行本合同发生的争议，由{court}管辖。双方不约定仲裁。",
            f"本合同争议的管辖法院为{court}，诉讼费用由败诉方承担。",
        )
    )
    if "forum_conflict" in draft.flaws:
        paper.flaw("forum_conflict", sue.partition("。")[0], "既约定仲裁又约定诉讼", other=arbitrate)
        draft.clauses.append(("争议解决", [arbitrate, sue]))
    elif draft.type.name == "劳动":
        draft.clauses.append(
            (
                "争议处理",
                ["因履行本合同发生争议的，可以向劳动争议仲裁委员会申请仲裁；对裁决不服的，可以向人民法院起诉。"],
            )
        )
        draft.fields.pop("forum")  # the law's own order: nothing was agreed
    elif rng.random() < 0.5:
        draft.fields["forum"] = {"kind": "仲裁", "where": commission}
        paper.cite("forum", f"仲裁：{commission}", arbitrate.partition("。")[0])
        draft.clauses.append((paper.pick(("争议解决", "争议的处理", "法律适用与争议解决")), [arbitrate]))
    else:
        draft.fields["forum"] = {"kind": "诉讼", "where": court}
        paper.cite("forum", f"诉讼：{court}", sue.partition("。")[0])
        draft.clauses.append((paper.pick(("争议解决", "争议的处理", "法律适用与争议解决")), [sue]))


def _general(draft: Draft) -> None:
    paper, rng = draft.paper, draft.paper.rng
    body = ["本合同附件一为《业务说明》，与正文具有同等效力。"]
    if "missing_attachment_ref" in draft.flaws:
        quote = f"验收标准详见附件{small(rng.choice((5, 6, 8)))}"
        body.append(f"{quote}。")
        paper.flaw("missing_attachment_ref", quote, "没有这个附件")
    if "missing_clause_ref" in draft.flaws:
        quote = f"按照本合同第{small(rng.choice((25, 31, 42)))}条的约定"
        body.append(f"通知与送达{quote}执行。")
        paper.flaw("missing_clause_ref", quote, "没有这一条")
    if "amount_conflict" in draft.flaws:
        other = draft.total + 30000
        quote = f"{draft.type.price}为{paper.money(other)}"
        body.append(f"双方再次确认，本合同{quote}。")
        paper.flaw("amount_conflict", quote, f"前文为{figures(Decimal(draft.total))}元")
    copies = rng.choice((2, 4, 6))
    body.append(f"本合同一式{small(copies)}份，双方各执{small(copies // 2)}份，自双方签字盖章之日起生效。")
    draft.clauses.append((paper.pick(("附则", "其他约定", "其他")), body))


def _number(draft: Draft) -> None:
    """Give the clauses their numbers, in one of four customs."""
    for at, (head, body) in enumerate(draft.clauses, 1):
        heading = (f"第{small(at)}条　{head}", f"{small(at)}、{head}", f"{at}. {head}", f"第{at}条 {head}")[draft.style]
        draft.paper.say(f"@bold {heading}")
        plain = iter(body)
        count = 0
        for line in plain:
            if line.startswith("@table"):
                draft.paper.say(line)
                for row in plain:
                    draft.paper.say(row)
                    if row == "@end":
                        break
                continue
            count += 1
            own = ("", f"{count}、", f"{at}.{count} ", f"{at}.{count}")[draft.style]
            draft.paper.say(line if line.startswith("（") else own + line)


def _signatures(draft: Draft) -> None:
    paper = draft.paper
    when = paper.day(draft.signed)
    paper.say(
        "（以下无正文）",
        "@sign",
        f"{draft.a}（盖章）：|{draft.b}（盖章）：",
        "法定代表人或授权代表（签字）：|法定代表人或授权代表（签字）：",
        f"签订日期：{when}|签订日期：{when}",
        "@end",
    )
