"""The samples are what their gold says: every value and every planted defect stands where it should, and nothing else.

The gold is not trusted: amounts, dates and defects of the clean contracts are found again here, by other means.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import make_samples
import pypdfium2
import pytest

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
NAMES = sorted(path.name.removesuffix(".gold.json") for path in SAMPLES.glob("*.gold.json"))
SCANNED = [name for name in NAMES if "扫描" in name]
TEXT = [name for name in NAMES if name not in SCANNED]
LONG = [name for name in NAMES if "框架" in name]
CONTRACTS = [name for name in TEXT if not name.startswith(("11", "12"))]
CONTRACT_CODES = {
    "amount_words_mismatch", "percent_sum", "missing_clause_ref", "missing_attachment_ref", "blank", "missing_clause",
    "forum_conflict", "deposit_over_limit", "date_order", "item_sum",
}  # fmt: skip
REPORT_CODES = {"table_sum", "growth_rate", "balance_identity"}
TYPES = {"采购", "技术服务", "房屋租赁", "保密", "借款", "劳动", "建设工程分包", "软件许可"}

DIGITS = {c: i for i, c in enumerate("零壹贰叁肆伍陆柒捌玖")} | {c: i for i, c in enumerate("〇一二三四五六七八九")}
PLACES = {"拾": 10, "佰": 100, "仟": 1000, "十": 10, "百": 100, "千": 1000}
FACTORS = {"": 1, "万": 10_000, "亿": 100_000_000}
FIGURE = re.compile(r"(?<![\d.,])(\d[\d,]*(?:\.\d+)?)\s*([万亿]?)元")
SIGN = re.compile(r"[¥￥]\s*(\d[\d,]*(?:\.\d+)?)")
WORDS = re.compile(
    r"[壹贰叁肆伍陆柒捌玖拾][零壹贰叁肆伍陆柒捌玖拾佰仟万亿]*[元圆](?:[零壹贰叁肆伍陆柒捌玖]角)?(?:[零壹贰叁肆伍陆柒捌玖]分)?"
)
PAIR = re.compile(r"([\d,]+(?:\.\d+)?)元（大写：([^）]+?)）")
DATE = re.compile(
    r"(\d{4}|[〇一二三四五六七八九]{4})年(\d{1,2}|[一二三四五六七八九十]+)月(\d{1,2}|[一二三四五六七八九十]+)日"
)


@cache
def gold_of(name: str) -> dict:
    return json.loads((SAMPLES / f"{name}.gold.json").read_text(encoding="utf-8"))


@cache
def raw_pages(name: str) -> tuple[str, ...]:
    document = pypdfium2.PdfDocument(SAMPLES / f"{name}.pdf")
    try:
        return tuple(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def bare(text: str) -> str:
    return re.sub(r"[\s\ufffe]", "", text)


@cache
def text_of(name: str) -> str:
    """The whole text without white space; page numbers and headers stay in it."""
    return "".join(bare(page) for page in raw_pages(name))


@cache
def body_of(name: str) -> str:
    """The text without white space, and without the first and last lines that every page repeats."""
    lines = [[bare(line) for line in page.splitlines() if line.strip()] for page in raw_pages(name)]
    marks = [[re.sub(r"\d+", "#", line) for line in page] for page in lines]
    common = {mark for page in marks for mark in page[:2] + page[-2:] if sum(mark in other for other in marks) > 1}
    kept = [line for page, ms in zip(lines, marks, strict=True) for line, m in zip(page, ms, strict=True)
            if m not in common or len(m) > 40]  # fmt: skip
    return "".join(kept)


def in_figures(words: str) -> float:
    total = section = digit = 0
    cents = 0.0
    for letter in words:
        if letter in DIGITS:
            digit = DIGITS[letter]
        elif letter in PLACES:
            section, digit = section + (digit or 1) * PLACES[letter], 0
        elif letter == "万":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        elif letter == "亿":
            total, section, digit = (total + section + digit) * 100_000_000, 0, 0
        elif letter in "元圆":
            total, section, digit = total + section + digit, 0, 0
        elif letter in "角分":
            cents, digit = cents + digit * (0.1 if letter == "角" else 0.01), 0
    return round(total + section + digit + cents, 2)


def figure(text: str) -> float:
    return float(text.replace(",", ""))


def amounts_in(text: str) -> set[float]:
    found = {round(figure(m[1]) * FACTORS[m[2]], 2) for m in FIGURE.finditer(text)}
    found |= {figure(m[1]) for m in SIGN.finditer(text)}
    return found | {in_figures(m[0]) for m in WORDS.finditer(text)}


def small_number(text: str) -> int:
    if text.isdigit():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (DIGITS[tens] if tens else 1) * 10 + (DIGITS[ones] if ones else 0)
    return int("".join(str(DIGITS[letter]) for letter in text))


def dates_in(text: str) -> set[str]:
    return {f"{small_number(m[1])}-{small_number(m[2]):02}-{small_number(m[3]):02}" for m in DATE.finditer(text)}


def valid_credit_code(code: str) -> bool:
    """GB 32100-2015: eighteen characters, the last one a check modulo 31."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if len(code) != 18 or any(letter not in alphabet for letter in code):
        return False
    total = sum(alphabet.index(letter) * pow(3, place, 31) for place, letter in enumerate(code[:17]))
    return alphabet[-total % 31] == code[17]


def test_the_set_is_complete():
    types = {gold_of(name)["type"] for name in NAMES}
    assert types >= TYPES
    assert len(NAMES) == 14 and len(LONG) == 1 and len(SCANNED) == 1
    assert sum(gold_of(name)["kind"] == "report" for name in NAMES) == 2
    codes = {defect["code"] for name in NAMES for defect in gold_of(name)["defects"]}
    assert codes >= CONTRACT_CODES | REPORT_CODES
    assert sum(gold_of(name)["defects"] == [] for name in CONTRACTS) >= 2
    assert len(gold_of(LONG[0])["defects"]) >= 6


def test_together_under_6_mb():
    assert sum(path.stat().st_size for path in SAMPLES.glob("*.pdf")) < 6_000_000


@pytest.mark.parametrize("name", NAMES)
def test_pages_and_file(name: str):
    gold = gold_of(name)
    assert gold["file"] == f"{name}.pdf"
    assert gold["pages"] == len(raw_pages(name))
    assert gold["kind"] in ("contract", "report")


@pytest.mark.parametrize("name", TEXT)
def test_defect_quotes_stand_once_on_their_page(name: str):
    for defect in gold_of(name)["defects"]:
        for place in (defect, defect.get("other")):
            if place and place["quote"]:
                quote = bare(place["quote"])
                assert bare(raw_pages(name)[place["page"] - 1]).count(quote) == 1, (defect["code"], quote)
                assert text_of(name).count(quote) == 1


@pytest.mark.parametrize("name", TEXT)
def test_no_character_is_missing(name: str):
    assert not re.search(r"[\ufffd\u25a1\x00]", "".join(raw_pages(name)))


@pytest.mark.parametrize("name", CONTRACTS)
def test_fields_stand_in_the_text(name: str):
    fields, text = gold_of(name)["fields"], text_of(name)
    assert bare(fields["title"]) in text
    assert fields["contract_number"] is None or bare(fields["contract_number"]) in text
    assert len(fields["parties"]) >= 2
    for party in fields["parties"]:
        for key in ("role", "name", "credit_code", "address"):
            assert party[key] is None or bare(party[key]) in text, party[key]
    if fields["forum"]:
        assert bare(fields["forum"]["where"]) in text


@pytest.mark.parametrize("name", [name for name in NAMES if gold_of(name)["kind"] == "contract"])
def test_credit_codes_are_valid(name: str):
    for party in gold_of(name)["fields"]["parties"]:
        assert party["credit_code"] is None or valid_credit_code(party["credit_code"]), party


@pytest.mark.parametrize("name", CONTRACTS)
def test_amounts_are_exactly_those_in_the_text(name: str):
    fields = gold_of(name)["fields"]
    in_tables = set(fields.get("amounts_in_tables", []))
    assert amounts_in(body_of(name)) == set(fields["amounts"]) - in_tables
    assert len(fields["amounts"]) == len(set(fields["amounts"]))
    for amount in in_tables:
        plain = f"{amount:,.2f}"
        assert plain in text_of(name), plain


@pytest.mark.parametrize("name", CONTRACTS)
def test_dates_are_exactly_those_in_the_text(name: str):
    fields = gold_of(name)["fields"]
    assert dates_in(body_of(name)) == set(fields["dates"])
    if fields["term"]:
        assert {fields["term"]["start"], fields["term"]["end"]} <= {*fields["dates"], None}


def rates_in(text: str) -> set[str]:
    per_thousand = {"千分之": 0.1, "万分之": 0.01, "百分之": 1.0}
    numbers = {f"{float(m[1]):g}%" for m in re.finditer(r"(\d+(?:\.\d+)?)%", text)}
    for m in re.finditer(r"([千万百]分之)([一二三四五六七八九十]+)", text):
        numbers.add(f"{small_number(m[2]) * per_thousand[m[1]]:g}%")
    return numbers


@pytest.mark.parametrize("name", CONTRACTS)
def test_penalties_and_payments_stand_in_the_text(name: str):
    fields = gold_of(name)["fields"]
    rates = rates_in(text_of(name))
    for value in [*fields["penalties"], *fields["payments"]]:
        head = value.split("/")[0]
        if head.endswith("元"):
            assert float(head[:-1]) in fields["amounts"], value
        else:
            assert head in rates, value


@pytest.mark.parametrize("name", CONTRACTS)
def test_only_the_planted_amounts_differ_in_words(name: str):
    wrong = [m[0] for m in PAIR.finditer(text_of(name)) if figure(m[1]) != in_figures(m[2])]
    planted = [d["quote"] for d in gold_of(name)["defects"] if d["code"] == "amount_words_mismatch"]
    assert len(wrong) == len(planted)
    assert all(any(pair in bare(quote) for quote in planted) for pair in wrong)


@pytest.mark.parametrize("name", CONTRACTS)
def test_only_the_planted_attachments_are_missing(name: str):
    """An attachment exists if some place names it with its title, other than the planted one."""
    text = text_of(name)
    for defect in gold_of(name)["defects"]:
        if defect["code"] == "missing_attachment_ref":
            text = text.replace(bare(defect["quote"]), "")
    named = set(re.findall(r"附件([一二三四五六七八九十\d]+|[A-Z])(?=《)", text))
    used = set(re.findall(r"附件([一二三四五六七八九十\d]+|[A-Z])", text))
    if name in LONG:  # its annexes stand in it, under their numbers
        named |= set(re.findall(r"附件([一二三四五六七八九十]+)(?=[^，。；]{2,16}供应附件)", text)) | {"一", "十六"}
    assert used - named == set()


@pytest.mark.parametrize("name", CONTRACTS)
def test_only_the_planted_blanks(name: str):
    blanks = re.findall(r"_{2,}|【[\s　]*】|（[\s　]*）", text_of(name))
    planted = [d["quote"] for d in gold_of(name)["defects"] if d["code"] == "blank"]
    assert len(planted) <= 1
    assert all(any(blank in bare(quote) for quote in planted) for blank in blanks)
    assert bool(blanks) == bool(planted)


@pytest.mark.parametrize("name", CONTRACTS)
def test_only_the_planted_clause_references_fail(name: str):
    """Clause numbers that stand at a line's start exist; references to others must be planted."""
    head = re.compile(r"(第[一二三四五六七八九十百零]+条|第\d+条|\d+(?:\.\d+)+|\d+\.)(?![条款项])")
    heads = {m[1] for page in raw_pages(name) for line in page.splitlines() if (m := head.match(line.strip()))}
    numbers = {int(number.strip("第条.")) for number in heads if re.fullmatch(r"\d+\.|第\d+条", number)}
    text = re.sub(r"《[^》]*》(?:第[一二三四五六七八九十百零]+条[、和]?)+", "", text_of(name)).replace(
        "该法第四十二条", ""
    )
    missing = {number for number in re.findall(r"(?<=第)(\d+\.\d+)[条款]", text) if number not in heads}
    missing |= {number for number in re.findall(r"第[一二三四五六七八九十百零]+条", text) if number not in heads}
    missing |= {number for number in re.findall(r"第(\d+)条", text) if int(number) not in numbers}
    planted = [d["quote"] for d in gold_of(name)["defects"] if d["code"] == "missing_clause_ref"]
    assert len(missing) == len(planted), missing
    assert all(any(number in quote for quote in planted) for number in missing)


ESSENTIALS = {"违约责任": r"违约责任|违约金", "争议解决": r"争议|纠纷", "不可抗力": "不可抗力", "通知": r"通知|送达"}


@pytest.mark.parametrize("name", CONTRACTS)
def test_only_the_planted_clauses_are_absent(name: str):
    absent = {title for title, pattern in ESSENTIALS.items() if not re.search(pattern, text_of(name))}
    planted = {d["clause"] for d in gold_of(name)["defects"] if d["code"] == "missing_clause"}
    assert absent - {"不可抗力"} == planted


@pytest.mark.parametrize("name", CONTRACTS)
def test_only_the_planted_goods_tables_are_wrong(name: str):
    """Quantity times price is the amount of each row, and the amounts add up to the last row, but for planted ones."""
    tables = [block.rows for block in make_samples.sources()[name].blocks if block.kind == "table"]
    wrong = [row for rows in tables for row in wrong_rows(rows)]
    planted = [bare(d["quote"]) for d in gold_of(name)["defects"] if d["code"] == "item_sum"]
    assert sorted("".join(row) for row in wrong) == sorted(planted)


def wrong_rows(rows: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    head, *body = rows
    column = {key: place for place, name in enumerate(head) for key in ("数量", "单价", "金额") if key in name}
    if "金额" not in column:
        return []
    items = [row for row in body if not any(cell in ("合计", "总计") for cell in row)]
    totals = [row for row in body if row not in items]
    wrong = []
    if len(column) == 3:
        quantity, price, amount = (column[key] for key in ("数量", "单价", "金额"))
        wrong = [r for r in items if abs(figure(r[quantity]) * figure(r[price]) - figure(r[amount])) > 0.005]
    total = sum(figure(row[column["金额"]]) for row in items)
    return wrong + [row for row in totals if abs(figure(row[column["金额"]]) - total) > 0.005]


def is_figure(cell: str) -> bool:
    return bool(re.fullmatch(r"-?[\d,]+(?:\.\d+)?", cell))


@pytest.mark.parametrize("name", [name for name in NAMES if gold_of(name)["kind"] == "report"])
def test_only_the_planted_totals_and_growth_rates_of_tables_are_wrong(name: str):
    wrong: list[str] = []
    for block in make_samples.sources()[name].blocks:
        if block.kind == "table":
            wrong += wrong_growth(block.rows) + wrong_totals(block.rows)
    defects = gold_of(name)["defects"]
    planted = [
        bare(d["quote"])
        for d in defects
        if d["code"] == "table_sum" or (d["code"] == "growth_rate" and " " in d["quote"])
    ]
    assert len(wrong) == len(planted)
    assert all(any(quote in row for quote in planted) for row in wrong)


def wrong_growth(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    """Rows of now, before, change: the change follows from the figures."""
    checked = [
        row for row in rows if len(row) == 4 and is_figure(row[1]) and is_figure(row[2]) and row[3].endswith("%")
    ]
    return ["".join(row) for row in checked
            if abs((figure(row[1]) / figure(row[2]) - 1) * 100 - float(row[3][:-1])) > 0.0051]  # fmt: skip


def wrong_totals(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    """A table that ends with its only total: its figures add up (not the statements, whose totals are many)."""
    last = rows[-1]
    if not re.search(r"合计$|^总计$", last[0]) or sum("计" in row[0] for row in rows) > 1:
        return []
    columns = [place for place in range(1, len(last)) if all(is_figure(row[place]) for row in rows[1:])]
    off = [place for place in columns
           if abs(sum(figure(row[place]) for row in rows[1:-1]) - figure(last[place])) > 0.005]  # fmt: skip
    return ["".join(last)] if off else []


@pytest.mark.parametrize("name", SCANNED)
def test_the_scan_has_no_text(name: str):
    assert not any(bare(page) for page in raw_pages(name))
    assert (SAMPLES / f"{name}.pdf").stat().st_size < 2_000_000


def test_the_long_one_is_long_and_varied():
    text = body_of(LONG[0])
    assert len(re.findall(r"[一-鿿]", text)) > 60_000
    pages = [defect["page"] for defect in gold_of(LONG[0])["defects"] if defect["page"]]
    assert max(pages) - min(pages) > 40
    source = make_samples.sources()[LONG[0]]
    paragraphs = [block.text for block in source.blocks if block.kind == "para" and len(block.text) > 30]
    assert len(paragraphs) == len(set(paragraphs))


@pytest.mark.slow
def test_remaking_gives_the_same_bytes(tmp_path: Path):
    make_samples.main(tmp_path)
    for name in NAMES:
        assert (tmp_path / f"{name}.gold.json").read_bytes() == (SAMPLES / f"{name}.gold.json").read_bytes()
        if name not in SCANNED:
            assert (tmp_path / f"{name}.pdf").read_bytes() == (SAMPLES / f"{name}.pdf").read_bytes(), name
