"""The caller's own rows, with what was found beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ttsframe as tts
from ttsframe.columns import LINE_ITEMS, REFERENCES, STATUSES, names
from ttsframe.errors import InputError
from ttsframe.gateway.outcomes import LineItem, Outcome, Reference
from ttsframe.references.frame import LookupKeys, to_frame

LINKED, SEVERAL, UNLINKED = "577092126219211281", "577092126219211282", "577092126219211283"
LINES = (LineItem("1", "a"), LineItem("2", "b"))
ANSWERS = {
    LINKED: Outcome("linked", None, (Reference("5312", LINES),), None, None, 200, "r1", 1.0, from_cache=True),
    SEVERAL: Outcome("linked", None, (Reference("5313"), Reference("5314")), None, None, 200, "r2", 2.0),
    UNLINKED: Outcome("unlinked", None, (), None, None, 200, "r3", 3.0),
}
BESIDE = names(REFERENCES)[1:]


def looked_up(answers=ANSWERS, *, platform="SHOPIFY", level="order"):
    ids = np.array(list(answers), dtype=object)
    return to_frame(
        LookupKeys(ids, np.full(len(ids), platform, dtype=object)), [*answers.values()], level=level
    )


@pytest.fixture
def orders():
    return pd.DataFrame(
        {
            "order_id": [f"{UNLINKED}\t", f"'{LINKED}", SEVERAL, f'="{LINKED}"', "5.8E+17", None],
            "amount": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        },
        index=[10, 7, 7, "x", 3, 0],
    )


def texts(column):
    return [None if missing else value for value, missing in zip(column, column.isna(), strict=True)]


def test_attach__the_callers_rows_index_and_order(orders):
    joined = tts.attach(orders, looked_up())
    assert list(joined.columns) == ["order_id", "amount", *BESIDE]
    pd.testing.assert_frame_equal(joined[["order_id", "amount"]], orders)
    assert texts(joined["external_order_id"]) == [None, "5312", "5313; 5314", "5312", None, None]
    assert texts(joined["status"]) == ["unlinked", "linked", "linked", "linked", None, None]
    assert texts(joined["request_id"]) == ["r3", "r1", "r2", "r1", None, None]


@pytest.mark.parametrize("how", ["left", "explode"])
def test_attach__the_callers_frames_are_not_changed(orders, how):
    refs = looked_up()
    before, refs_before = orders.copy(deep=True), refs.copy(deep=True)
    joined = tts.attach(orders, refs, how=how)
    joined["amount"] = 0.0
    joined["external_order_id"] = ""
    pd.testing.assert_frame_equal(orders, before)
    pd.testing.assert_frame_equal(refs, refs_before)


def test_attach__explode_gives_a_row_a_reference(orders):
    joined = tts.attach(orders, looked_up(), how="explode")
    assert joined["amount"].tolist() == [1.0, 2.0, 3.0, 3.0, 4.0, 5.0, 6.0]
    assert joined.index.tolist() == [10, 7, 7, 7, "x", 3, 0]
    assert texts(joined["external_order_id"]) == [None, "5312", "5313", "5314", "5312", None, None]


@pytest.mark.parametrize("how", ["left", "explode"])
def test_attach__dtypes_stay_where_every_row_has_an_answer(orders, how):
    refs = looked_up()
    joined = tts.attach(orders.iloc[:4], refs, how=how)
    assert joined[BESIDE].dtypes.to_dict() == refs[BESIDE].dtypes.to_dict()


@pytest.mark.parametrize("name", ["status", "http_status", "fetched_at", "reason"])
def test_attach__dtypes_stay_where_rows_have_none(orders, name):
    refs = looked_up()
    assert tts.attach(orders, refs)[name].dtype == refs[name].dtype


def test_attach__rows_without_an_id_find_the_row_that_lookup_gave_them():
    refs = looked_up({None: Outcome("invalid", "missing"), "5.8E+17": Outcome("invalid", "digits_lost")})
    joined = tts.attach(pd.DataFrame({"order_id": ["", "5.8E+17", None, "\t"]}), refs)
    assert texts(joined["reason"]) == ["missing", "digits_lost", "missing", "missing"]


def test_attach__lines_of_one_order_are_joined(orders):
    refs = looked_up(level="line_item")
    joined = tts.attach(orders, refs)
    assert list(joined.columns) == ["order_id", "amount", *names(LINE_ITEMS)[1:]]
    assert texts(joined["line_item_id"])[:3] == [None, "1; 2", None]
    assert texts(joined["external_order_id"])[:3] == [None, "5312", "5313; 5314"]
    exploded = tts.attach(orders, refs, how="explode")
    assert texts(exploded["line_item_origin_id"])[:3] == [None, "a", "b"]


def test_attach__several_platforms_take_the_best_status():
    refs = pd.concat(
        [
            looked_up(
                {LINKED: Outcome("unlinked"), UNLINKED: Outcome("failed", "timeout")}, platform="AMAZON"
            ),
            looked_up({LINKED: ANSWERS[LINKED], UNLINKED: Outcome("unlinked")}),
        ],
        ignore_index=True,
    )
    joined = tts.attach(pd.DataFrame({"order_id": [LINKED, UNLINKED]}), refs)
    assert joined["status"].tolist() == ["linked", "unlinked"]
    assert joined["platform"].tolist() == ["SHOPIFY", "SHOPIFY"]
    assert joined["external_order_id"].fillna("").tolist() == ["5312", ""]
    assert joined["reason"].isna().all()
    assert joined["request_id"].fillna("").tolist() == ["r1", ""]


def test_attach__platforms_of_the_same_status_are_joined():
    refs = pd.concat(
        [looked_up({LINKED: ANSWERS[LINKED]}, platform="AMAZON"), looked_up()], ignore_index=True
    )
    joined = tts.attach(pd.DataFrame({"order_id": [LINKED]}), refs)
    assert joined["platform"].tolist() == ["AMAZON; SHOPIFY"]
    assert joined["external_order_id"].tolist() == ["5312"]


def test_attach__a_column_that_is_there_already_gets_a_prefix(orders):
    joined = tts.attach(orders.assign(status="Completed", reason="none"), looked_up())
    assert joined["status"].tolist() == ["Completed"] * 6
    assert texts(joined["reference_status"])[:2] == ["unlinked", "linked"]
    assert "reference_reason" in joined.columns
    assert joined.columns.is_unique


@pytest.mark.parametrize("how", ["left", "explode"])
def test_attach__twice_keeps_both(orders, how):
    once = tts.attach(orders, looked_up())
    twice = tts.attach(once, looked_up(), how=how)
    assert twice.columns.is_unique
    assert "reference_status" in twice.columns


def test_attach__a_third_time_has_names_of_its_own(orders):
    refs = looked_up()
    thrice = tts.attach(tts.attach(tts.attach(orders, refs), refs), refs)
    assert thrice.columns.is_unique
    pd.testing.assert_frame_equal(thrice[["order_id", "amount"]], orders)


@pytest.mark.parametrize("name", ["order_id", "Order ID", "ORDER-ID", "orderId"])
def test_attach__finds_the_id_column_by_itself(orders, name):
    joined = tts.attach(orders.rename(columns={"order_id": name}), looked_up())
    assert texts(joined["status"])[1] == "linked"


def test_attach__takes_the_column_that_is_named(orders):
    joined = tts.attach(
        orders.rename(columns={"order_id": "TikTok order"}), looked_up(), column="TikTok order"
    )
    assert texts(joined["status"])[1] == "linked"


@pytest.mark.parametrize(
    "ids",
    [
        pd.Series([int(LINKED), int(UNLINKED)], dtype="int64"),
        pd.Series([int(LINKED), int(UNLINKED)], dtype="Int64"),
        pd.Series([LINKED, UNLINKED], dtype="category"),
        pd.Series([LINKED, UNLINKED], dtype="string[python]"),
    ],
    ids=["int64", "Int64", "category", "string"],
)
def test_attach__ids_of_any_dtype(ids):
    joined = tts.attach(pd.DataFrame({"order_id": ids}), looked_up())
    assert joined["status"].tolist() == ["linked", "unlinked"]
    assert joined["order_id"].dtype == ids.dtype


@pytest.mark.parametrize("how", ["left", "explode"])
def test_attach__no_orders_and_no_references(orders, how):
    refs = looked_up()
    assert len(tts.attach(orders.iloc[:0], refs, how=how)) == 0
    joined = tts.attach(orders, refs.iloc[:0], how=how)
    assert len(joined) == len(orders)
    assert joined["status"].isna().all()


@pytest.mark.parametrize(
    "index", [pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]), pd.to_datetime(["2026-01-01"] * 2)]
)
def test_attach__any_index(index):
    orders = pd.DataFrame({"order_id": [UNLINKED, LINKED]}, index=index)
    pd.testing.assert_index_equal(tts.attach(orders, looked_up()).index, index)


@pytest.mark.parametrize("how", ["left", "explode"])
def test_attach__columns_of_several_levels_stay_so(how):
    labels = pd.MultiIndex.from_tuples([("order", "order_id"), ("order", "amount")], names=["a", "b"])
    orders = pd.DataFrame([[UNLINKED, 1], [LINKED, 2]], columns=labels)
    joined = tts.attach(orders, looked_up(), column=("order", "order_id"), how=how)
    pd.testing.assert_frame_equal(joined[["order"]], orders)
    assert joined["status", ""].tolist() == ["unlinked", "linked"]


@pytest.mark.parametrize("how", ["left", "explode"])
def test_attach__doubled_columns_of_the_callers_stay(how):
    orders = pd.DataFrame([[LINKED, "a", "b"]], columns=["order_id", "note", "note"])
    joined = tts.attach(orders, looked_up(), how=how)
    pd.testing.assert_frame_equal(joined.iloc[:, :3], orders)
    assert joined["status"].tolist() == ["linked"]


def test_attach__doubled_columns_of_the_references_are_refused(orders):
    refs = looked_up()
    with pytest.raises(InputError, match="two columns have the same name") as caught:
        tts.attach(orders, pd.concat([refs, refs[["order_id"]]], axis=1))
    assert caught.value.parameter == "refs"


@pytest.mark.parametrize("how", ["left", "explode"])
def test_attach__tables_that_speak_arrow(how):
    pa = pytest.importorskip("pyarrow")
    orders = pa.table({"order_id": [int(UNLINKED), None, int(LINKED)], "n": [1, 2, 3]})
    refs = pa.Table.from_pandas(looked_up())
    joined = tts.attach(orders, refs, how=how)
    assert joined["n"].tolist() == [1, 2, 3]
    assert texts(joined["external_order_id"]) == [None, None, "5312"]


def test_attach__a_column_that_pandas_cannot_repeat(orders):
    pa = pytest.importorskip("pyarrow")
    orders["note"] = pd.Series(list("abcdef"), index=orders.index, dtype=pd.ArrowDtype(pa.string_view()))
    assert tts.attach(orders, looked_up())["note"].tolist() == list("abcdef")
    with pytest.raises(InputError, match="pandas cannot repeat the rows"):
        tts.attach(orders, looked_up(), how="explode")


def test_attach__references_read_back_from_a_file(orders, tmp_path):
    looked_up().to_csv(tmp_path / "refs.csv", index=False)
    joined = tts.attach(orders, pd.read_csv(tmp_path / "refs.csv", dtype=str))
    assert texts(joined["external_order_id"]) == [None, "5312", "5313; 5314", "5312", None, None]


@pytest.mark.parametrize(
    "how", ["right", "", "Left", None, 10**5000, np.array([1, 2])], ids=lambda how: type(how).__name__
)
def test_attach__unknown_how_is_refused_naming_the_known(orders, how):
    with pytest.raises(InputError, match="must be 'left' or 'explode', not ") as caught:
        tts.attach(orders, looked_up(), how=how)
    assert caught.value.parameter == "how"


def test_attach__references_read_back_as_numbers(orders, tmp_path):
    looked_up().to_csv(tmp_path / "refs.csv", index=False)
    joined = tts.attach(orders, pd.read_csv(tmp_path / "refs.csv"))
    assert texts(joined["status"])[:3] == ["unlinked", "linked", "linked"]
    assert joined["external_order_id"].iloc[2] == "5313.0; 5314.0"


def test_attach__a_status_that_is_none_of_ours_is_never_the_best():
    refs = pd.concat([looked_up().astype({"status": "str"})] * 2, ignore_index=True)
    refs.loc[0, "status"] = "???"
    refs.loc[0, "external_order_id"] = "wrong"
    joined = tts.attach(pd.DataFrame({"order_id": [LINKED]}), refs)
    assert joined[["status", "external_order_id"]].iloc[0].tolist() == ["linked", "5312"]


def test_attach__a_missing_column_is_refused_naming_those_there(orders):
    with pytest.raises(InputError, match="order_id, amount"):
        tts.attach(orders, looked_up(), column="nope")


@pytest.mark.parametrize("given", [["1"], pd.Series(["1"], name="order_id"), None, "orders.csv"])
def test_attach__what_is_no_frame_is_refused(orders, given):
    with pytest.raises(InputError, match="orders: must be a DataFrame"):
        tts.attach(given, orders.assign(status="linked"))
    with pytest.raises(InputError, match="refs: must be the frame that lookup returned"):
        tts.attach(orders, given)


def test_attach__refs_that_are_no_look_up_are_refused(orders):
    with pytest.raises(InputError, match="lookup"):
        tts.attach(orders, pd.DataFrame({"id": [LINKED]}))


def test_attach__floats_that_lost_digits_are_refused(orders):
    with pytest.raises(InputError, match="dtype=str"):
        tts.attach(orders.iloc[:2].assign(order_id=[float(LINKED), float(UNLINKED)]), looked_up())


def test_accessor__attaches_as_the_function_does(orders):
    refs = looked_up()
    pd.testing.assert_frame_equal(orders.tts.attach(refs), tts.attach(orders, refs))
    exploded = orders.tts.attach(refs, how="explode")
    pd.testing.assert_frame_equal(exploded, tts.attach(orders, refs, how="explode"))


few_ids = st.sampled_from([LINKED, SEVERAL, UNLINKED, "1", "x"])
answered = st.one_of(
    st.sampled_from([status for status in STATUSES if status != "linked"]).map(Outcome),
    st.lists(st.sampled_from("ABC"), min_size=1, max_size=3, unique=True).map(
        lambda found: Outcome("linked", None, tuple(map(Reference, found)))
    ),
)


@given(st.lists(few_ids, max_size=8), st.dictionaries(few_ids, answered, max_size=5))
def test_attach__left_keeps_every_row_once_and_explode_every_reference(ids, answers):
    orders = pd.DataFrame({"order_id": pd.Series(ids, dtype="object"), "row": range(len(ids))})
    refs = looked_up(answers)
    left = tts.attach(orders, refs)
    assert left["row"].tolist() == list(range(len(ids)))
    found = [answers[id_].references if id_ in answers else () for id_ in ids]
    joined = ["; ".join(reference.external_order_id for reference in one) or None for one in found]
    assert texts(left["external_order_id"]) == joined
    exploded = tts.attach(orders, refs, how="explode")
    assert (
        exploded["row"].tolist() == np.repeat(range(len(ids)), [max(1, len(one)) for one in found]).tolist()
    )
