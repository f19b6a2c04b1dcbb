"""Answers read in every shape: references, lines, "no reference", and forms that nobody knows."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.gateway_answers import ORDER, REQUEST_ID, good, official, other, read

from ttsframe import gateway as api
from ttsframe.columns import REASONS, STATUSES
from ttsframe.gateway import ResponseKind
from ttsframe.gateway.outcomes import LineItem, Reference

# Shapes

LINE = {"id": "1001", "origin_id": "2002"}
SHAPES = {
    "official": official({"id": "5312", "platform": "SHOPIFY"}),
    "official with lines": official({"id": "5312", "platform": "SHOPIFY", "line_items": []}),
    "code as text": {**official({"id": "5312", "platform": "SHOPIFY"}), "code": "0"},
    "other": other({"order_id": ORDER, "external_order_id": "5312", "platform": "SHOPIFY"}),
    "other without order": other({"external_order_id": "5312", "platform": "SHOPIFY"}),
    "other, order as number": other(
        {"order_id": int(ORDER), "external_order_id": "5312", "platform": "SHOPIFY"}
    ),
    "both, the same": good(
        {
            "external_orders": [{"id": "5312", "platform": "SHOPIFY"}],
            "external_order_references": [{"external_order_id": "5312", "platform": "SHOPIFY"}],
        }
    ),
    "one shape empty": good(
        {
            "external_orders": None,
            "external_order_references": [{"external_order_id": "5312", "platform": "SHOPIFY"}],
        }
    ),
    "null id beside the other name": official(
        {"id": None, "external_order_id": "5312", "platform": "SHOPIFY"}
    ),
    "both names, the first counts": official(
        {"id": "5312", "external_order_id": "99", "platform": "SHOPIFY"}
    ),
    "id as number": official({"id": 5312, "platform": "SHOPIFY"}),
    "platform in lower case": official({"id": "5312", "platform": "shopify"}),
    "without platform": official({"id": "5312"}),
    "platform null": official({"id": "5312", "platform": None}),
    "blanks": official({"id": " 5312\t", "platform": " SHOPIFY "}),
    "twice": official({"id": "5312", "platform": "SHOPIFY"}, {"id": "5312", "platform": "SHOPIFY"}),
    "further keys": official({"id": "5312", "platform": "SHOPIFY", "new": {"a": [1]}}),
    "lines null": official({"id": "5312", "platform": "SHOPIFY", "line_items": None}),
}


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_decode_references__every_shape_of_one_reference(content):
    answer = read(200, content)
    assert answer.kind is ResponseKind.ANSWERED
    assert answer.outcome == ("linked", None, (Reference("5312"),), None, None, 200, REQUEST_ID, None, False)


@pytest.mark.parametrize("http_status", [200, 400, 404, 429, 500, 503])
def test_decode_references__the_body_is_believed_whatever_the_http_status(http_status):
    answer = read(http_status, SHAPES["official"])
    assert (answer.kind, answer.outcome.status) == (ResponseKind.ANSWERED, "linked")


@pytest.mark.parametrize(
    "external_id",
    [
        "5312",
        "gid://shopify/Order/5312",
        "gid://shopify/Order/5312?key=1",
        "#1001",
        "AP-516073",
        "TTOK#5801-F1",
        "ü #1",
    ],
)
def test_decode_references__external_ids_are_kept_as_given(external_id):
    for content in (
        official({"id": external_id, "platform": "SHOPIFY"}),
        other({"order_id": ORDER, "external_order_id": external_id, "platform": "SHOPIFY"}),
    ):
        assert read(200, content).outcome.references == (Reference(external_id),)


EMPTIES = {
    "empty list": official(),
    "empty list, other shape": other(),
    "missing key": good({}),
    "null list": good({"external_orders": None}),
    "data null": good(None),
    "data missing": {"code": 0, "message": "Success", "request_id": REQUEST_ID},
    "data empty list": good([]),
    "data empty text": good(""),
    "list is an empty object": good({"external_orders": {}}),
    "code as text": {**good(None), "code": "0"},
    "entry without id": official({"platform": "SHOPIFY"}),
    "entry with null id": official({"id": None, "platform": "SHOPIFY"}),
    "entry with empty id": official({"id": "", "platform": "SHOPIFY"}),
    "entry with blank id": official({"id": "  ", "platform": "SHOPIFY"}),
    "another platform's": official({"id": "5312", "platform": "AMAZON"}),
    "another platform's, other shape": other({"external_order_id": "5312", "platform": "AMAZON"}),
    "unknown platform's": official({"id": "5312", "platform": "EBAY"}),
}


@pytest.mark.parametrize("content", EMPTIES.values(), ids=EMPTIES)
def test_decode_references__every_kind_of_none_is_unlinked(content):
    answer = read(200, content)
    assert answer.kind is ResponseKind.ANSWERED
    assert answer.outcome == ("unlinked", None, (), None, None, 200, REQUEST_ID, None, False)


@pytest.mark.parametrize(
    ("platform", "expected"), [("SHOPIFY", ("5312", "5313")), ("AMAZON", ("A-1",)), ("MAGENTO", ())]
)
def test_decode_references__of_all_platforms_only_the_one_asked(platform, expected):
    content = official(
        {"id": "5312", "platform": "SHOPIFY"},
        {"id": "A-1", "platform": "AMAZON"},
        {"id": "5313", "platform": "SHOPIFY"},
    )
    found = read(200, content, platform).outcome.references
    assert tuple(reference.external_order_id for reference in found) == expected


def test_decode_references__several_references_of_both_shapes_keep_their_order():
    content = good(
        {
            "external_orders": [{"id": "2", "platform": "SHOPIFY"}, {"id": "1", "platform": "SHOPIFY"}],
            "external_order_references": [
                {"external_order_id": "1", "platform": "SHOPIFY"},
                {"external_order_id": "3", "platform": "SHOPIFY"},
            ],
        }
    )
    assert read(200, content).outcome.references == (Reference("2"), Reference("1"), Reference("3"))


LINES = {
    "both": ([LINE], (LineItem("1001", "2002"),)),
    "reversed": ([{"id": "2002", "origin_id": "1001"}], (LineItem("2002", "1001"),)),
    "id alone": ([{"id": "1001"}], (LineItem("1001", None),)),
    "origin alone": ([{"origin_id": "2002"}], (LineItem(None, "2002"),)),
    "numbers": ([{"id": 1001, "origin_id": 2002}], (LineItem("1001", "2002"),)),
    "nothing in it": ([{}], (LineItem(None, None),)),
    "several": (
        [LINE, {"id": "1002", "origin_id": "2002"}],
        (LineItem("1001", "2002"), LineItem("1002", "2002")),
    ),
    "twice": ([LINE, LINE], (LineItem("1001", "2002"),)),
}


@pytest.mark.parametrize(("lines", "expected"), LINES.values(), ids=LINES)
def test_decode_references__lines_keep_their_api_names(lines, expected):
    content = official({"id": "5312", "platform": "SHOPIFY", "line_items": lines})
    assert read(200, content).outcome.references == (Reference("5312", expected),)


def test_decode_references__lines_of_one_external_order_come_together():
    content = official(
        {"id": "5312", "platform": "SHOPIFY", "line_items": [{"id": "1", "origin_id": "a"}]},
        {"id": "5313", "platform": "SHOPIFY"},
        {"id": "5312", "platform": "SHOPIFY", "line_items": [{"id": "2", "origin_id": "b"}]},
    )
    assert read(200, content).outcome.references == (
        Reference("5312", (LineItem("1", "a"), LineItem("2", "b"))),
        Reference("5313"),
    )


LARGE = "184467440737095516165312"  # beyond 64 bits: most readers of JSON make a float of it


@pytest.mark.parametrize("entries", ["external_orders", "external_order_references"])
@pytest.mark.parametrize("name", ["id", "external_order_id"])
def test_decode_references__a_whole_number_beyond_64_bits_is_read_digit_for_digit(entries, name):
    body = f'{{"code": 0, "data": {{"{entries}": [{{"{name}": {LARGE}, "platform": "SHOPIFY"}}]}}}}'
    fresh = read(200, api.decode_json(body)).outcome
    assert fresh.references == (Reference(LARGE),)
    cached = api.decode_cached(200, body.encode(), order_id=ORDER, platform="SHOPIFY", fetched_at=5.0)
    assert cached == fresh._replace(fetched_at=5.0, from_cache=True)


def test_decode_references__lines_beyond_64_bits_are_read_digit_for_digit():
    line = f'{{"id": {LARGE}, "origin_id": -{LARGE}}}'
    body = f'{{"code": 0, "data": {{"external_orders": [{{"id": "1", "line_items": [{line}]}}]}}}}'
    fresh = read(200, api.decode_json(body)).outcome
    assert fresh.references == (Reference("1", (LineItem(LARGE, f"-{LARGE}"),)),)


NULLS = {
    "before a reference": official(None, {"id": "5312", "platform": "SHOPIFY"}),
    "after a reference": official({"id": "5312", "platform": "SHOPIFY"}, None, None),
    "other shape": other(None, {"external_order_id": "5312", "platform": "SHOPIFY"}),
    "in the shape that holds nothing else": good(
        {
            "external_orders": [None],
            "external_order_references": [{"external_order_id": "5312", "platform": "SHOPIFY"}],
        }
    ),
    "among the lines": official({"id": "5312", "platform": "SHOPIFY", "line_items": [None]}),
}


@pytest.mark.parametrize("content", NULLS.values(), ids=NULLS)
def test_decode_references__a_null_among_the_entries_is_left_out(content):
    fresh = read(200, content).outcome
    assert (fresh.status, fresh.references) == ("linked", (Reference("5312"),))
    body = json.dumps(content).encode()
    cached = api.decode_cached(200, body, order_id=ORDER, platform="SHOPIFY", fetched_at=5.0)
    assert cached == fresh._replace(fetched_at=5.0, from_cache=True)


ODD_FORMS = {
    "null is all there is": official(None),
    "null is all there is, other shape": other(None, None),
    "null beside another platform's": official(None, {"id": "5312", "platform": "AMAZON"}),
    "null beside no id": official(None, {"platform": "SHOPIFY"}),
    "data is false": {**good(None), "data": False},
    "data is 0": good(0),
    "data is 0.0": good(0.0),
    "entries are false": good({"external_orders": False}),
    "entries are 0": good({"external_order_references": 0}),
    "platform is false": official({"id": "5312", "platform": False}),
    "platform is 0": official({"id": "5312", "platform": 0}),
    "lines are false": official({"id": "5312", "platform": "SHOPIFY", "line_items": False}),
    "a line is a float": official({"id": "5312", "platform": "SHOPIFY", "line_items": [{"id": 5.77e17}]}),
    "a line is an object": official({"id": "5312", "platform": "SHOPIFY", "line_items": [{"id": {}}]}),
    "about another order": other({"order_id": "1", "external_order_id": "5312", "platform": "SHOPIFY"}),
    "about another order, official": official({"order_id": "1", "id": "5312", "platform": "SHOPIFY"}),
    "data is text": good("none"),
    "data is a list": good([{"id": "5312"}]),
    "data is a number": good(7),
    "entries are text": good({"external_orders": ["5312"]}),
    "entries are an object": good({"external_orders": {"id": "5312"}}),
    "entries are a number": good({"external_orders": 5}),
    "id is an object": official({"id": {"id": "5312"}, "platform": "SHOPIFY"}),
    "id is a float": official({"id": 5.77e17, "platform": "SHOPIFY"}),
    "id is a truth": official({"id": True, "platform": "SHOPIFY"}),
    "lines are a number": official({"id": "5312", "platform": "SHOPIFY", "line_items": 5}),
    "a line is text": official({"id": "5312", "platform": "SHOPIFY", "line_items": ["1001"]}),
}


@pytest.mark.parametrize("content", ODD_FORMS.values(), ids=ODD_FORMS)
def test_decode_references__a_form_nobody_knows_is_a_bad_answer(content):
    answer = read(200, content)
    assert answer.kind is ResponseKind.BAD_ANSWER
    assert (answer.outcome.status, answer.outcome.reason) == ("failed", "bad_answer")
    assert answer.outcome.references == ()
    assert answer.outcome.request_id == REQUEST_ID


@pytest.mark.parametrize("content", ODD_FORMS.values(), ids=ODD_FORMS)
def test_decode_references__a_bad_answer_says_so_in_words_of_its_own(content):
    message = read(200, content).outcome.error_message
    assert message.startswith("unexpected response: ")
    assert not re.search("attribute|None|'", message)


def test_decode_shops__control_characters_are_no_part_of_a_name():
    shop = {"name": "My\x1b[31m shop", "cipher": "c"}
    assert api.decode_shops(good({"shops": [shop]}))[0]["name"] == "My [31m shop"


# Whatever a gateway says

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**63), max_value=2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from([0, "0", ORDER, "SHOPIFY", "AMAZON"]),
)
keys = st.one_of(
    st.sampled_from(
        [
            *("id", "platform", "line_items", "origin_id", "order_id", "external_order_id"),
            *("external_orders", "external_order_references", "code", "message", "request_id", "data"),
        ]
    ),
    st.text(max_size=4),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(st.one_of(values, values.map(good), values.map(lambda value: good({"external_orders": value}))))
def test_decode_references__any_json_gives_an_outcome_and_no_crash(content):
    _check(read(200, content))


@given(st.binary(max_size=60), st.integers(min_value=100, max_value=599))
def test_decode_references__any_bytes_give_an_outcome_and_no_crash(body, http_status):
    _check(read(http_status, api.decode_json(body)))


def _check(answer):
    outcome = answer.outcome
    assert outcome.status in STATUSES
    assert outcome.reason is None or outcome.reason in REASONS
    assert (outcome.status == "linked") == bool(outcome.references)
    assert (answer.kind is ResponseKind.ANSWERED) == (outcome.status in ("linked", "unlinked"))
    for text in (outcome.error_code, outcome.error_message, outcome.request_id):
        assert text is None or isinstance(text, str)
    for reference in outcome.references:
        assert isinstance(reference.external_order_id, str)
        assert reference.external_order_id
