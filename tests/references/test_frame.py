"""Outcomes become a tidy frame: the columns and dtypes promised, and no question dropped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsframe.columns import LINE_ITEMS, REASONS, REFERENCES, STATUSES, TEXT_DTYPE, empty, names
from ttsframe.gateway.outcomes import LineItem, Outcome, Reference
from ttsframe.references.frame import LEVELS, LookupKeys, to_frame

ID = "577092126219211281"
FETCHED_AT = 1_795_000_000.123456

LINKED = Outcome("linked", None, (Reference("5312"),), None, None, 200, "r1", FETCHED_AT, from_cache=True)
UNLINKED = Outcome("unlinked", None, (), None, None, 200, "r2", FETCHED_AT)
DENIED = Outcome("denied", "not_this_shop", (), "21008111", "not yours", 200, "r3", FETCHED_AT)
INVALID = Outcome("invalid", "digits_lost")
FAILED = Outcome("failed", "timeout", (), None, "no answer within 20 s")
SKIPPED = Outcome("skipped", "offline")
ALL = [LINKED, UNLINKED, DENIED, INVALID, FAILED, SKIPPED]
LINES = (LineItem("1", "a"), LineItem("2", None))
SEVERAL = LINKED._replace(references=(Reference("5312", LINES), Reference("5313")))


def frame_of(outcomes, *, level="order", ids=None):
    ids = [f"{place:018}" for place in range(len(outcomes))] if ids is None else ids
    platforms = np.full(len(outcomes), "SHOPIFY", dtype=object)
    return to_frame(LookupKeys(np.array(ids, dtype=object), platforms), outcomes, level=level)


def texts(column):
    """Values of a text column, None where missing."""
    return [None if missing else value for value, missing in zip(column, column.isna(), strict=True)]


DTYPES = {
    "order_id": TEXT_DTYPE,
    "platform": TEXT_DTYPE,
    "external_order_id": TEXT_DTYPE,
    "line_item_id": TEXT_DTYPE,
    "line_item_origin_id": TEXT_DTYPE,
    "status": pd.CategoricalDtype(["linked", "unlinked", "denied", "invalid", "failed", "skipped"]),
    "reason": TEXT_DTYPE,
    "error_code": TEXT_DTYPE,
    "error_message": TEXT_DTYPE,
    "http_status": "Int16",
    "request_id": TEXT_DTYPE,
    "fetched_at": "datetime64[us, UTC]",
    "from_cache": "bool",
}
ORDER_LEVEL = [name for name in DTYPES if not name.startswith("line_item")]
LINE_LEVEL = list(DTYPES)


def test_text_dtype__is_the_text_of_the_pandas_at_hand():
    assert ("str" if int(pd.__version__.split(".")[0]) >= 3 else "object") == TEXT_DTYPE


@pytest.mark.parametrize(("level", "expected"), [("order", ORDER_LEVEL), ("line_item", LINE_LEVEL)])
@pytest.mark.parametrize(
    "outcomes",
    [ALL, [], [LINKED], [SKIPPED], [INVALID, SKIPPED], [SEVERAL, UNLINKED], [DENIED] * 3],
    ids=["all", "none", "linked", "skipped", "unsent", "several", "denied"],
)
def test_to_frame__columns_and_dtypes_whatever_is_in_it(outcomes, level, expected):
    frame = frame_of(outcomes, level=level)
    assert list(frame.columns) == expected
    assert {name: frame[name].dtype for name in expected} == {name: DTYPES[name] for name in expected}
    assert isinstance(frame.index, pd.RangeIndex)


def test_to_frame__is_what_columns_describes():
    assert names(REFERENCES) == ORDER_LEVEL
    assert names(LINE_ITEMS) == LINE_LEVEL
    assert tuple(STATUSES) == ("linked", "unlinked", "denied", "invalid", "failed", "skipped")
    pd.testing.assert_frame_equal(frame_of([]), empty(REFERENCES))
    pd.testing.assert_frame_equal(frame_of([], level="line_item"), empty(LINE_ITEMS))


def test_to_frame__values_of_every_status():
    frame = frame_of(ALL)
    assert frame["status"].tolist() == list(STATUSES)
    assert texts(frame["external_order_id"]) == ["5312", None, None, None, None, None]
    assert texts(frame["reason"]) == [None, None, "not_this_shop", "digits_lost", "timeout", "offline"]
    assert texts(frame["error_code"]) == [None, None, "21008111", None, None, None]
    assert texts(frame["error_message"]) == [None, None, "not yours", None, "no answer within 20 s", None]
    assert texts(frame["http_status"]) == [200, 200, 200, None, None, None]
    assert texts(frame["request_id"]) == ["r1", "r2", "r3", None, None, None]
    assert frame["from_cache"].tolist() == [True, False, False, False, False, False]


def test_to_frame__missing_text_is_nan_and_never_none():
    frame = frame_of(ALL)
    missing = frame["external_order_id"].tolist()[1:]
    assert all(isinstance(value, float) for value in missing)


def test_to_frame__times_are_utc_to_the_microsecond():
    frame = frame_of([LINKED, SKIPPED])
    assert frame["fetched_at"][0] == pd.Timestamp("2026-11-18 11:06:40.123456", tz="UTC")
    assert frame["fetched_at"].isna().tolist() == [False, True]


def test_to_frame__ids_and_platforms_stand_as_asked():
    ids = [ID, None, "5.8E+17"]
    platforms = np.array(["SHOPIFY", "AMAZON", "SHOPIFY"], dtype=object)
    questions = LookupKeys(np.array(ids, dtype=object), platforms)
    frame = to_frame(questions, [LINKED, Outcome("invalid", "missing"), INVALID])
    assert texts(frame["order_id"]) == ids
    assert frame["platform"].tolist() == platforms.tolist()


def test_to_frame__a_row_a_reference():
    frame = frame_of([UNLINKED, SEVERAL, DENIED], ids=["1", "2", "3"])
    assert frame["order_id"].tolist() == ["1", "2", "2", "3"]
    assert texts(frame["external_order_id"]) == [None, "5312", "5313", None]
    assert frame["status"].tolist() == ["unlinked", "linked", "linked", "denied"]
    assert frame["from_cache"].tolist() == [False, True, True, False]


def test_to_frame__a_row_a_line():
    frame = frame_of([UNLINKED, SEVERAL, LINKED], level="line_item", ids=["1", "2", "3"])
    assert frame["order_id"].tolist() == ["1", "2", "2", "2", "3"]
    assert texts(frame["external_order_id"]) == [None, "5312", "5312", "5313", "5312"]
    assert texts(frame["line_item_id"]) == [None, "1", "2", None, None]
    assert texts(frame["line_item_origin_id"]) == [None, "a", None, None, None]


@pytest.mark.parametrize("level", LEVELS)
def test_to_frame__every_status_has_its_row_at_every_level(level):
    assert frame_of([*ALL, SEVERAL], level=level)["status"].drop_duplicates().tolist() == list(STATUSES)


references = st.lists(
    st.builds(
        Reference,
        st.text("0123456789#", min_size=1, max_size=3),
        st.lists(st.builds(LineItem, st.none() | st.text("01"), st.none() | st.text("01")), max_size=3).map(
            tuple
        ),
    ),
    max_size=3,
).map(tuple)
linked = references.map(lambda found: LINKED._replace(references=found) if found else UNLINKED)
unanswered = st.builds(
    Outcome,
    st.sampled_from(["denied", "invalid", "failed", "skipped"]),
    st.sampled_from(sorted(REASONS)),
    st.just(()),
    st.none() | st.text("012", min_size=1, max_size=4),
    http_status=st.none() | st.integers(100, 599),
    fetched_at=st.none() | st.floats(0, 4e9),
)


@given(st.lists(linked | unanswered, max_size=12), st.sampled_from(LEVELS))
def test_to_frame__nothing_is_dropped_and_nothing_invented(outcomes, level):
    frame = frame_of(outcomes, level=level)
    rows = [
        sum(max(1, len(reference.line_items)) for reference in outcome.references)
        if level == "line_item"
        else len(outcome.references)
        for outcome in outcomes
    ]
    expected = np.repeat(
        [f"{place:018}" for place in range(len(outcomes))], [max(1, count) for count in rows]
    )
    assert frame["order_id"].tolist() == expected.tolist()
    assert (
        frame["status"].tolist()
        == np.repeat([o.status for o in outcomes], [max(1, n) for n in rows]).tolist()
    )
    found = [
        (id_, text) for id_, text in zip(frame["order_id"], texts(frame["external_order_id"]), strict=True)
    ]
    asked = {(f"{place:018}", r.external_order_id) for place, o in enumerate(outcomes) for r in o.references}
    assert {pair for pair in found if pair[1] is not None} == asked
