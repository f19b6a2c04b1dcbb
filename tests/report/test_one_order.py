"""One order explained, and the text for a support team."""

from __future__ import annotations

import pandas as pd
import pytest
from support.match_frames import S1, S2, S3, T1, T2, T3, marked, refs, shopify, tiktok

from ttsframe.errors import InputError
from ttsframe.matching import match
from ttsframe.report.html import page_html


@pytest.fixture
def result():
    ours = tiktok(
        {"order_id": T1, "platform_discount": 5.0, "taxes": 1.0},
        {"order_id": T2, "amount": 30.0},
        {"order_id": T3, "cancelled": True},
    )
    theirs = shopify(
        marked(S1, T1, total=24.0),
        marked(S2, T2, name="#<b>7</b>"),
        marked(S3, T2, total=31.5, currency=None),
    )
    failed = {"order_id": T3, "external_order_id": None, "status": "failed", "reason": "timeout"}
    return match(ours, theirs, refs((T1, S1), (T2, S2), failed))


@pytest.mark.parametrize("order", [T1, S1, "#1001", "1001", f" {T1} "])
def test_explain__finds_an_order_by_either_id_or_by_name(result, order):
    (row,) = result.explain(order).rows
    assert row.sides[0] == ("Order", T1, "#1001")


def test_explain__shows_the_arithmetic_to_the_last_cent(result):
    (row,) = result.explain(T1).rows
    assert row.status == "Explained"
    assert row.sums == (
        ("TikTok amount", "20.00"),
        ("Platform discount", "+5.00"),
        ("Taxes", "-1.00"),
        ("Shopify total", "24.00"),
    )
    assert [name for name, _ in row.causes] == ["Platform discount", "Taxes"]
    assert row.advice == ""


def test_explain__names_other_causes_beside_the_components():
    ours = tiktok({"order_id": T1, "platform_discount": 5.0, "created_at": pd.Timestamp("2026-10-31 23:59")})
    theirs = shopify(marked(S1, T1, total=25.0, created_at=pd.Timestamp("2026-11-01 00:01")))
    result = match(ours, theirs)
    (row,) = result.explain(T1).rows
    assert [name for name, _ in row.causes] == ["Platform discount", "Month end"]
    assert ("Platform discount", "+5.00") in row.sums
    assert '"parts":{"0":[["Platform discount",5.0]]}' in page_html(result.report).decode()


def test_explain__shows_every_row_of_an_order_and_what_stays_open(result):
    first, second = result.explain(T2).rows
    assert (first.status, second.status) == ("Duplicate", "Duplicate")
    assert ("Not explained", "-10.00") in first.sums
    assert first.named_by == "reference; tag"
    assert first.advice.startswith("Keep one")


def test_explain__as_text_and_as_html_is_escaped(result):
    explained = result.explain(T2)
    assert "#<b>7</b>" in repr(explained)
    page = explained._repr_html_()
    assert "<b>7</b>" not in page
    assert "What to do" in page


def test_explain__lone_order_has_one_side(result):
    (row,) = result.explain(T3).rows
    assert row.sums == ()
    assert {right for _, _, right in row.sides} == {""}
    assert ("Cause: Timeout (no answer within the time-out)") in repr(result.explain(T3))


def test_explain__order_that_is_not_there_is_refused(result):
    with pytest.raises(InputError, match="is not an order of this result"):
        result.explain("577000000000000009")


def test_ticket__lists_the_orders_of_a_status_and_no_blank_column(result):
    text = result.ticket(status="duplicate")
    lines = text.splitlines()
    assert lines[0] == "Subject: 2 rows of orders that are more than once on Shopify"
    assert [line.split()[0] for line in lines if T2 in line] == [T2, T2]
    assert "cause" not in text
    assert "As of 20" in lines[-1]


def test_ticket__of_an_order_tells_the_request_id():
    answers = refs((T1, None)).assign(request_id="20261110-A1")
    text = match(tiktok(T1, T2), shopify(S1), answers).ticket(order=T1)
    assert "request id" in text
    assert "20261110-A1" in text
    assert T2 not in text


def test_ticket__of_many_orders_says_how_many_are_left_out():
    ours = tiktok(*(f"5772{number:014}" for number in range(230)))
    text = match(ours, shopify(S1)).ticket(status="only_tiktok")
    assert "and 30 more rows" in text
    assert len(text.splitlines()) < 215


@pytest.mark.parametrize("what", [{}, {"status": "duplicate", "order": T1}, {"status": "probable"}])
def test_ticket__needs_one_status_with_orders_or_one_order(result, what):
    with pytest.raises(InputError):
        result.ticket(**what)


def test_explain__pickled_result_still_has_its_components(result):
    copied = pd.io.pickle.pickle.loads(pd.io.pickle.pickle.dumps(result))
    assert copied.explain(T1) == result.explain(T1)
