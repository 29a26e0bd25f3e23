"""Numbers that carry their own check digit: credit codes, identity cards, bank cards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

from pipeline.kinds.contract.view import Defect, View
from pipeline.lang import Text
from pipeline.types import Finding, Span

_CREDIT_LABEL = (
    r"(?:统一社会信用代码|社会信用代码|信用代码)(?:\([^()\n]{1,20}\))?(?:/[\u4e00-\u9fa5]{2,8})?\s*[:\t为是]?\s*"
)
_TAX_LABEL = r"(?:纳税人识别号|(?<![\u4e00-\u9fa5])税号|[方人]税号|纳税识别号)(?:\([^()\n]{1,20}\))?\s*[:\t为是]?\s*"
"""The same number, since 2015; older ones have 15 digits, 20 are a person's: only what has 18 is checked."""
_CREDIT = re.compile(rf"{_CREDIT_LABEL}(?P<value>[0-9A-Z][0-9A-Z ]{{13,24}}[0-9A-Z])(?![0-9A-Z])")
_TAX_NUMBER = re.compile(rf"{_TAX_LABEL}(?P<value>9[0-9A-Z]{{17}})(?![0-9A-Z])")
_IDENTITY = re.compile(
    r"(?:身份证|公民身份)(?:件)?(?:号码|号|编号)?\s*[:\t为是]?\s*(?P<value>\d[\d ]{14,22}[\dXx])(?![\dA-Za-z])"
)
_CARD = re.compile(r"(?:账|帐|卡)\s?(?:户|号)?(?:号码)?\s*\s*[:\t为是]?\s*(?P<value>62[\d ]{13,22}\d)(?!\d|[.,]\d)")
_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CARD_LENGTHS = range(16, 20)


def credit_code_error(code: str) -> Text | None:
    """What is wrong with a 统一社会信用代码 by GB 32100-2015; None where nothing is."""
    if len(code) != 18:
        return _length_error(code)
    if strange := "".join(sorted(set(code) - set(_CREDIT_SIGNS))):
        return Text(f"代码中不使用字符 {strange}", f"No such code has the character {strange}")
    total = sum(_CREDIT_SIGNS.index(sign) * weight for sign, weight in zip(code, _CREDIT_WEIGHTS, strict=False))
    expected = _CREDIT_SIGNS[-total % 31]
    return None if code[17] == expected else _check_error(expected, code[17])


def _length_error(printed: str) -> Text:
    return Text(f"应为18位，文中为{len(printed)}位", f"It should have 18 characters and has {len(printed)}")


def _check_error(expected: str, printed: str) -> Text:
    return Text(
        f"末位校验码应为 {expected}，文中为 {printed}",
        f"Its last character, the check digit, should be {expected} and is {printed}",
    )


def identity_error(number: str) -> Text | None:
    """What is wrong with the number of an identity card by GB 11643-1999; None where nothing is."""
    if len(number) != 18 or not number[:17].isdigit():
        return None if len(number) == 15 else _length_error(number)
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return Text(f"其中的出生日期 {number[6:14]} 不存在", f"There is no day {number[6:14]}, the date of birth in it")
    total = sum(int(digit) * weight for digit, weight in zip(number, _IDENTITY_WEIGHTS, strict=False))
    expected = "10X98765432"[total % 11]
    return None if number[17].upper() == expected else _check_error(expected, number[17])


def card_error(number: str) -> Text | None:
    """Whether the number of a UnionPay card (62…, 16 to 19 digits) fails the Luhn test; accounts of firms have none."""
    if len(number) not in _CARD_LENGTHS:
        return None
    doubled = (int(d) if i % 2 == 0 else sum(divmod(2 * int(d), 10)) for i, d in enumerate(reversed(number)))
    if sum(doubled) % 10 == 0:
        return None
    return Text("卡号不符合银行卡的校验规则（Luhn）", "The card number fails the check of bank cards (Luhn)")


_COMPARE = Text(
    "对照营业执照或在国家企业信用信息公示系统核对后更正。",
    "Compare with the business licence or the national enterprise credit register, and correct it.",
)
_CHECKS: tuple[tuple[str, str, re.Pattern[str], Callable[[str], Text | None], Text], ...] = (
    ("统一社会信用代码校验不符", "信用代码", _CREDIT, credit_code_error, _COMPARE),
    ("统一社会信用代码校验不符", "税号", _TAX_NUMBER, credit_code_error, _COMPARE),
    ("统一社会信用代码校验不符", "识别号", _TAX_NUMBER, credit_code_error, _COMPARE),
    (
        "身份证号校验不符", "身份", _IDENTITY, identity_error,
        Text("对照身份证原件更正。", "Compare with the identity card, and correct it."),
    ),
    (
        "银行卡号校验不符", "62", _CARD, card_error,
        Text("向收款人核实账号后更正，避免错付。",
             "Confirm the account with the payee, and correct it before anything is paid."),
    ),
)  # fmt: skip


def number_errors(view: View) -> Iterator[Finding]:
    """Each wrong number once, where it stands first."""
    seen: set[str] = set()
    for item, mark, pattern, error_of, advice in _CHECKS:
        for match in pattern.finditer(view.text) if mark in view.text else ():
            printed = match["value"].rstrip()
            number = printed.replace(" ", "")
            if number in seen or not (error := error_of(number)):
                continue
            seen.add(number)
            start = match.start("value")
            defect = Defect(item, "conflict", "medium", number, Text(f"{error.zh}。", f"{error.en}."), advice)
            yield defect.at(view.quote(Span(start, start + len(printed))))
