"""What a look-up is given: any form of a column of ids, and a refusal in plain words of anything else."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support import canned_gateway as canned

import ttsframe as tts
from ttsframe.config import Settings
from ttsframe.errors import InputError
from ttsframe.references.arguments import age_seconds, order_ids

ID = "580194009000000001"
OTHER = "580194009000000002"


class NoText:
    def __repr__(self):
        raise RuntimeError("no text")


def type_name(value):
    return type(value).__name__


class Arrow:
    """A table of some other library, of which nothing is known but its Arrow stream."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.fixture
def shop(tmp_path):
    return tts.Shop(canned.CREDENTIALS, Settings(cache=tmp_path / "nothing.sqlite"))


ODD = [10**5000, Decimal("sNaN"), NoText(), b"x", ["x"], {"x": 1}, np.array([1, 2]), object(), pd.NaT]


@pytest.mark.parametrize("verb", [tts.lookup, tts.plan])
@pytest.mark.parametrize(
    ("options", "says"),
    [
        *[({"level": value}, "must be 'order' or 'line_item', not") for value in ("row", *ODD)],
        *[({"max_age": value}, "must be a duration such as '7d' or '90s'") for value in ("x", "", *ODD)],
        *[({"platform": value}, "The platforms are: SHOPIFY, .*ERP_SYSTEM") for value in ("SHOP", [], *ODD)],
        *[({"platform": value}, "The platforms are: SHOPIFY") for value in (5, None, np.array(5))],
        *[({"shop": value}, "must be a Shop, as tts.Shop.from_env") for value in ("shop", *ODD)],
    ],
)
def test_lookup__a_wrong_option_is_named_with_what_it_may_be(options, says, verb, shop):
    if verb is tts.plan and "level" in options:
        pytest.skip("plan has no level")
    with pytest.raises(InputError, match=says) as caught:
        verb(["1"], offline=True, **{"shop": shop, **options})
    assert caught.value.parameter == next(iter(options))


@pytest.mark.parametrize(
    "max_age",
    [
        *("9" * 400, "9" * 5000, "9" * 5000 + "d", "inf", "nan", "1e5"),
        *(float("inf"), -float("inf"), float("nan"), 10**5000, np.timedelta64("NaT")),
    ],
    ids=type_name,
)
def test_age__a_number_without_end_is_refused(max_age):
    with pytest.raises(InputError, match="must be a duration") as caught:
        age_seconds(max_age)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("max_age", "seconds"),
    [
        (None, None),
        ("7d", 604800),
        ("90s", 90),
        (5, 5),
        (1.5, 1.5),
        (-1, 0),
        (dt.timedelta(hours=1), 3600),
        (pd.Timedelta("1min"), 60),
        (dt.timedelta.min, 0),
        (dt.timedelta.max, dt.timedelta.max.total_seconds()),
        (np.int64(4), 4),
        (Decimal(3), 3),
    ],
)
def test_age__as_seconds(max_age, seconds):
    assert age_seconds(max_age) == seconds


@pytest.mark.parametrize(
    ("orders", "says"),
    [
        ("orders.csv", "read_tiktok_orders"),
        ("Orders.XLSX", "read_tiktok_orders"),
        (Path("orders"), "read_tiktok_orders"),
        (io.StringIO("order_id\n1\n"), "'this' is a file"),
        (pd.DataFrame(), "There are: none"),
        (None, "None: give a DataFrame"),
        (5.7e17, "as text, in quotes"),
        (float("nan"), "as text, in quotes"),
        ({"a": 1}, "type dict: give a DataFrame"),
        (b"580194009000000001", "type bytes: give a DataFrame"),
        (True, "type bool: give a DataFrame"),
        (object(), "type object: give a DataFrame"),
        (NoText(), "type NoText: give a DataFrame"),
        (np.array([["1", "2"], ["3", "4"]]), "one column of order ids"),
        (pd.MultiIndex.from_tuples([(ID, 1)]), "one column of order ids"),
        (
            pd.DataFrame([["1", "2"]], columns=["order_id", "order_id"]),
            "several columns are named 'order_id'",
        ),
        (
            pd.DataFrame([[ID, 1]], columns=pd.MultiIndex.from_product([["order"], ["order_id", "n"]])),
            r"There are: \('order', 'order_id'\)",
        ),
    ],
)
@pytest.mark.parametrize("verb", [tts.lookup, tts.plan])
def test_orders__what_holds_no_column_of_ids_is_refused_with_what_to_give(verb, orders, says):
    with pytest.raises(InputError, match=says):
        verb(orders)


@pytest.mark.parametrize("column", [1, ("a", "b"), ("a", []), ["a"], 0.5, *ODD], ids=type_name)
def test_column__that_is_no_label_is_refused_naming_those_there(column):
    with pytest.raises(InputError, match="There are: Order No"):
        tts.lookup(pd.DataFrame({"Order No": ["1"]}), column=column)


@pytest.mark.parametrize("column", ["order_id", *ODD], ids=type_name)
def test_column__needs_a_frame(column):
    with pytest.raises(InputError, match="needs a DataFrame; a value of type list has no columns") as caught:
        tts.lookup(["1"], column=column)
    assert caught.value.parameter == "column"


def test_column__a_label_that_is_no_text():
    assert order_ids(pd.DataFrame({7: [ID], "order_id": ["2"]}), column=7).tolist() == [ID]


@pytest.mark.parametrize("label", [None, float("nan")])
def test_column__a_label_that_is_missing_is_not_the_one_of_the_ids(label):
    assert order_ids(pd.DataFrame({label: [1], "order_id": [ID]})).tolist() == [ID]


@pytest.mark.parametrize("column", ["order_id", ("order", "order_id")])
def test_column__of_several_levels(column):
    if isinstance(column, tuple):
        labels = pd.MultiIndex.from_tuples([column, ("order", "amount")])
    else:
        labels = pd.MultiIndex.from_tuples([(column, ""), ("amount", "")])
    assert order_ids(pd.DataFrame([[ID, 1]], columns=labels), column=column).tolist() == [ID]


def test_orders__a_file_that_is_there_is_no_order_id(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders").touch()
    with pytest.raises(InputError, match="'orders' is a file"):
        tts.lookup("orders")


@pytest.mark.parametrize("orders", [ID, int(ID), np.int64(ID), [ID], {ID}, (ID,), iter([ID])])
def test_orders__one_id_alone(orders, shop):
    assert tts.lookup(orders, shop=shop, offline=True)["order_id"].tolist() == [ID]


# Tables and columns of other libraries


def test_orders__a_table_that_speaks_arrow_is_read_as_a_frame(shop):
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"Order ID": [ID, OTHER], "note": ["a", "b"]})
    for orders in (table, table.to_batches()[0], Arrow(table), table.to_reader()):
        assert tts.lookup(orders, shop=shop, offline=True)["order_id"].tolist() == [ID, OTHER]
    assert tts.lookup(Arrow(table), column="note", shop=shop, offline=True)["order_id"].tolist() == ["a", "b"]
    assert tts.plan(Arrow(table), shop=shop).unique == 2


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "int64", "uint64", "dictionary"])
def test_orders__a_column_that_speaks_arrow_keeps_every_digit(kind, shop):
    pa = pytest.importorskip("pyarrow")
    is_text = "string" in kind or kind == "dictionary"
    values = [ID, None, OTHER] if is_text else [int(ID), None, int(OTHER)]
    dtype = pa.dictionary(pa.int32(), pa.string()) if kind == "dictionary" else getattr(pa, kind)()
    array = pa.array(values, pa.string()).cast(dtype) if kind == "dictionary" else pa.array(values, dtype)
    for orders in (array, pa.chunked_array([array]), Arrow(pa.chunked_array([array]))):
        frame = tts.lookup(orders, shop=shop, offline=True)
        assert frame["order_id"].fillna("").tolist() == [ID, "", OTHER]
        assert frame["status"].tolist() == ["skipped", "invalid", "skipped"]


def test_orders__arrow_without_pyarrow_is_refused_by_name(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(InputError, match="reading a value of type Arrow needs pyarrow"):
        tts.lookup(Arrow(None))
