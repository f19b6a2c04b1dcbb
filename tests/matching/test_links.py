"""How external ids, marks and the caller's own frames are read."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from support.match_frames import S1, S2, S3, T1, T2, T3, marked, refs, rows, shopify, tiktok, verdict

from ttsframe.columns import MATCH_STATUSES, TIKTOK_ORDER_ID_SOURCES
from ttsframe.errors import InputError
from ttsframe.matching import match
from ttsframe.text import Note

NAMES = [{"shopify_id": S1, "name": "#AP-516073"}, {"shopify_id": S2, "name": "#1002"}]


@pytest.mark.parametrize(
    "external",
    [
        *(S1, f" {S1}\t", f'="{S1}"', f"{S1}.0"),
        *(f"gid://shopify/Order/{S1}", f"gid://shopify/Order/{S1}?x=1", f"GID://Shopify/Order/{S1}"),
        *("#AP-516073", "AP-516073", " #ap - 516073"),
    ],
)
def test_reference__every_form_of_an_external_id_is_found(external):
    found = match(tiktok(T1), shopify(*NAMES), refs((T1, external))).orders.iloc[0]
    assert (found["shopify_id"], found["status"], found["matched_on"]) == (S1, "matched", "reference")


@pytest.mark.parametrize("external", ["516073", "#516073", "AP-51607", "gid://shopify/Order/", "#", ""])
def test_reference__what_only_resembles_an_id_is_not_found(external):
    assert rows(tiktok(T1), shopify(*NAMES), refs((T1, external)))[0][1] == ""


def test_reference__bare_number_may_be_a_name_without_its_sign():
    assert verdict(tiktok(T1), shopify(*NAMES), refs((T1, "1002"))) == ("matched", "")


def test_reference__short_id_is_found_as_an_id():
    assert verdict(tiktok(T1), shopify({"shopify_id": "555", "name": "#1"}), refs((T1, "555"))) == (
        "matched",
        "",
    )


def test_reference__number_that_is_an_id_here_and_a_name_there_is_not_guessed():
    both = shopify({"shopify_id": "1002", "name": "#1"}, {"shopify_id": S2, "name": "#1002"})
    assert verdict(tiktok(T1), both, refs((T1, "1002"))) == ("unknown", "ambiguous_reference")


def test_reference__name_of_two_orders_is_not_guessed():
    twins = shopify({"shopify_id": S1, "name": "#7"}, {"shopify_id": S2, "name": "#7"})
    assert verdict(tiktok(T1), twins, refs((T1, "#7"))) == ("unknown", "ambiguous_reference")


def test_reference__name_of_two_orders_is_settled_by_a_mark():
    twins = shopify({"shopify_id": S1, "name": "#7"}, marked(S2, T1, name="#7"))
    found = match(tiktok(T1), twins, refs((T1, "#7"))).orders
    assert found[["shopify_id", "status", "evidence"]].astype("object").to_numpy().tolist() == [
        [S2, "matched", "reference; tag"]
    ]


def test_reference__name_finds_an_order_whose_id_was_destroyed():
    assert (
        verdict(tiktok(T1), shopify({"shopify_id": None, "name": "8095"}), refs((T1, "#8095")))[0]
        == "matched"
    )


def test_reference__several_platforms_and_repeats_are_one_claim():
    answers = refs(
        (T1, S1), (T1, S1), {"order_id": T1, "platform": "ERP_SYSTEM", "external_order_id": "E-77"}
    )
    assert rows(tiktok(T1), shopify(S1), answers) == [(T1, S1, "matched", "")]


def test_reference__two_links_of_one_order_are_a_duplicate():
    found = rows(tiktok(T1), shopify(S1, S2), refs((T1, S1), (T1, S2)))
    assert [row[1:3] for row in found] == [(S1, "duplicate"), (S2, "duplicate")]


def test_reference__id_of_an_answer_without_link_is_not_believed():
    stale = {"order_id": T1, "external_order_id": S1, "status": "failed", "reason": "timeout"}
    assert verdict(tiktok(T1), shopify(S1), refs(stale)) == ("unknown", "timeout")


def test_reference__frame_without_status_links_what_it_names():
    bare = refs((T1, S1), (T2, None))[["order_id", "external_order_id"]]
    assert [row[2:] for row in rows(tiktok(T1, T2), shopify(S1), bare)] == [
        ("matched", ""),
        ("only_tiktok", "unlinked"),
    ]


@pytest.mark.parametrize("source", TIKTOK_ORDER_ID_SOURCES)
def test_mark__its_place_is_the_evidence(source):
    found = match(tiktok(T1), shopify(marked(S1, T1, source))).orders.iloc[0]
    assert (found["matched_on"], found["evidence"]) == (source, source)


def test_mark__all_places_that_agree_are_evidence_strongest_first():
    order = marked(S1, T1, "note", tiktok_marks=f"name:{T1}; note:{T1}; tag:{T1}")
    found = match(tiktok(T1), shopify(order, S2), refs((T1, S1))).orders.iloc[0]
    assert (found["matched_on"], found["evidence"]) == ("reference", "reference; tag; note; name")


def test_mark__single_one_in_the_list_is_the_chosen_one():
    order = marked(S1, T1, "note", tiktok_marks=f"note:{T1}")
    assert match(tiktok(T1), shopify(order)).orders.iloc[0]["evidence"] == "note"


def test_mark__what_is_no_id_claims_nothing():
    assert verdict(tiktok("abc1"), shopify(marked(S1, "abc1")))[0] == "unknown"


def test_mark__too_many_digits_are_no_id():
    order_id = "9" * 21
    assert rows(tiktok(order_id), shopify(marked(S1, order_id))) == [(order_id, "", "unknown", "too_long")]


def test_inputs__ids_may_be_of_any_dtype():
    ours, theirs, answers = tiktok(T1, T2), shopify(marked(S1, T1), S2), refs((T2, S2))
    expected = match(ours, theirs, answers).orders
    for kind in ("category", "object", "string", "int64"):
        frames = (
            ours.astype({"order_id": kind}),
            theirs.astype({"shopify_id": kind, "name": "category", "currency": "category"}),
            answers.astype({"order_id": kind, "external_order_id": kind, "status": "category"}),
        )
        pd.testing.assert_frame_equal(match(*frames).orders, expected)


def test_inputs__amounts_may_be_arrow_decimals():
    pyarrow = pytest.importorskip("pyarrow")
    kind = pd.ArrowDtype(pyarrow.decimal128(10, 2))
    frame = tiktok(T1, T2).assign(amount=pd.Series([Decimal("20.00"), None], dtype=kind))
    assert match(frame, shopify()).orders["tiktok_amount"].fillna(-1).tolist() == [20.0, -1]


def test_inputs__dates_may_be_categories():
    frame = tiktok(T1, T2)
    texts = frame.assign(created_at=pd.Series(["2026-11-10", None], dtype="category"))
    assert match(texts, shopify()).details["day"].tolist()[0] == pd.Timestamp("2026-11-10")


def test_inputs__dirty_ids_are_cleaned():
    ours = tiktok(f"{T1}\t", f'="{T2}"', f"'{T3}")
    theirs = shopify(marked(f"{S1}.0", f" {T1}"), f"gid://shopify/Order/{S2}")
    found = rows(ours, theirs, refs((f"{T2} ", S2), (T3, None)))
    assert [row[:3] for row in found] == [
        (T1, S1, "matched"),
        (T2, S2, "matched"),
        (T3, "", "only_tiktok"),
    ]


def test_inputs__leading_zeros_and_long_ids_are_kept_apart():
    ids = ["05770", "5770", "0005770", "57700000000000000001", "57700000000000000002"]
    orders = [marked(f"52770000000{number}", order_id) for number, order_id in enumerate(ids)]
    found = match(tiktok(*ids), shopify(*orders)).orders
    assert found["order_id"].tolist() == ids
    assert found["shopify_id"].tolist() == [order["shopify_id"] for order in orders]


def test_inputs__external_ids_read_as_floats_are_found():
    answers = pd.DataFrame({"order_id": [T1, T2], "external_order_id": [float(S1), None]})
    assert rows(tiktok(T1, T2), shopify(S1), answers)[0] == (T1, S1, "matched", "")


def test_inputs__order_ids_read_as_floats_are_refused():
    with pytest.raises(InputError, match="last digits"):
        match(pd.DataFrame({"order_id": [float(T1)]}), shopify(S1))


def test_inputs__frames_are_not_changed():
    ours, theirs, answers = tiktok(f"{T1}\t", T2), shopify(marked(f"{S1}.0", T1)), refs((T2, f" {S3}"))
    for frame, number in zip((ours, theirs, answers), (10, 20, 30), strict=True):
        frame.index = range(number, number + len(frame))
    before = [frame.copy() for frame in (ours, theirs, answers)]
    match(ours, theirs, answers, probable=True)
    for frame, was in zip((ours, theirs, answers), before, strict=True):
        pd.testing.assert_frame_equal(frame, was)


def test_inputs__needed_columns_are_few():
    ours, theirs = pd.DataFrame({"order_id": [T1]}), pd.DataFrame({"name": ["#1"]})
    assert verdict(ours, theirs, refs((T1, "#1"))) == ("matched", "no_amount")


@pytest.mark.parametrize("answers", [None, refs()])
def test_inputs__empty_frames_are_an_empty_result(answers):
    result = match(tiktok(), shopify(), answers, probable=True)
    assert result.orders.empty
    assert result.counts.sum() == 0
    assert match(tiktok(), shopify(marked(S1, T1)), answers).counts["only_shopify"] == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((pd.DataFrame({"id": []}), shopify()), ["order_id", "read_tiktok_orders"]),
        ((tiktok(), pd.DataFrame({"id": []})), ["shopify_id", "read_shopify_orders"]),
        ((tiktok(), shopify(), pd.DataFrame({"order_id": []})), ["external_order_id", "lookup"]),
        ((tiktok(), [1]), ["DataFrame", "list"]),
        ((tiktok(T1, T2, T1), shopify()), ["1 row", T1, "drop_duplicates"]),
        ((tiktok(), shopify(S1, S1)), [S1, "shopify_id"]),
        ((tiktok({"order_id": T1, "amount": "12,50"}), shopify()), ["amount", "numeric"]),
    ],
)
def test_inputs__what_does_not_fit_is_refused_by_name(args, words):
    with pytest.raises(InputError) as refused:
        match(*args)
    assert [word for word in words if word not in str(refused.value)] == []


@pytest.mark.parametrize(
    "tolerance",
    [-1, float("nan"), "0.01", "1%", None, [0.01], 1j, Decimal("sNaN"), 10**400],
    ids=lambda value: type(value).__name__,
)
def test_inputs__tolerance_must_be_a_size(tolerance):
    with pytest.raises(InputError, match="number of 0 or more") as refused:
        match(tiktok(), shopify(), tolerance=tolerance)
    assert refused.value.parameter == "tolerance"


@pytest.mark.parametrize("tolerance", [0, Decimal("0.01"), np.float32(0.5), float("inf")])
def test_inputs__tolerance_may_be_any_number(tolerance):
    assert match(tiktok(T1), shopify(marked(S1, T1)), tolerance=tolerance).counts["matched"] == 1


@pytest.mark.parametrize("name", ["order_id", "amount", "status", "cancelled", "currency"])
def test_inputs__column_that_is_there_twice_is_refused(name):
    frame = tiktok(T1, T2)
    with pytest.raises(InputError, match=f"several columns {name}"):
        match(pd.concat([frame, frame[[name]]], axis=1), shopify())


@pytest.mark.parametrize("label", [Decimal("sNaN"), 10**5000], ids=["signalling NaN", "huge"])
def test_inputs__column_whose_name_is_no_text_is_refused(label):
    frame = tiktok(T1).assign(x=1)
    frame.columns = [*frame.columns[:-1], label]
    with pytest.raises(InputError, match="a column whose name is not text"):
        match(frame, shopify())


def test_inputs__column_that_match_does_not_read_may_be_there_twice():
    frame = tiktok(T1).assign(remark="x")
    assert len(match(pd.concat([frame, frame[["remark"]]], axis=1), shopify()).orders) == 1


def test_inputs__columns_of_several_levels_are_refused():
    frame = tiktok(T1)
    frame.columns = pd.MultiIndex.from_product([frame.columns, ["x"]])
    with pytest.raises(InputError, match="levels"):
        match(frame, shopify())


def test_inputs__rows_may_have_any_index():
    ours, theirs, answers = tiktok(T1, T2), shopify(marked(S1, T1), S2), refs((T2, S2), (T3, None))
    expected = match(ours, theirs, answers).orders
    for frame in (ours, theirs, answers):
        frame.index = pd.MultiIndex.from_product([["a"], [7, 7]])
    pd.testing.assert_frame_equal(match(ours, theirs, answers).orders, expected)


def test_inputs__missing_status_of_the_references_is_no_answer():
    answers = refs((T1, S1), (T2, S2)).astype({"status": "string"})
    answers.loc[1, "status"] = pd.NA
    assert [row[2] for row in rows(tiktok(T1, T2), shopify(S1, S2), answers)] == ["matched", "unknown"]


@pytest.mark.parametrize("kind", ["category", "boolean", "object", "bool[pyarrow]"])
def test_inputs__cancelled_may_be_missing(kind):
    if "pyarrow" in kind:
        pytest.importorskip("pyarrow")
    frame = tiktok(T1, T2, T3).assign(cancelled=pd.Series([True, None, False], dtype=kind))
    states = rows(frame, shopify(marked(S1, T1), marked(S2, T2), marked(S3, T3)))
    assert [row[2] for row in states] == ["state_differs", "matched", "matched"]


@pytest.mark.parametrize("blank", ["", " "])
def test_inputs__blank_currency_is_a_missing_one(blank):
    ours = tiktok({"order_id": T1, "currency": blank}, {"order_id": T2, "currency": blank})
    theirs = shopify(marked(S1, T1), marked(S2, T2, currency=blank))
    orders = match(ours, theirs).orders
    assert orders["currency"].tolist() == ["USD", "USD"]
    assert orders["status"].tolist() == ["matched", "matched"]


@pytest.mark.parametrize(
    "value",
    [[1], 10**5000, Decimal("sNaN"), 1j, pd.Timedelta(1, "D"), object, "\ud800", b"x", {"a": 1}],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize(
    "name", ["order_id", "status", "cancelled", "created_at", "paid_at", "amount", "currency"]
)
def test_inputs__odd_values_are_read_or_refused(name, value):
    frame = tiktok(T1, T2)
    frame[name] = pd.Series([value, None], dtype="object")
    try:
        match(frame, shopify(marked(S1, T1)))
    except InputError as refused:
        assert name.split("_")[0] in str(refused)  # noqa: PT017


def test_settlement__payouts_stand_on_every_row_of_their_order_and_count_once():
    paid = pd.DataFrame(
        {"order_id": [T1, T3], "settled_amount": [15.5, 3.0], "settled_at": ["2026-11-12", None]}
    )
    result = match(tiktok(T1, T2), shopify(marked(S1, T1), marked(S2, T1)), settlement=paid)
    assert result.orders["settled_amount"].fillna(-1).tolist() == [15.5, 15.5, -1]
    assert result.orders["settled_counted"].fillna(-1).tolist() == [15.5, 0.0, -1]
    assert result.orders["settled_at"].iloc[0] == pd.Timestamp("2026-11-12")
    totals = result.summary[result.summary["section"] == "settled"].set_index("name")["value"]
    assert totals["duplicate"] == totals["total"] == 15.5
    assert "Orders of the settlement that are not among the TikTok orders: 1." in map(str, result.notes)


@pytest.mark.parametrize("blank", ["", " ", "-", "n/a", "nan", None])
def test_settlement__row_without_an_order_is_an_adjustment_and_on_no_order(blank):
    paid = pd.DataFrame(
        {
            "order_id": [T1, blank, blank],
            "settled_amount": [15.5, 99.0, -9.0],
            "currency": ["USD", "USD", "EUR"],
        }
    )
    result = match(tiktok(T1, T2), shopify(marked(S1, T1), marked(S2, T2)), settlement=paid)
    assert result.orders["settled_amount"].fillna(-1).tolist() == [15.5, -1]
    adjustments = "2 rows of the settlement without an order (adjustments): -9.00 EUR and 99.00 USD."
    assert Note("left_out", adjustments) in result.notes


def test_settlement__row_without_an_order_is_not_on_an_order_without_an_id():
    paid = pd.DataFrame({"order_id": ["-"], "settled_amount": [99.0]})
    result = match(tiktok({"order_id": None}), shopify(), settlement=paid)
    assert result.orders["settled_amount"].isna().all()
    assert "1 row of the settlement without an order (adjustments): 99.00." in map(str, result.notes)


def test_settlement__repeated_orders_are_refused():
    paid = pd.DataFrame({"order_id": [T1, T1], "settled_amount": [1.0, 2.0]})
    with pytest.raises(InputError, match="settlement"):
        match(tiktok(T1), shopify(), settlement=paid)


def test_probable__one_that_fits_one_is_paired_and_named_so():
    result = match(tiktok(T1), shopify(S1), probable=True)
    row = result.orders.iloc[0]
    assert (row["shopify_id"], row["status"], row["matched_on"], row["evidence"]) == (
        *(S1, "probable", "probable", "probable (1 candidate)"),
    )
    by_source = result.summary[result.summary["section"] == "matched_on"].set_index("name")["value"]
    assert by_source["probable"] == 1
    assert by_source.drop("probable").sum() == 0
    assert any("Probable pairs" in note.text for note in result.notes)


def test_probable__is_off_unless_asked_for():
    assert verdict(tiktok(T1), shopify(S1)) == ("only_tiktok", "no_mark")


@pytest.mark.parametrize(
    "other",
    [
        {"total": 20.01},
        {"currency": "EUR"},
        {"total": None},
        {"created_at": "2026-11-11 14:00:01+00:00"},
        {"created_at": "2026-11-09 09:59:59+00:00"},
    ],
)
def test_probable__what_does_not_fit_is_not_paired(other):
    found = match(tiktok(T1), shopify({"shopify_id": S1, **other}), probable=True).orders
    assert found["matched_on"].isna().all()


def test_probable__one_of_another_currency_is_no_candidate():
    found = match(tiktok(T1), shopify({"shopify_id": S1, "currency": "EUR"}), probable=True).orders.iloc[0]
    assert (found["status"], found["reason"]) == ("only_tiktok", "no_mark")
    assert pd.isna(found["evidence"])


def test_probable__window_is_inclusive():
    found = rows(
        tiktok(T1), shopify({"shopify_id": S1, "created_at": "2026-11-11 14:00:00+00:00"}), probable=True
    )
    assert found[0][:3] == (T1, S1, "probable")


def test_probable__several_candidates_are_counted_and_left():
    result = match(tiktok(T1), shopify(S1, S2), probable=True).orders.iloc[0]
    assert (result["status"], result["reason"]) == ("only_tiktok", "no_mark; several_candidates")
    assert result["evidence"] == "2 candidates"


def test_probable__two_orders_that_fit_one_are_left():
    found = match(tiktok(T1, T2), shopify(S1), probable=True).orders
    assert found["matched_on"].isna().all()
    assert found["reason"].tolist() == ["no_mark; several_candidates"] * 2


def test_probable__proven_and_linked_orders_are_left_alone():
    found = rows(tiktok(T1, T2), shopify(marked(S1, T1), S2), refs((T2, S3)), probable=True)
    assert [row[:3] for row in found] == [(T1, S1, "matched"), (T2, "", "only_tiktok")]


def test_probable__stays_a_guess_where_the_states_differ_and_says_so():
    cancelled = shopify({"shopify_id": S1, "cancelled": True})
    assert verdict(tiktok(T1), cancelled, probable=True) == ("probable", "cancelled_on_shopify")


def test_probable__status_is_counted_only_where_there_is_a_guess():
    guessed = match(tiktok(T1), shopify(S1), probable=True)
    assert list(guessed.counts.index) == [*MATCH_STATUSES, "probable"]
    assert guessed.counts["probable"] == 1
    assert list(match(tiktok(T1), shopify(), probable=True).counts.index) == list(MATCH_STATUSES)


@pytest.mark.parametrize("odd", [5, None, "orders.csv", [1], {"order_id": ["1"]}])
def test_match__what_is_no_frame_is_refused_by_name(odd):
    with pytest.raises(InputError, match="the Shopify orders must be a DataFrame"):
        match(tiktok(T1), odd)
    with pytest.raises(InputError, match="the TikTok orders must be a DataFrame"):
        match(odd, shopify(S1))


def test_known__needs_no_answer_where_its_shopify_order_is_there():
    known = {"status": "skipped", "reason": "known", "external_order_id": None}
    ours, theirs = tiktok(T1, T2), shopify(marked(S1, T1))
    answers = refs({"order_id": T1, **known}, {"order_id": T2, **known})
    result = match(ours, theirs, answers)
    assert result.orders["status"].tolist() == ["matched", "only_tiktok"]
    assert result.orders["reason"].fillna("").tolist() == ["", "no_mark"]
    told = [note.text for note in result.notes]
    assert "Orders not looked up, as a Shopify order names them: 2." in told
    plain = match(ours, theirs)
    pd.testing.assert_frame_equal(result.orders, plain.orders)


def test_answers__without_a_link_beside_marks_say_that_the_shop_has_no_references():
    ids = [f"5772{number:014}" for number in range(201)]
    answers = refs(*((order_id, None) for order_id in ids))
    told = [note.text for note in match(tiktok(*ids), shopify(marked(S1, ids[0])), answers).notes]
    assert any(text.startswith("None of 201 answers names a Shopify order") for text in told)
    linked = refs((ids[0], S1), *((order_id, None) for order_id in ids[1:]))
    told = [note.text for note in match(tiktok(*ids), shopify(marked(S1, ids[0])), linked).notes]
    assert not any("carry no references" in text for text in told)


def test_answers__of_another_platform_say_nothing_of_references_on_shopify():
    ids = [f"5772{number:014}" for number in range(201)]
    answers = refs(*((order_id, None) for order_id in ids)).assign(platform="AMAZON")
    told = [note.text for note in match(tiktok(*ids), shopify(marked(S1, ids[0])), answers).notes]
    assert not any("carry no references" in text for text in told)
