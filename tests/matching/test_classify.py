"""The truth table of `match`, a test a row."""

from __future__ import annotations

import pandas as pd
import pytest
from support.match_frames import (
    NOON,
    S1,
    S2,
    S3,
    S4,
    T1,
    T2,
    T3,
    T4,
    marked,
    pair,
    refs,
    rows,
    shopify,
    tiktok,
    verdict,
)

from ttsframe.columns import (
    COMPONENTS,
    MATCH_ADVICE,
    MATCH_GUESSED,
    MATCH_ORDERS,
    MATCH_REASONS,
    MATCH_SOURCES,
    MATCH_STATUSES,
    REASONS,
    dtype,
    names,
)
from ttsframe.matching import match
from ttsframe.matching.absence import Reason
from ttsframe.matching.inputs import Source
from ttsframe.matching.keys import flag_words
from ttsframe.report.exceptions import RECONCILED

CANCELLED = {"cancelled": True}
UNPAID = {"cancelled": True, "paid_at": None, "status": "Canceled"}


def test_match__pair_that_agrees_is_matched():
    result = match(tiktok(T1), shopify(marked(S1, T1)), refs((T1, S1))).orders
    noon = pd.Timestamp(NOON)
    assert result.iloc[0].drop("reason").tolist() == [
        *(T1, S1, "#1001", "matched", "reference", "reference; tag"),
        *(20.0, 20.0, 0.0, "USD", "Completed", "paid"),
        *(noon, noon, noon.tz_localize("UTC"), 0),
        *(20.0, 20.0, 0.0, 0.0, 0.0),
    ]


def test_match__dates_are_told_with_the_days_between_them():
    ours = tiktok({"order_id": T1, "created_at": "2026-10-31 23:50:00", "paid_at": None}, T2)
    ours["created_at"] = ours["created_at"].dt.tz_localize("UTC")
    theirs = shopify(marked(S1, T1, created_at="2026-11-02 00:10:00+00:00"), marked(S2, T3))
    got = match(ours, theirs).orders
    assert got["days_apart"].fillna(-1).tolist() == [2, -1, -1]
    assert str(got["tiktok_created_at"].dtype) == "datetime64[us, UTC]"
    assert str(got["tiktok_paid_at"].dtype) == "datetime64[us]"
    assert got["tiktok_paid_at"].isna().tolist() == [True, False, True]
    assert got["shopify_created_at"].isna().tolist() == [False, True, False]


def test_match__difference_counted_is_what_the_totals_differ_by():
    ours = tiktok(T1, T2, {"order_id": T3, "amount": None}, {"order_id": T4, "cancelled": True})
    theirs = shopify(marked(S1, T1, total=25.0), marked(S3, T3), marked(S4, T4), "5277000000009")
    got = match(ours, theirs).orders
    assert got["difference_counted"].fillna(-1).tolist() == [5.0, -20.0, -1, 20.0]


def test_flags__are_those_that_columns_describe():
    assert flag_words(~Source(0)) == list(MATCH_SOURCES)
    assert flag_words(~Reason(0)) == list(MATCH_REASONS)


def test_match__frame_is_as_columns_say():
    orders = match(tiktok(T1, T2), shopify(marked(S1, T1))).orders
    assert list(orders.columns) == names(MATCH_ORDERS)
    zoned = {"shopify_created_at": "datetime64[us, UTC]"}
    assert [orders[column.name].dtype for column in MATCH_ORDERS] == [
        zoned.get(column.name, dtype(column)) for column in MATCH_ORDERS
    ]


@pytest.mark.parametrize("total", [20.01, 19.99, 20.0])
def test_match__difference_within_tolerance_is_matched(total):
    assert pair(right={"total": total}) == ("matched", "")


@pytest.mark.parametrize("total", [20.02, 19.98, 1e6])
def test_match__difference_beyond_tolerance_differs(total):
    assert pair(right={"total": total}) == ("amount_differs", "")


@pytest.mark.parametrize(
    ("tolerance", "total", "status"),
    [
        (0, 20.01, "amount_differs"),
        (0.29, 20.29, "matched"),
        (0.29, 20.30, "amount_differs"),
        (5, 25, "matched"),
    ],
)
def test_match__tolerance_is_in_major_units_and_inclusive(tolerance, total, status):
    assert pair(right={"total": total}, tolerance=tolerance)[0] == status


def test_match__amounts_are_compared_as_whole_hundredths():
    # 0.1 + 0.2 != 0.3 as floats.
    assert pair({"amount": 0.1 + 0.2}, {"total": 0.3}, tolerance=0) == ("matched", "")


def test_match__different_currencies_differ_whatever_the_amounts():
    result = match(tiktok(T1), shopify(marked(S1, T1, currency="EUR"))).orders.iloc[0]
    assert (result["status"], result["reason"], result["currency"]) == (
        "amount_differs",
        "currency",
        "USD/EUR",
    )
    assert pd.isna(result["difference"])


@pytest.mark.parametrize(("left", "right"), [("USD", None), (None, "USD"), ("usd ", "USD")])
def test_match__unknown_currency_is_no_difference(left, right):
    result = match(tiktok({"order_id": T1, "currency": left}), shopify(marked(S1, T1, currency=right))).orders
    assert result[["status", "currency"]].astype("object").iloc[0].tolist() == ["matched", "USD"]


@pytest.mark.parametrize(("left", "right"), [({"amount": None}, {}), ({}, {"total": None})])
def test_match__missing_amount_is_no_difference_but_told(left, right):
    assert pair(left, right) == ("matched", "no_amount")


@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        (CANCELLED, {}, "cancelled_on_tiktok"),
        ({}, CANCELLED, "cancelled_on_shopify"),
        (UNPAID, {}, "cancelled_before_payment; cancelled_on_tiktok"),
        ({"refunded": 20.0}, {}, "refunded_on_tiktok; refund_differs"),
        ({"refunded": 25.0}, {}, "refunded_on_tiktok; refund_differs"),
        ({}, {"refunded": 20.0}, "refunded_on_shopify; refund_differs"),
        ({}, {"financial_status": "Refunded"}, "refunded_on_shopify"),
        (
            {"cancelled": True, "refunded": 20.0},
            {},
            "cancelled_on_tiktok; refunded_on_tiktok; refund_differs",
        ),
        ({}, {"financial_status": "voided"}, "voided_on_shopify"),
        ({}, {"financial_status": "Voided", "cancelled": True}, "cancelled_on_shopify; voided_on_shopify"),
    ],
)
def test_match__closed_on_one_side_only_differs_in_state(left, right, reason):
    assert pair(left, right) == ("state_differs", reason)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (CANCELLED, CANCELLED),
        (CANCELLED, {"financial_status": "refunded"}),
        ({"refunded": 20.0}, {"refunded": 20.0}),
        (CANCELLED, {"financial_status": "voided"}),
    ],
)
def test_match__closed_on_both_sides_agrees(left, right):
    assert pair(left, right) == ("matched", "")


def test_match__closed_on_both_sides_agrees_but_tells_of_the_refund():
    assert pair({"refunded": 20.0}, CANCELLED) == ("matched", "refund_differs")


def test_match__partial_refund_on_one_side_is_told_but_agrees():
    assert pair({"refunded": 5.0}) == ("matched", "refunded_on_tiktok; refund_differs")
    assert pair(right={"refunded": 5.0, "financial_status": "partially_refunded"}) == (
        "matched",
        "refunded_on_shopify; refund_differs",
    )
    assert pair({"refunded": 5.0}, {"refunded": 5.0}) == ("matched", "")
    assert pair({"refunded": 5.0}, {"refunded": 5.02}) == ("matched", "refund_differs")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"refunded": 5.0}, {"refunded": 5.01}),
        ({"refunded": None}, {"refunded": None}),
        ({"refunded": None}, {"refunded": 0.0}),
    ],
)
def test_match__refunds_within_the_tolerance_or_not_told_do_not_differ(left, right):
    assert pair(left, right) == ("matched", "")


@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        ({}, {"financial_status": "pending"}, "unpaid_on_shopify"),
        ({}, {"financial_status": "Authorized"}, "unpaid_on_shopify"),
        ({}, {"financial_status": "expired"}, "unpaid_on_shopify"),
        ({"paid_at": None}, {"financial_status": "pending"}, ""),
        ({"paid_at": None}, {}, "unpaid_on_tiktok"),
        ({"paid_at": None}, {"financial_status": "partially_refunded"}, "unpaid_on_tiktok"),
    ],
)
def test_match__paid_on_one_side_only_is_told_but_agrees(left, right, reason):
    ours = tiktok({"order_id": T1, **left}, T2)
    assert rows(ours, shopify(marked(S1, T1, **right)))[0][2:] == ("matched", reason)


def test_match__times_of_payment_that_are_blank_throughout_tell_nothing():
    assert pair({"paid_at": None}) == ("matched", "")


def test_match__refund_of_an_order_of_nothing_is_not_full():
    assert pair({"amount": 0.0, "refunded": 0.0}, {"total": 0.0, "refunded": 0.0}) == (
        "matched",
        "free_sample",
    )


def test_match__state_stands_before_amount():
    assert pair(CANCELLED, {"total": 50.0}) == ("state_differs", "cancelled_on_tiktok")


@pytest.mark.parametrize(("left", "right"), [({"amount": 0.0}, {}), ({}, {"total": 0.0})])
def test_match__nothing_on_one_side_is_a_sample(left, right):
    assert pair(left, right) == ("amount_differs", "free_sample")


def test_match__sample_that_is_not_on_shopify_is_named():
    assert verdict(tiktok({"order_id": T1, "amount": 0.0}), shopify(S1)) == (
        "only_tiktok",
        "sample",
    )


def test_match__platform_discount_explains_exactly_its_difference():
    assert pair({"platform_discount": 3.5}, {"total": 23.5}) == ("explained", "platform_discount")
    assert pair({"platform_discount": 3.0}, {"total": 23.5}) == ("amount_differs", "")
    assert pair({"platform_discount": 3.5}) == ("matched", "")


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        ("2026-10-31 20:00:00", "2026-11-01 03:00:05+00:00", "month_end"),
        ("2026-11-01 03:00:00", "2026-10-31 20:00:00+00:00", "month_end"),
        ("2026-10-31 20:00:00", "2026-10-31 23:00:00+00:00", ""),
        ("2026-10-02 20:00:00", "2026-11-01 03:00:00+00:00", ""),
    ],
)
def test_match__month_end_is_named(ours, theirs, reason):
    assert pair({"created_at": ours}, {"created_at": theirs}) == ("matched", reason)


def test_match__several_shopify_orders_of_one_tiktok_order_are_a_row_each():
    found = rows(tiktok(T1), shopify(marked(S1, T1), marked(S2, T1, "note")))
    assert found == [(T1, S1, "duplicate", ""), (T1, S2, "duplicate", "")]


def test_match__duplicate_may_come_from_two_sources():
    found = rows(tiktok(T1), shopify(marked(S1, T1), S2), refs((T1, S2)))
    assert found == [(T1, S1, "duplicate", ""), (T1, S2, "duplicate", "")]


def test_match__duplicate_stands_before_state_and_amount():
    found = rows(tiktok(T1), shopify(marked(S1, T1, cancelled=True, total=1.0), marked(S2, T1)))
    assert found == [(T1, S1, "duplicate", "cancelled_on_shopify"), (T1, S2, "duplicate", "")]


def test_match__link_to_an_order_outside_the_files_doubles_a_marked_one():
    found = rows(tiktok(T1), shopify(marked(S1, T1)), refs((T1, S2)))
    assert found == [(T1, S1, "duplicate", ""), (T1, S2, "duplicate", "not_in_export")]


def test_match__link_outside_the_files_may_be_the_order_whose_id_was_destroyed():
    found = rows(tiktok(T1), shopify(marked(None, T1)), refs((T1, S2)))
    assert found == [(T1, "", "matched", "")]


def test_match__sources_that_name_two_tiktok_orders_conflict():
    found = rows(tiktok(T1, T2), shopify(marked(S1, T2)), refs((T1, S1)))
    assert found == [(T1, S1, "conflict", ""), (T2, S1, "conflict", "")]


def test_match__two_references_to_one_shopify_order_conflict():
    found = rows(tiktok(T1, T2), shopify(S1), refs((T1, S1), (T2, f"gid://shopify/Order/{S1}")))
    assert found == [(T1, S1, "conflict", ""), (T2, S1, "conflict", "")]


def test_match__two_references_to_one_order_outside_the_files_conflict():
    found = rows(tiktok(T1, T2), shopify(S2), refs((T1, S1), (T2, S1)))
    assert found == [(T1, S1, "conflict", "not_in_export"), (T2, S1, "conflict", "not_in_export")]


def test_match__marks_within_one_order_conflict():
    order = marked(S1, T1, tiktok_marks=f"tag:{T1}; note:{T2}")
    assert rows(tiktok(T1, T2), shopify(order)) == [(T1, S1, "conflict", ""), (T2, S1, "conflict", "")]


def test_match__conflict_lists_a_tiktok_order_that_the_files_do_not_hold():
    found = rows(tiktok(T1), shopify(marked(S1, T3)), refs((T1, S1)))
    assert found == [(T1, S1, "conflict", ""), (T3, S1, "conflict", "not_in_export")]


def test_match__conflict_takes_every_row_of_the_orders_in_it():
    found = rows(tiktok(T1, T2), shopify(marked(S1, T2), marked(S2, T2)), refs((T1, S1), (T2, S2)))
    assert found == [(T1, S1, "conflict", ""), (T2, S1, "conflict", ""), (T2, S2, "conflict", "")]


def test_match__shopify_order_of_an_absent_tiktok_order_is_only_shopify():
    assert match(tiktok(), shopify(marked(S1, T2))).orders["matched_on"].isna().all()
    assert rows(tiktok(T1), shopify(marked(S1, T2))) == [
        (T1, "", "only_tiktok", "no_mark"),
        (T2, S1, "only_shopify", "not_in_export"),
    ]


def test_match__reference_of_an_absent_tiktok_order_is_only_shopify():
    assert rows(tiktok(), shopify(S1, S2), refs((T2, S1))) == [(T2, S1, "only_shopify", "not_in_export")]


def test_match__two_shopify_orders_of_an_absent_tiktok_order_are_doubles():
    assert [row[2:] for row in rows(tiktok(), shopify(marked(S1, T2), marked(S2, T2)))] == [
        ("duplicate", "not_in_export")
    ] * 2


@pytest.mark.parametrize("source", ["tiktok", "TikTok", "TikTok Shop"])
def test_match__source_tiktok_that_names_no_order_is_only_shopify(source):
    found = rows(tiktok(), shopify({"shopify_id": S1, "source": source}))
    assert found == [("", S1, "only_shopify", "no_order_id")]


@pytest.mark.parametrize("dtype", ["bool", "str"])
def test_match__from_tiktok_goes_before_the_source(dtype):
    orders = shopify({"shopify_id": S1, "source": "web"}, {"shopify_id": S2, "source": "tiktok"})
    orders["from_tiktok"] = pd.Series([True, False]).astype(dtype)
    result = match(tiktok(), orders)
    assert result.orders[["shopify_id", "status", "reason"]].astype("object").to_numpy().tolist() == [
        [S1, "only_shopify", "no_order_id"]
    ]
    assert "Shopify orders with no link to TikTok, not listed: 1." in map(str, result.notes)


def test_match__shopify_orders_without_a_sign_are_counted_only():
    result = match(tiktok(T1), shopify(S1, S2))
    assert result.orders["shopify_id"].isna().all()
    assert "Shopify orders with no link to TikTok, not listed: 2." in map(str, result.notes)


def test_match__cancelled_before_payment_and_absent_is_not_expected():
    order = tiktok({"order_id": T1, **UNPAID})
    expected = ("not_expected", "cancelled_before_payment")
    assert verdict(order, shopify(S1)) == expected
    assert verdict(order, shopify(S1), refs((T1, None))) == expected
    assert (
        verdict(order, shopify(S1), refs({"order_id": T1, "status": "failed", "reason": "timeout"}))
        == expected
    )
    assert verdict(order, shopify(S1), refs()) == expected


@pytest.mark.parametrize("paid", [{"paid_at": NOON}, {"paid_at": None, "refunded": 20.0}])
def test_match__cancelled_after_payment_is_expected(paid):
    order = tiktok({"order_id": T1, "cancelled": True, **paid})
    assert verdict(order, shopify(S1), refs((T1, None))) == ("only_tiktok", "cancelled_on_tiktok")


def test_match__payment_cannot_be_denied_without_the_column():
    order = tiktok({"order_id": T1, **UNPAID}).drop(columns="paid_at")
    assert verdict(order, shopify(S1))[0] == "only_tiktok"


def test_match__cancelled_unpaid_order_that_is_linked_is_not_absent_from_shopify():
    order = tiktok({"order_id": T1, **UNPAID})
    assert verdict(order, shopify(S1), refs((T1, S2)))[0] == "only_tiktok"


@pytest.mark.parametrize(
    ("status", "reason", "told"),
    [
        ("failed", "timeout", "timeout"),
        ("denied", "not_this_shop", "not_this_shop"),
        ("skipped", "offline", "offline"),
        ("invalid", "refused_id", "refused_id"),
        ("failed", None, "failed"),
    ],
)
def test_match__order_without_an_answer_is_unknown(status, reason, told):
    answer = {"order_id": T1, "status": status, "reason": reason}
    assert verdict(tiktok(T1), shopify(S1), refs(answer)) == ("unknown", told)
    assert verdict(tiktok(T1), shopify(marked(S1, T1)), refs(answer)) == ("matched", "")


def test_match__order_that_nobody_asked_about_is_unknown():
    assert verdict(tiktok(T1), shopify(S1), refs((T2, None))) == ("unknown", "not_asked")


@pytest.mark.parametrize(
    "answers", [None, refs({"order_id": "5.77E+17", "status": "invalid", "reason": "digits_lost"})]
)
def test_match__order_without_an_id_is_unknown(answers):
    found = rows(tiktok("5.77E+17"), shopify(S1), answers)
    assert found == [("5.77E+17", "", "unknown", "digits_lost")]


def test_match__missing_ids_are_a_row_each():
    frame = tiktok({"order_id": None}, {"order_id": None}, T1)
    assert rows(frame, shopify(marked(S1, T1))) == [
        ("", "", "unknown", "missing"),
        ("", "", "unknown", "missing"),
        (T1, S1, "matched", ""),
    ]


def test_match__unlinked_order_is_only_tiktok():
    assert verdict(tiktok(T1), shopify(S1), refs((T1, None))) == ("only_tiktok", "unlinked")


def test_match__unlinked_order_that_is_marked_is_matched_on_the_mark():
    result = match(tiktok(T1), shopify(marked(S1, T1)), refs((T1, None))).orders.iloc[0]
    assert (result["status"], result["matched_on"], result["evidence"]) == ("matched", "tag", "tag")


def test_match__linked_outside_the_files_tells_to_what():
    result = match(tiktok(T1), shopify(S1), refs((T1, S2))).orders.iloc[0]
    assert (result["status"], result["reason"]) == ("only_tiktok", "not_in_export")
    assert result["evidence"] == f"reference {S2}"
    assert pd.isna(result["shopify_id"])


@pytest.mark.parametrize(
    ("created", "reason"),
    [
        ("2026-09-10 12:00:00", "outside_dates"),
        ("2026-12-10 12:00:00", "outside_dates"),
        ("2026-11-10 10:00:00", "not_in_export"),
        ("2026-10-31 22:00:00", "month_end"),
    ],
)
def test_match__linked_outside_the_dates_of_the_files_is_told(created, reason):
    theirs = shopify({"shopify_id": S1, "created_at": "2026-11-01 01:00:00+00:00"}, S2)
    order = tiktok({"order_id": T1, "created_at": created})
    assert verdict(order, theirs, refs((T1, "5277999999999"))) == ("only_tiktok", reason)


def test_match__answer_of_shopify_stands_before_other_platforms():
    def answers(shopify_status, other_status):
        return refs(
            {"order_id": T1, "platform": "ERP_SYSTEM", "status": other_status, "external_order_id": "E-1"},
            {"order_id": T1, "platform": "SHOPIFY", "status": shopify_status, "reason": None},
        )

    assert verdict(tiktok(T1), shopify(S1), answers("unlinked", "linked")) == ("only_tiktok", "unlinked")
    assert verdict(tiktok(T1), shopify(S1), answers("failed", "linked")) == ("unknown", "failed")


def test_match__only_another_platform_asked_still_answers():
    other = {"order_id": T1, "platform": "ERP_SYSTEM", "external_order_id": "E-1"}
    assert verdict(tiktok(T1), shopify(S1), refs(other)) == ("only_tiktok", "not_in_export")
    assert verdict(tiktok(T1), shopify(S1), refs({**other, "external_order_id": S1})) == ("matched", "")


def test_match__every_reason_and_status_is_documented():
    assert len(MATCH_STATUSES) == 10
    described = {**MATCH_STATUSES, **MATCH_REASONS, **COMPONENTS}
    assert len(described) == len(MATCH_STATUSES) + len(MATCH_REASONS) + len(COMPONENTS)
    assert all(meaning and not meaning.endswith(".") for meaning in described.values())


def test_match__every_status_that_needs_review_has_advice():
    known = {**MATCH_STATUSES, **MATCH_GUESSED, **MATCH_REASONS, **REASONS}
    assert set(MATCH_ADVICE) <= set(known)
    assert {*MATCH_STATUSES, *MATCH_GUESSED} - set(MATCH_ADVICE) == RECONCILED
    assert all(advice.endswith(".") for advice in MATCH_ADVICE.values())
