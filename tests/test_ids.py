"""Cleaning never loses, changes or invents a digit, whatever a column is made of."""

from __future__ import annotations

import io
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import ttsframe as tts
from ttsframe import ids
from ttsframe.columns import TEXT_DTYPE
from ttsframe.errors import InputError

ID = "577092126219211281"
OTHER = "580111222333444555"

wrappers = pytest.mark.parametrize(
    "given_text",
    [
        ID,
        f" {ID} ",
        f"{ID}\t",
        f"\t{ID}\r\n",
        f"\ufeff{ID}",
        f"\u200b{ID}\u200d",
        f"{ID[:9]}\u200b{ID[9:]}",
        f"\u202d{ID}\u202c",
        f"\u00a0{ID}\u202f",
        f"'{ID}",
        f"' {ID}",
        f'="{ID}"',
        f'="{ID}\t"',
        f'="\'{ID}"',
        f'"{ID}"',
        f"{ID}.0",
        f"{ID}.",
        f"{ID}.00",
        f"'{ID}.0\t",
    ],
)

rejects = pytest.mark.parametrize(
    ("given_text", "reason"),
    [
        ("5.80194E+17", "digits_lost"),
        ("5.80194e+17", "digits_lost"),
        ("5,80194E+17", "digits_lost"),
        ("5.8E17", "digits_lost"),
        ("6E+17", "digits_lost"),
        ('="5.80194E+17"', "digits_lost"),
        ("\t5.77092126219211281E+17", "digits_lost"),
        ("123456789012345678901", "too_long"),
        ("#1001", "not_digits"),
        ("abc", "not_digits"),
        ("577 092 126", "not_digits"),
        ("577,092,126", "not_digits"),
        ("577092126.5", "not_digits"),
        ("+577", "not_digits"),
        ("-577", "not_digits"),
        ("577/../shops", "not_digits"),
        ("577\x00", "not_digits"),
        ("5_77", "not_digits"),
        ("٣٤٥", "not_digits"),
        ("５７７", "not_digits"),
        ("²", "not_digits"),
        (".0", "not_digits"),
        ('"', "not_digits"),
        ("Platform unique order ID.", "not_digits"),
    ],
)

blanks = pytest.mark.parametrize(
    "given_text",
    ["", " ", "\t", "\ufeff", "\u00a0", "'", '=""', "nan", "NaN", "None", "null", "N/A", "<NA>", "-", "/"],
)


@wrappers
def test_clean_one__takes_away_what_stands_around_the_digits(given_text):
    assert ids.clean_one(given_text) == (ID, None)


@wrappers
def test_clean__takes_away_the_same_as_clean_one(given_text):
    assert ids.clean([given_text]).ids.tolist() == [ID]


@rejects
def test_clean_one__keeps_the_text_and_says_why(given_text, reason):
    assert ids.clean_one(given_text) == (given_text, reason)


@blanks
def test_clean_one__empties_are_missing(given_text):
    assert ids.clean_one(given_text) == (None, "missing")


@pytest.mark.parametrize("id_", ["0", "7", "007", "9007199254740993", "12345678901234567890"])
def test_clean_one__any_run_of_up_to_20_digits_is_an_id(id_):
    assert ids.clean_one(id_) == (id_, None)


COLUMNS = {
    "int64": pd.Series([int(ID), int(OTHER)], dtype="int64"),
    "uint64": pd.Series([int(ID), int(OTHER)], dtype="uint64"),
    "Int64": pd.Series([int(ID), int(OTHER)], dtype="Int64"),
    "UInt64": pd.Series([int(ID), int(OTHER)], dtype="UInt64"),
    "object of text": pd.Series([ID, OTHER], dtype="object"),
    "object of int": pd.Series([int(ID), int(OTHER)], dtype="object"),
    "object of both": pd.Series([int(ID), OTHER], dtype="object"),
    "object of numpy": pd.Series([np.int64(ID), np.str_(OTHER)], dtype="object"),
    "object of decimals": pd.Series([Decimal(ID), Decimal(OTHER)], dtype="object"),
    "string": pd.Series([ID, OTHER], dtype="string[python]"),
    "inferred": pd.Series([ID, OTHER]),
    "category": pd.Series([ID, OTHER], dtype="category"),
    "category of int": pd.Series([int(ID), int(OTHER)], dtype="category"),
    "index": pd.Index([ID, OTHER]),
    "index of int": pd.Index([int(ID), int(OTHER)]),
    "array": np.array([int(ID), int(OTHER)]),
    "array of text": np.array([ID, OTHER]),
    "pandas array": pd.array([int(ID), int(OTHER)], dtype="Int64"),
    "list": [ID, OTHER],
    "list of int": [int(ID), int(OTHER)],
    "tuple": (ID, int(OTHER)),
}


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
def test_clean__every_dtype_gives_the_same_text(values):
    cleaned = ids.clean(values)
    assert cleaned.ids.tolist() == [ID, OTHER]
    assert cleaned.reasons.isna().all()
    assert cleaned.ids.dtype == cleaned.reasons.dtype == TEXT_DTYPE


@pytest.mark.parametrize("dtype", ["string[pyarrow]", "int64[pyarrow]", "uint64[pyarrow]"])
def test_clean__pyarrow_columns(dtype):
    pytest.importorskip("pyarrow")
    cleaned = ids.clean(pd.Series([int(ID), None, int(OTHER)], dtype="Int64").astype(dtype))
    assert cleaned.ids.fillna("").tolist() == [ID, "", OTHER]
    assert cleaned.reasons.fillna("").tolist() == ["", "missing", ""]


@pytest.mark.parametrize("dtype", ["Int64", "object", "string[python]", "category", None])
def test_clean__missing_cells_stay_missing(dtype):
    cleaned = ids.clean(pd.Series([7, None, 8], dtype="Int64").astype(dtype or "Int64"))
    assert cleaned.ids.fillna("").tolist() == ["7", "", "8"]
    assert cleaned.reasons.fillna("").tolist() == ["", "missing", ""]


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT, ""])
def test_clean__every_kind_of_nothing_is_missing(nothing):
    cleaned = ids.clean([ID, nothing])
    assert cleaned.ids.isna().tolist() == [False, True]
    assert cleaned.reasons[1] == "missing"


@pytest.mark.parametrize("dtype", ["float64", "float32", "Float64", "object", "category"])
def test_clean__small_whole_floats_are_exact(dtype):
    """A column of ints with a hole in it: pandas makes it floats."""
    cleaned = ids.clean(pd.Series([1001.0, None, 7.0], dtype="float64").astype(dtype))
    assert cleaned.ids.fillna("").tolist() == ["1001", "", "7"]
    assert cleaned.reasons.fillna("").tolist() == ["", "missing", ""]


@pytest.mark.parametrize("value", [1.5, -1.0, np.inf, -np.inf])
def test_clean__other_floats_are_no_ids(value):
    assert ids.clean(pd.Series([value])).reasons.tolist() == ["not_digits"]


FLOATS = {
    "float64": pd.Series([1.0, float(ID)]),
    "float32": pd.Series([float(ID)], dtype="float32"),
    "Float64": pd.Series([float(ID), None], dtype="Float64"),
    "with a hole": pd.Series([float(ID), np.nan]),
    "just above 2^53": pd.Series([2.0**53 + 2]),
    "negative": pd.Series([-float(ID)]),
    "index": pd.Index([float(ID)]),
    "array": np.array([float(ID)]),
    "list": [float(ID), None],
    "object": pd.Series([float(ID), None], dtype="object"),
    "category": pd.Series([float(ID), None]).astype("category"),
}


@pytest.mark.parametrize("values", FLOATS.values(), ids=FLOATS)
def test_clean__floats_that_lost_digits_are_refused(values):
    with pytest.raises(InputError, match="dtype=str"):
        ids.clean(values)


def test_clean__float_of_2_to_the_53_is_the_last_exact_one():
    assert ids.clean(pd.Series([2.0**53])).ids.tolist() == [str(2**53)]


def test_clean__a_float_among_texts_has_lost_its_digits():
    cleaned = ids.clean([ID, float(ID), 2.0**53 + 2])
    assert cleaned.ids[0] == ID
    assert cleaned.reasons.fillna("").tolist() == ["", "digits_lost", "digits_lost"]


def test_clean__distinct_rounded_floats_stay_distinct():
    cleaned = ids.clean([float(ID), float(ID) + 1024, "x"])
    assert len(ids.unique(cleaned).ids) == 3


@pytest.mark.parametrize("dtype", ["bool", "boolean"])
def test_clean__booleans_are_no_ids(dtype):
    cleaned = ids.clean(pd.Series([True, False], dtype=dtype))
    assert cleaned.reasons.tolist() == ["not_digits", "not_digits"]


@pytest.mark.parametrize("index", [[5, 3, 3], ["a", "b", "b"], pd.RangeIndex(10, 40, 10)])
def test_clean__keeps_the_index_and_the_callers_data(index):
    given_ids = pd.Series([f"{ID}\t", None, "x"], index=index, name="Order ID")
    before = given_ids.copy(deep=True)
    cleaned = ids.clean(given_ids)
    pd.testing.assert_series_equal(given_ids, before)
    pd.testing.assert_index_equal(cleaned.ids.index, before.index)
    pd.testing.assert_index_equal(cleaned.reasons.index, before.index)


@pytest.mark.parametrize("dtype", ["object", "string[python]", "category"])
def test_clean__leaves_the_callers_missing_cells_alone(dtype):
    given_ids = pd.Series([ID, np.nan, None], dtype=dtype)
    before = [*map(repr, given_ids)]
    ids.unique(ids.clean(given_ids))
    assert [*map(repr, given_ids)] == before


@pytest.mark.parametrize("values", [[], pd.Series([], dtype="float64"), pd.Series([], dtype="object")])
def test_clean__nothing_gives_nothing(values):
    cleaned = ids.clean(values)
    assert len(cleaned.ids) == len(cleaned.reasons) == 0
    assert cleaned.ids.dtype == TEXT_DTYPE
    assert len(ids.unique(cleaned).ids) == 0


def test_clean__integers_of_any_length_are_too_long_and_stay_apart():
    cleaned = ids.clean([10**5000, 10**5000 + 1, -(10**5000)])
    assert cleaned.reasons.tolist() == ["too_long", "too_long", "not_digits"]
    assert len(ids.unique(cleaned).ids) == 3


def test_clean__a_signalling_nan_is_missing():
    cleaned = ids.clean([ID, Decimal("sNaN"), None])
    assert cleaned.ids.isna().tolist() == [False, True, True]
    assert cleaned.reasons.tolist()[1:] == ["missing", "missing"]


def test_clean__a_value_that_cannot_be_written_is_no_id():
    class Unwritable:
        def __str__(self):
            raise RuntimeError("no")

    assert ids.clean([ID, Unwritable()]).reasons.fillna("").tolist() == ["", "not_digits"]


@pytest.mark.parametrize("kind", ["string_view", "binary_view"])
def test_clean__arrow_views_are_read(kind):
    pa = pytest.importorskip("pyarrow")
    if not hasattr(pa, kind):
        pytest.skip(f"this pyarrow has no {kind}")
    dtype = pd.ArrowDtype(getattr(pa, kind)())
    values = pd.Series(pd.array(pa.array([ID, None], pa.string()).cast(dtype.pyarrow_dtype), dtype=dtype))
    cleaned = ids.clean(values)
    assert cleaned.ids.isna().tolist() == [False, True]
    assert cleaned.reasons.fillna("").tolist() == ["" if kind == "string_view" else "not_digits", "missing"]


@pytest.mark.parametrize(
    "values",
    [
        pd.MultiIndex.from_tuples([(ID, "a"), (OTHER, "b")]),
        np.array([[1, 2], [3, 4]]),
        np.array([(1, 2)], dtype=[("a", int), ("b", int)]),
    ],
    ids=["MultiIndex", "two dimensions", "records"],
)
def test_clean__several_columns_are_refused(values):
    with pytest.raises(InputError, match="one column of order ids is needed"):
        ids.clean(values)


FOREIGN_DIGITS = ["\u0663\u0664\u0665", "\u00b2\u00b3\u2074", "\uff15\uff17\uff17", "577\u0669", "\u2460"]


@pytest.mark.parametrize("dtype", ["object", "string[python]", None])
def test_only_digits__are_ascii(dtype):
    texts = pd.Series([ID, *FOREIGN_DIGITS, "", None, "5 7", "-5", "5\n"], dtype=dtype)
    assert ids.only_digits(texts).tolist() == [True] + [False] * 10
    assert [ids.is_digits(text) for text in texts[:7]] == [True] + [False] * 6


@pytest.mark.parametrize("text", FOREIGN_DIGITS)
def test_only_digits__are_one_rule_for_match(text):
    tiktok = pd.DataFrame({"order_id": [text, ID]})
    shopify = pd.DataFrame(
        {"shopify_id": [text, "5"], "name": ["#1", text], "tiktok_order_id": [text, ID]}
    ).assign(tiktok_order_id_from="tag", tiktok_marks=[f"tag:{text}", f"tag:{ID}; note:{text}"])
    refs = pd.DataFrame({"order_id": [text, ID], "external_order_id": [text, "5"], "status": "linked"})
    orders = tts.match(tiktok, shopify, refs).orders
    assert orders.loc[orders["order_id"].eq(ID), "status"].tolist() == ["matched"]


@given(
    st.lists(
        st.from_regex(r"-?(0x)?[0-9]{1,20}", fullmatch=True) | st.sampled_from([ID, *FOREIGN_DIGITS, None])
    )
)
@example(["0x2540BE400", ID])
@example([ID, "9" * 18, "1" + "0" * 18, "9" * 20, "007", "0", "-5", None, "", "5\n"])
@example(["007", ID])
@example(["9" * 18, "1" + "0" * 18])
def test_as_integers__are_those_that_no_other_text_stands_for(given_texts):
    texts = pd.Series(given_texts, dtype=TEXT_DTYPE)
    whole = [int(text) if text and re.fullmatch("[1-9][0-9]{0,17}", text) else -1 for text in given_texts]
    if texts.dtype != "object" and texts.dtype.storage == "pyarrow":
        assert ids.as_integers(texts).tolist() == whole
    assert (ids.as_integers(texts.astype("object")) == -1).all()


def test_unique__order_of_first_appearance():
    keys = ids.unique(ids.clean([OTHER, f"'{ID}", None, "x", ID, OTHER, ""]))
    assert [None if pd.isna(id_) else id_ for id_ in keys.ids] == [OTHER, ID, None, "x"]
    assert [None if pd.isna(why) else why for why in keys.reasons] == [None, None, "missing", "not_digits"]


# Text that looks like ids with dirt on them, and any text at all.
digits = st.text("0123456789", min_size=1, max_size=25)
dirty = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", " ", "'", '="', "\ufeff", "\t", "+", "-", '"']),
        digits,
        st.sampled_from(["", " ", '"', "\t", ".0", ".", "\u200b", "E+17", ".5", "\x00"]),
    ),
)
any_text = st.text(st.characters(), max_size=30)
cells = st.one_of(
    digits,
    dirty,
    any_text,
    st.none(),
    st.just(np.nan),
    st.integers(min_value=-(10**21), max_value=10**21),
    st.booleans(),
)


@given(st.lists(cells, max_size=30))
def test_clean__every_input_has_a_key_and_none_is_invented(values):
    cleaned = ids.clean(values)
    keys = ids.unique(cleaned)
    expected = [ids.clean_one(str(value))[0] if not _is_nothing(value) else None for value in values]
    assert [_plain(id_) for id_ in cleaned.ids] == expected  # also: clean as clean_one
    assert [_plain(id_) for id_ in keys.ids] == list(dict.fromkeys(expected))


@given(st.lists(cells, max_size=30))
def test_clean__twice_changes_nothing(values):
    once = ids.clean(values)
    twice = ids.clean(once.ids)
    assert [*map(_plain, once.ids)] == [*map(_plain, twice.ids)]
    assert [*map(_plain, once.reasons)] == [*map(_plain, twice.reasons)]


@given(st.one_of(digits, dirty, any_text))
@example("1.0.0")
@example("\ud800")
@example('="\'1.000"')
def test_clean_one__digits_out_are_the_digits_in(text):
    id_, reason = ids.clean_one(text)
    if reason is None:
        assert re.fullmatch("[0-9]{1,20}", id_)
        assert re.fullmatch(f"{id_}0*", "".join(re.findall("[0-9]", text)))
        assert id_ == "".join(re.findall("[0-9]", text.split(".")[0]))
    else:
        assert id_ in (None, text.encode(errors="backslashreplace").decode())
        assert (id_ is None) == (reason == "missing")


@given(st.lists(st.integers(min_value=0, max_value=2**63 - 1), min_size=1, max_size=20))
def test_clean__integers_keep_every_digit(numbers):
    assert ids.clean(pd.Series(numbers, dtype="int64")).ids.tolist() == [str(number) for number in numbers]


def _is_nothing(value):
    return value is None or value != value  # noqa: PLR0124 - NaN alone differs from itself


def _plain(id_):
    return None if _is_nothing(id_) else id_


@pytest.mark.parametrize(
    "name", ["#1001", "1001", " # 1001", "'#1001", "' #1001", " '#1001", "#1001\u00a0", "#\t1001"]
)
def test_order_names__reader_and_match_agree(name):
    csv = f"Name,Financial Status,Total\n#1001,paid,5\n{name},,\n"
    shopify = tts.read_shopify_orders(io.StringIO(csv))
    assert len(shopify) == 1
    refs = pd.DataFrame({"order_id": [ID], "external_order_id": [name], "status": "linked"})
    orders = tts.match(pd.DataFrame({"order_id": [ID]}), shopify, refs).orders
    assert orders["status"].tolist() == ["matched"]


# One rule for reader and matcher: what an export holds as an Id or Name, references may name it by.
S1 = "7000000000101"
OF_S1 = [
    S1,
    f" {S1}\t",
    f"'{S1}",
    f'="{S1}"',
    f"{S1}.0",
    f"gid://shopify/Order/{S1}",
    f"gid://shopify/Order/{S1}?source=tiktok",
    f"GID://Shopify/Order/{S1}",
    f" 'gid://shopify/Order/{S1}\t",
    f"gid://shopify/Order/{S1}.0",
]
NOT_OF_S1 = [
    f"gid://shopify/Customer/{S1}",
    f"gid://shopify/Order/#{S1}",
    f"gid://shopify/Order/A{S1}",
    f"gid://shopify/Order/gid://shopify/Order/{S1}",
    "gid://shopify/Order/",
    f"{S1}/1",
    f"-{S1}",
]


def read_with_quotes(**cells):
    """The Shopify orders of a file with these columns."""
    return tts.read_shopify_orders(io.StringIO(pd.DataFrame(cells).assign(Total=5).to_csv(index=False)))


def is_matched(shopify, external):
    references = pd.DataFrame({"order_id": [ID], "external_order_id": external, "status": "linked"})
    orders = tts.match(pd.DataFrame({"order_id": [ID]}), shopify, references).orders
    return orders.loc[orders["order_id"].eq(ID), "status"].tolist() == ["matched"]


@pytest.mark.parametrize("dtype", [None, "object"])
@pytest.mark.parametrize(
    ("text", "same"), [*((text, True) for text in OF_S1), *((text, False) for text in NOT_OF_S1)]
)
def test_external_id__reader_and_matcher_agree(text, same, dtype):
    assert ids.normalize_external_id(pd.Series([text], dtype=dtype)).eq(S1).tolist() == [same]
    assert read_with_quotes(Name=["#1"], Id=[text])["shopify_id"].eq(S1).tolist() == [same]
    assert (
        is_matched(pd.DataFrame({"shopify_id": [S1], "name": ["#1"]}), pd.Series([text], dtype=dtype)) == same
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("#1001", "1001", True),
        ("#AP-1001", "ap - 1001", True),
        ("TTOK9", "#ttok9\t", True),
        ("#1001", "'1001", True),
        ("#1001", " ' # 1001", True),
        ("#1001", "#1002", False),
        ("#1001", "1001-1", False),
        ("#AP-1001", "AP1001", False),
        ("#1001", "1001'", False),
    ],
)
def test_order_name__reader_and_matcher_agree(one, other, same):
    assert (len(set(ids.normalize_order_name(pd.Series([one, other])))) == 1) == same
    assert (len(read_with_quotes(Name=[one, other])) == 1) == same
    assert is_matched(pd.DataFrame({"shopify_id": [S1], "name": [one]}), pd.Series([other])) == same


@pytest.mark.parametrize("dtype", [None, "object"])
def test_order_name__of_which_nothing_is_left_is_missing(dtype):
    names = pd.Series(["#", " ", "''", "", None, "1"], dtype=dtype)
    assert ids.normalize_order_name(names).isna().tolist() == [True] * 5 + [False]


@pytest.mark.parametrize("dtype", [None, "object"])
def test_external_id__names_stay_as_they_are(dtype):
    names = pd.Series(["#AP-1001", "1 001", None, "TTOK'9", "5.277E+12"], dtype=dtype)
    assert ids.normalize_external_id(names).fillna("").tolist() == names.fillna("").tolist()
