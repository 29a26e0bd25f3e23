from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from page_reader import Page
from report_values import CLEAN, FAILED, HOSTILE, NOON, PURCHASE, REPORT, batch, cite, store

from pipeline.report.digest import News, news_of, render_digest, render_markdown
from pipeline.report.files import report_name
from pipeline.report.masking import mask
from pipeline.types import Analysis, Finding

SECRETS = ("320211198803052417", "13812345678", "6222021234567890123")


def news(*analyses: Analysis) -> News:
    return news_of([store(one, number) for number, one in enumerate(analyses, start=1)], NOON, NOON + timedelta(1))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("身份证号：320211198803052417", "身份证号：320•••••••••••••17"),
        ("ID 32021119880305241X。", "ID 320•••••••••••••1X。"),
        ("手机13812345678或138 1234 5678", "手机138••••5678或138 •••• 5678"),
        ("电话：0512-66668888", "电话：051•-••••8888"),
        ("(021) 12345678", "(021) ••••5678"),
        ("联系电话 (0512)66668888转801", "联系电话 (051•)••••8888转801"),
        ("账号：322501988", "账号：•••••••88"),
        ("账号：\n32250198863600001234", "账号：\n322•••••••••••••1234"),
        ("6222 0212 3456 7890 123", "622• •••• •••• •••0 123"),
        ("卡号6222-0212-3456-7890", "卡号622•-••••-••••-7890"),
        ("Account No. 123456789", "Account No. •••••••89"),
    ],
)
def test_numbers_of_people_and_accounts_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "合同总价2,520,000.00元", "1280000.00元", "123456789012.34元", "营业收入13812345678元", "13812345678.00",
        "2025年度营业收入123456789012元", "2026-03-01至2026-06-30", "2026年3月12日", "0.05%", "第12.3条",
        "91320505MAK0QR455L", "HT-CG-2026-0317", "电话费2000000元", "银行账户：1280000.00元", "账户，自2026-03-01起",
    ],
)  # fmt: skip
def test_figures_dates_and_public_codes_stay(text: str) -> None:
    assert mask(text) == text


def test_a_digest_tells_what_is_new(lang: str) -> None:
    told = news_of(batch(), None, NOON + timedelta(1))
    assert told.counts() == {
        "documents": 3, "failures": 2, "high": 3, "medium": 4, "low": 1, "conflicts": 4, "absences": 1, "ungrounded": 2,
    }  # fmt: skip
    reports = {one.id: report_name(one) for one in batch()}
    page = Page(render_digest(told, reports=reports))
    markdown = render_markdown(told, reports=reports)
    for text in (page.text, markdown):
        assert "合同总价为人民币贰佰伍拾万元整（¥2,520,000.00）" in text, "a high risk has its quote"
        assert "逾期交货违约金没有上限" in text and "培训的课程、学时和考核办法见附件四" in text
        assert "保密协议" in text and "不存在.pdf：没有这个文件。请检查路径" in text
        assert "乙方可单方转让合同" not in text, "the ungrounded is no high risk"
        assert "2026-03-03 12:00" in text
    assert [link for link in page.links if "afa7390a2201" in link]


def test_a_risk_of_two_places_is_told_once_with_both_quotes() -> None:
    told = {"detail": "每日比例过低。", "severity": "high"}
    risks = tuple(
        Finding("risks", "违约金过低", "", "llm", (cite(quote, page),), **told)
        for page, quote in ((3, "乙方逾期的，每日万分之一"), (7, "甲方逾期的，每日万分之一"))
    )
    for text in (
        render_digest(news(replace(CLEAN, findings=risks))),
        render_markdown(news(replace(CLEAN, findings=risks))),
    ):
        assert text.count("违约金过低") == 1 and "乙方逾期的" in text and "甲方逾期的" in text


def test_a_digest_holds_no_number_of_a_person_or_account() -> None:
    quote = "经办人身份证号：320211198803052417，电话13812345678，账号：6222021234567890123，备用账号 8812345"
    risky = replace(
        PURCHASE,
        document=replace(PURCHASE.document, title=f"合同 {SECRETS[0]}", filename=f"{SECRETS[1]}.pdf"),
        findings=(*(
            Finding(
                "risks", f"泄露 {SECRETS[2]}", f"电话 {SECRETS[1]}", "llm", (cite(quote, 1, SECRETS[0]),), detail=quote,
                severity="high", status=status, suggestion=quote, legal_basis=quote,
            )
            for status in ("present", "conflict", "absent")
        ), Finding("checks", "乙方·银行账号", "8812345", "rule", (cite("8812345号"),), severity="high")),
    )  # fmt: skip
    failed = replace(FAILED, error_message=quote)
    for text in (render_digest(news(risky, failed)), render_markdown(news(risky, failed))):
        assert not [secret for secret in (*SECRETS, "8812345") if secret in text]
        assert "138••••5678" in text and "•••••45" in text


def test_hidden_characters_do_not_hide_a_number_from_the_mask() -> None:
    hidden = cite("1381\u200b2345\u2060678")
    told = news(replace(CLEAN, findings=(Finding("risks", "甲", "", "llm", (hidden,), severity="high"),)))
    assert "13812345678" not in render_digest(told) + render_markdown(told)


def test_a_document_that_was_done_after_a_failure_is_no_failure() -> None:
    failed = replace(CLEAN, status="failed", error_type="EngineError", findings=())
    told = news(failed, CLEAN, FAILED)
    assert [one.id for one in told.done] == [2] and [one.id for one in told.failed] == [3]
    assert [one.id for one in news(CLEAN, replace(CLEAN)).done] == [2], "each document once, as it stands now"
    assert len(news(CLEAN, replace(CLEAN, kind="report")).done) == 2


def test_nothing_new_is_said_so(lang: str) -> None:
    empty = news()
    assert ("没有新的分析" if lang == "zh" else "Nothing new") in render_digest(empty)
    assert ("没有新的分析" if lang == "zh" else "Nothing new") in render_markdown(empty)
    clean = Page(render_digest(news(CLEAN))).text
    assert ("没有高风险。" if lang == "zh" else "No high risk.") in clean


def test_hostile_text_is_no_markup_in_either(lang: str) -> None:
    told = news(HOSTILE, REPORT)
    html = render_digest(told)
    page = Page(html)
    assert [tag for tag, _ in page.elements if tag in ("script", "style", "img")] == ["style", "script"]
    markdown = render_markdown(told)
    assert "<" not in markdown.replace("&lt;", "") and "\u202e" not in html + markdown
    assert not re.search(r"(?<!\\)[*`_\[]javascript|\]\(javascript", markdown)
    assert markdown.count("\n# ") == 0 and markdown.startswith("# ")
