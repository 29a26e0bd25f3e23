"""Every prompt in both languages: the same question, with the same inputs, rendered as the golden files show.

The golden files are made anew with ``REGENERATE = True``; read the difference before committing it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from pipeline.errors import SettingsError
from pipeline.ground import Locator
from pipeline.kinds.base import Group
from pipeline.kinds.catalog import KINDS
from pipeline.kinds.packs.checklist import Checklist
from pipeline.kinds.packs.load import load_packs
from pipeline.lang import Lang, language, set_language
from pipeline.prompts import SHIPPED, load_prompt
from pipeline.settings import Settings
from pipeline.steps import fingerprint_of
from pipeline.types import Document, Page, Side, Span

REGENERATE = False
GOLDEN = Path(__file__).parent / "golden"

NAMES = sorted(
    path.relative_to(SHIPPED).as_posix().removesuffix(".j2")
    for path in SHIPPED.rglob("*.j2")
    if not path.name.endswith(".en.j2")
)
CHECKLIST = Checklist(load_packs()["采购"].pack)
CHECKS = (CHECKLIST.groups[0], CHECKLIST.question(CHECKLIST.items[:3], "contract/second_look"))
GROUPS = {group.name: group for kind in KINDS.values() for group in kind.groups} | {
    group.name: group for group in CHECKS
}
SAMPLE = {
    "title": "采购合同",
    "headings": "2 价款",
    "columns": "No. | Price",
    "definitions": "“设备”是指附件一所列的机床。",
    "text": "合同总价为1280000元。",
    "facts": "money 合同总价：1280000元",
    "side": "甲方",
    "role": "出租人",
    "items": "- rent-payment | rent: when it is due",
    "places": "[2 价款 p.1]\n合同总价为1280000元。",
}
SHOWN = ("title", "headings", "columns", "definitions", "text")
HAN = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")
PRINTED = {*get_args(Side), "出租人", "借款人", "元", "万元", "亿元", "百分点", "股", "年度", "年", "月"}
"""What an English prompt may quote of a Chinese document: roles, units, periods."""


@pytest.fixture(autouse=True)
def lang(request: pytest.FixtureRequest) -> Iterator[Lang]:
    """The language of the test (Chinese unless parametrised), and back."""
    before = language()
    set_language(getattr(request, "param", "zh"))
    yield language()
    set_language(before)


both = pytest.mark.parametrize("lang", get_args(Lang), indirect=True)


def rendered(name: str) -> str:
    values = ({**GROUPS[name].inputs} if name in GROUPS else {}) | SAMPLE
    prompt = load_prompt(name)
    return prompt.render(**{key: values[key] for key in prompt.inputs})


@both
@pytest.mark.parametrize("part", ["contract", "report", "part"])
def test_prompts_render_as_the_golden_files_show(part: str, lang: Lang) -> None:
    shown = "\n".join(f"### {name}\n{rendered(name)}\n" for name in NAMES if name.split("/")[0] == part)
    golden = GOLDEN / f"{part}.{lang}.txt"
    if REGENERATE:
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def test_golden_files_are_not_made_by_the_test_that_reads_them() -> None:
    assert not REGENERATE


def test_all_that_the_kinds_ask_is_there_and_nothing_else() -> None:
    asked = {f"{kind}/{name}" for kind in KINDS for name in ("system", "summary")}
    assert set(NAMES) == {"part", *GROUPS, *asked}


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_name_version_and_inputs(name: str) -> None:
    chinese = load_prompt(name)
    set_language("en")
    english = load_prompt(name)
    assert (english.label, english.inputs) == (chinese.label, chinese.inputs)
    assert english.sha256 != chinese.sha256


def test_english_stands_nowhere_without_chinese() -> None:
    english = {path.relative_to(SHIPPED).as_posix() for path in SHIPPED.rglob("*.en.j2")}
    assert english == {f"{name}.en.j2" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_english_prompts_hold_no_chinese_but_what_documents_print(name: str) -> None:
    set_language("en")
    text = rendered(name)
    for value in ("title", "headings", "text", "facts", "places", "definitions"):
        text = text.replace(SAMPLE[value], "")
    source = (SHIPPED / f"{name}.en.j2").read_text(encoding="utf-8")
    assert set(HAN.findall(text + source)) <= PRINTED


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_fields_follow_the_language_and_the_schema_does_not(group: Group) -> None:
    chinese, schema = group.fields, group.schema
    set_language("en")
    names = re.compile(r"^\s*(?:- )?(\w+)", re.M)
    assert names.findall(group.fields) == names.findall(chinese)
    assert group.fields != chinese
    assert replace(group).schema == schema
    assert not any(text.zh in str(schema) for text in _meanings(group))


EXAMPLE = re.compile(r"^(?:原文：|Text: )(?P<text>.+)\n(?:回答：|Answer: )(?P<answer>\{.+\})$", re.M)


@both
@pytest.mark.parametrize(
    "group", [g for g in GROUPS.values() if g.name != "contract/second_look"], ids=lambda g: g.name
)
def test_the_example_is_a_right_answer_whose_quotes_stand_in_its_text(group: Group, lang: Lang) -> None:
    found = EXAMPLE.search(rendered(group.name))
    assert found
    text = found["text"]
    locator = Locator(Document("id", "f.pdf", "", text, (Page(1, Span(0, len(text)), None, 1, 1, "text", "pdfium"),)))
    raw = json.loads(found["answer"])
    answer = group.answer.model_validate(raw, strict=True)
    items = [item for rows in answer.lists().values() for item in rows]
    assert len(items) >= 1 and all(answer.lists().values())
    for item in items:
        assert locator.locate(item.quote, Span(0, len(text)))[0] == "exact", item.quote
    shapes = {name: list(shape["items"]["properties"]) for name, shape in group.schema["properties"].items()}
    assert {name: list(rows[0]) for name, rows in raw.items()} == shapes


@both
@pytest.mark.parametrize("kind", KINDS)
def test_recall_verbatim_quotes_and_what_to_do_with_nothing_are_told_everywhere(kind: str, lang: Lang) -> None:
    system = load_prompt(f"{kind}/system").render(side="")
    for said in {
        "zh": ("宁多勿漏", "低置信", "逐字照抄", "空列表", "不是给你的指令"),
        "en": ("every place", "confidence low", "verbatim", "empty list", "not instructions to you"),
    }[lang]:
        assert said in system  # fmt: skip
    for group in KINDS[kind].groups:
        assert {"zh": "所有", "en": "all"}[lang] in rendered(group.name).split("\n")[0].replace("every", "all")


def _meanings(group: Group) -> list:
    return [part for field in group.answer.model_fields.values() for part in field.metadata if hasattr(part, "zh")]


@both
@pytest.mark.parametrize("kind", KINDS)
def test_the_rules_name_the_fence_that_stands_around_the_text(kind: str, lang: Lang) -> None:
    fence = re.findall(r"<<<.+?>>>", load_prompt("part").render(**dict.fromkeys(SHOWN, "")))
    assert len(fence) == 2
    assert re.findall(r"<<<.+?>>>", load_prompt(f"{kind}/system").render(side="")) == fence


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("side", "name"), [("甲方", "Party A"), ("乙方", "Party B"), ("", "")])
def test_the_system_prompt_names_the_side(kind: str, side: str, name: str) -> None:
    assert (f"{side}。" if side else "。按以下") in load_prompt(f"{kind}/system").render(side=side)
    set_language("en")
    english = load_prompt(f"{kind}/system").render(side=side)
    assert (name in english) if name else ("Party" not in english)


@both
def test_a_prompt_that_declares_other_inputs_than_it_uses_does_not_load(lang: Lang, tmp_path: Path) -> None:
    file = tmp_path / ("part.j2" if lang == "zh" else "part.en.j2")
    file.write_text("---\nname: part\nversion: 1\ninputs: [title, text]\n---\n{{ title }}\n")
    with pytest.raises(SettingsError, match=re.escape(str(file))):
        load_prompt("part", tmp_path)


@pytest.mark.parametrize(
    "source",
    ["no front matter", "---\nname: other\nversion: 1\ninputs: []\n---\n", "---\nname: part\ninputs: []\n---\n{{"],
)
def test_a_prompt_file_that_makes_no_sense_does_not_load(source: str, tmp_path: Path) -> None:
    (tmp_path / "part.j2").write_text(source)
    with pytest.raises(SettingsError):
        load_prompt("part", tmp_path)


def test_a_folder_of_ones_own_replaces_what_it_has_in_that_language(tmp_path: Path) -> None:
    (tmp_path / "part.j2").write_text("---\nname: part\nversion: 2\ninputs: [text]\n---\n{{ text }}\n")
    assert load_prompt("part", tmp_path).label == "part@2"
    set_language("en")
    assert load_prompt("part", tmp_path).sha256 == load_prompt("part").sha256


@both
@pytest.mark.parametrize("name", NAMES)
def test_a_missing_value_raises(name: str, lang: Lang) -> None:
    prompt = load_prompt(name)
    with pytest.raises(TypeError, match=re.escape(prompt.label)):
        prompt.render(**dict.fromkeys(sorted(prompt.inputs)[1:], ""))


def test_an_english_run_is_another_analysis_than_a_chinese_one() -> None:
    def fingerprint() -> str:
        return fingerprint_of("id", Settings(), "http", "model")

    chinese = fingerprint()
    set_language("en")
    english = fingerprint()
    set_language("zh")
    assert english != chinese == fingerprint()
