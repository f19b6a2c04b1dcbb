"""What needs review, by cause and age."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest
from support.match_frames import S1, S2, S3, T1, T2, T3, T4, marked, shopify, tiktok

from ttsframe.columns import EXCEPTIONS, MATCH_ADVICE, dtype, names
from ttsframe.matching import match
from ttsframe.report import html_summary, text_summary
from ttsframe.report.exceptions import advice
from ttsframe.report.html import page_html


@pytest.fixture
def result():
    ours = tiktok(
        {"order_id": T1, "created_at": "2026-11-10"},
        {"order_id": T2, "created_at": "2026-11-03", "amount": 500.0},
        {"order_id": T3, "created_at": "2026-09-01", "amount": 70.0},
        {"order_id": T4, "created_at": "2026-11-02", "amount": 60.0},
    )
    theirs = shopify(
        marked(S1, T1, refunded=20.0, financial_status="refunded", created_at="2026-11-10 01:00:00+00:00"),
        marked(S2, T2, total=500.0, created_at="2026-11-03 01:00:00+00:00"),
        {"shopify_id": S3, "created_at": "2026-09-01 00:00:00+00:00"},
    )
    return match(ours, theirs)


def test_exceptions__are_by_cause_with_risks_first_then_the_largest_difference(result):
    found = result.report.exceptions
    assert list(found.columns) == names(EXCEPTIONS)
    assert [found[column.name].dtype for column in EXCEPTIONS] == [dtype(column) for column in EXCEPTIONS]
    assert found["reason"].tolist() == ["refunded_on_shopify; refund_differs", "before_first_order"]
    assert found["difference"].tolist() == [-20.0, -130.0]
    assert found["rows"].sum() == result.report.exception_count


def test_exceptions__have_ages_to_the_newest_order(result):
    ages = result.report.exceptions.set_index("status").filter(like="days_")
    assert ages.loc["state_differs"].tolist() == [1, 0, 0, 0]
    assert ages.loc["only_tiktok"].tolist() == [0, 1, 0, 1]


def test_exceptions__of_what_reconciles_are_none():
    found = match(tiktok(T1), shopify(marked(S1, T1))).report.exceptions
    assert found.empty
    assert list(found.columns) == names(EXCEPTIONS)


def test_exceptions__difference_that_is_not_known_is_missing():
    theirs = shopify(marked(S1, T1, currency="EUR"))
    found = match(tiktok(T1), theirs).report.exceptions
    assert found["difference"].isna().all()
    assert found["advice"].tolist() == [MATCH_ADVICE["currency"]]


@pytest.mark.parametrize(
    ("status", "reason", "word"),
    [
        ("matched", "month_end", None),
        ("only_tiktok", "sync_gap", "sync_gap"),
        ("only_tiktok", None, "only_tiktok"),
        ("conflict", "not_in_export", "conflict"),
        ("unknown", "timeout", "unknown"),
        ("state_differs", "unpaid_on_shopify; voided_on_shopify", "voided_on_shopify"),
    ],
)
def test_advice__is_that_of_the_first_reason_that_has_one_or_of_the_status(status, reason, word):
    assert advice(status, reason) == (MATCH_ADVICE[word] if word else "")


def test_exceptions__stand_in_every_report(result, tmp_path):
    told = MATCH_ADVICE["before_first_order"]
    page = page_html(result.report).decode()
    assert "What needs review" in page
    assert told in page
    assert told in html_summary(result.report)
    assert "Only TikTok: Before first order" in text_summary(result.report)
    sheet = openpyxl.load_workbook(result.to_excel(tmp_path))["Needs review"]
    assert [row[-1].value for row in sheet.iter_rows()][2] == told
    summary = result.summary
    rows = summary[summary["section"] == "exceptions"].set_index("name")["value"]
    assert rows["only_tiktok: before_first_order"] == 2
    assert isinstance(result.report.exceptions["currency"].dtype, type(pd.Series(["USD"]).dtype))
