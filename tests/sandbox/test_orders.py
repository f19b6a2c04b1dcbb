"""The table of orders: read, refused or generated."""

import re

import pandas as pd
import pytest

from ttsframe.errors import InputError
from ttsframe.sandbox import Generated
from ttsframe.sandbox.orders import LineItem, Reference, read_table


def test_read_table__messy_csv(tmp_path):
    path = tmp_path / "links.csv"
    path.write_text(
        "\ufefforder_id,platform,external_order_id,line_item_id,line_item_origin_id,kind\r\n"
        '576461413038785701\t,shopify,#1001,1,2,\r\n"=""576461413038785701""",,#1001,3,4,\r\n'
        "576461413038785702,,,,,\r\n576461413038785703,,,,,denied\r\nnot-an-id,,,,,refused\r\n",
        encoding="utf-8",
    )
    table = read_table(path)
    reference = Reference("SHOPIFY", "#1001", (LineItem("1", "2"), LineItem("3", "4")))
    assert table.references == {"576461413038785701": (reference,), "576461413038785702": ()}
    assert table.refused == {"576461413038785703": "denied", "not-an-id": "refused"}


def test_read_table__order_id_is_all_it_needs_and_the_frame_stays_as_it_is():
    frame = pd.DataFrame({"order_id": [576461413038785701, 576461413038785702]})
    before = frame.copy()
    assert list(read_table(frame).references) == ["576461413038785701", "576461413038785702"]
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"order": "1"}, "need a column order_id"),
        ({"order_id": "5.8E+17"}, "order_id '5.8E.17' is not an order id"),
        ({"order_id": "1", "platform": "SHOPIFYY"}, "'SHOPIFYY' is not one of SHOPIFY, WOOCOMMERCE"),
        ({"order_id": "1", "kind": "lost"}, "kind 'lost'"),
    ],
)
def test_read_table__says_what_is_wrong(row, words):
    with pytest.raises(InputError, match=words):
        read_table(pd.DataFrame([row]))


def test_read_table__file_that_is_not_there():
    with pytest.raises(InputError, match="cannot be read from nowhere"):
        read_table("nowhere.csv")


def test_generated__same_seed_same_table():
    rows = [read_table(Generated(seed=seed)).rows() for seed in (1, 1, 2)]
    assert rows[0] == rows[1] != rows[2]


def test_generated__shares_and_forms():
    plan = Generated(count=2000, linked_share=0.7, denied_share=0.1, refused_share=0.05, other_share=0.1)
    table = read_table(plan)
    orders, links = table.orders(), table.links()
    kinds = orders["kind"].value_counts()
    assert (kinds["denied"], kinds["refused"]) == (200, 100)
    assert orders["order_id"].is_unique
    assert orders["order_id"].str.fullmatch(r"5[78]\d{16}").all()
    shopify = links[links["platform"] == "SHOPIFY"].drop_duplicates(["order_id", "external_order_id"])
    assert shopify["order_id"].nunique() == 1400
    assert shopify["order_id"].duplicated().any()
    assert shopify["external_order_id"].is_unique
    forms = {re.sub(r"\d+", "n", text) for text in shopify["external_order_id"]}
    assert forms == {"n", "#n", "#AP-n", "gid://shopify/Order/n", "gid://shopify/Order/n?source=tiktok"}
    numeric = shopify["external_order_id"][shopify["external_order_id"].str.isdigit()]
    assert numeric.str.len().isin([13, 14]).all()
    assert set(links["platform"]) > {"SHOPIFY"}


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_generated__small_tables_are_as_large_as_asked(count):
    plan = Generated(count=count, linked_share=0.5, denied_share=0.25, refused_share=0.25)
    assert len(read_table(plan).orders()) == count


@pytest.mark.parametrize(
    "plan", [{"count": 0}, {"linked_share": 0.9, "denied_share": 0.2}, {"id_forms": ("x",)}]
)
def test_generated__refuses_what_cannot_be(plan):
    with pytest.raises(InputError):
        Generated(**plan)
