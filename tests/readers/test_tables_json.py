"""The JSON lines of a bulk operation → the same frame as the CSV export."""

import csv
import io
import json
import logging
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttsframe.errors import InputError
from ttsframe.readers import read_shopify_orders, read_tiktok_orders

DATA = Path(__file__).parents[1] / "data" / "exports"
ID = "580194009000000101"
OTHER = "577092126219211281"
GID = "gid://shopify/Order/"

# One order a row: (the CSV's cells, the query's fields), as Shopify gives the same order in both.
ORDERS = [
    (
        {
            "Name": "#1001",
            "Email": "v4bFAKE@scs.tiktokw.us",
            "Financial Status": "paid",
            "Fulfillment Status": "partial",
            "Currency": "USD",
            "Shipping": "5.00",
            "Taxes": "1.60",
            "Total": "26.60",
            "Discount Amount": "2.50",
            "Created at": "2024-05-01 13:00:07 -0400",
            "Notes": "Gift",
            "Note Attributes": f"TikTokOrderID: {ID}\nPackageID: 115000000000000002",
            "Refunded Amount": "0.00",
            "Id": "7000000000101",
            "Tags": f"Shipped by TikTok, TikTokOrderID:{ID}",
            "Source": "tiktok",
        },
        {
            "name": "#1001",
            "email": "v4bFAKE@scs.tiktokw.us",
            "createdAt": "2024-05-01T17:00:07Z",
            "cancelledAt": None,
            "currencyCode": "USD",
            "totalPriceSet": {"shopMoney": {"amount": "26.6", "currencyCode": "USD"}},
            "totalRefundedSet": {"shopMoney": {"amount": "0.0"}},
            "totalTaxSet": {"shopMoney": {"amount": "1.6"}, "presentmentMoney": {"amount": "9.9"}},
            "totalShippingPriceSet": {"shopMoney": {"amount": "5.0"}},
            "totalDiscountsSet": {"shopMoney": {"amount": "2.5"}},
            "displayFinancialStatus": "PAID",
            "displayFulfillmentStatus": "PARTIALLY_FULFILLED",
            "sourceName": "tiktok",
            "sourceIdentifier": None,
            "tags": ["Shipped by TikTok", f"TikTokOrderID:{ID}"],
            "note": "Gift",
            "customAttributes": [
                {"key": "TikTokOrderID", "value": ID},
                {"key": "PackageID", "value": "115000000000000002"},
            ],
        },
    ),
    (
        {
            "Name": "#1002",
            "Financial Status": "partially_refunded",
            "Fulfillment Status": "unfulfilled",
            "Currency": "USD",
            "Shipping": "0.00",
            "Taxes": "0.00",
            "Total": "1234.00",
            "Discount Amount": "0.00",
            "Created at": "2024-11-21 08:30:11 +0100",
            "Cancelled at": "2024-11-22 08:30:11 +0100",
            "Refunded Amount": "4.25",
            "Id": "7000000000102",
            "Source": "web",
        },
        {
            "name": "#1002",
            "email": None,
            "createdAt": "2024-11-21T07:30:11Z",
            "cancelledAt": "2024-11-22T07:30:11Z",
            "currencyCode": None,
            "totalPriceSet": {"shopMoney": {"amount": "1234.0", "currencyCode": "USD"}},
            "currentTotalPriceSet": {"shopMoney": {"amount": "1.0"}},
            "totalRefunded": "4.25",
            "totalTax": 0,
            "totalShippingPrice": 0.0,
            "totalDiscounts": "0.00",
            "displayFinancialStatus": "PARTIALLY_REFUNDED",
            "displayFulfillmentStatus": "UNFULFILLED",
            "sourceName": "web",
            "tags": [],
            "note": None,
            "customAttributes": [],
        },
    ),
]
SKUS = [["SKU-A", "SKU-B", "SKU-A"], []]


def as_csv():
    columns = list(dict.fromkeys(column for cells, _ in ORDERS for column in cells))
    held = io.StringIO()
    writer = csv.DictWriter(held, [*columns, "Lineitem sku"])
    writer.writeheader()
    for (cells, _), skus in zip(ORDERS, SKUS, strict=True):
        first, *others = skus or [""]
        writer.writerow({**cells, "Lineitem sku": first})
        writer.writerows({"Name": cells["Name"], "Lineitem sku": sku} for sku in others)
    return held.getvalue()


def as_lines():
    lines = []
    for (cells, fields), skus in zip(ORDERS, SKUS, strict=True):
        order_id = GID + cells["Id"]
        lines.append({"id": order_id, **fields})
        for number, sku in enumerate(skus):
            line_id = f"gid://shopify/LineItem/{cells['Id']}{number}"
            lines.append({"id": line_id, "sku": sku, "__parentId": order_id})
            lines.append({"id": "gid://shopify/Collection/5", "title": "Mugs", "__parentId": line_id})
        lines.append({"allocationMethod": "ACROSS", "targetType": "LINE_ITEM", "__parentId": order_id})
    return lines


def read(lines, **options):
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n"
    return read_shopify_orders(io.StringIO(text), **options)


def test_json__the_same_orders_make_the_same_frame():
    expected = read_shopify_orders(io.StringIO(as_csv()))
    frame = read(as_lines())
    pd.testing.assert_frame_equal(frame, expected)
    assert frame.attrs["notes"] == expected.attrs["notes"]
    assert frame["skus"].fillna("").tolist() == ["SKU-A; SKU-B", ""]
    assert frame["from_tiktok"].tolist() == [True, False]


@given(st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_json__lines_and_fields_may_come_in_any_order(rng):
    lines = [
        dict(rng.sample(list(line.items()), len(line))) for line in rng.sample(as_lines(), len(as_lines()))
    ]
    frame = read(lines).sort_values("shopify_id", ignore_index=True)
    expected = read(as_lines())
    assert [set(str(skus).split("; ")) for skus in frame["skus"]] == [
        set(str(skus).split("; ")) for skus in expected["skus"]
    ]
    pd.testing.assert_frame_equal(frame.drop(columns="skus"), expected.drop(columns="skus"))


def test_json__the_samples_hold_the_same_orders():
    frames = [read_shopify_orders(DATA / name) for name in ("shopify_bulk.jsonl", "shopify_tiktok.csv")]
    pd.testing.assert_frame_equal(*(frame.drop(columns="source_file") for frame in frames))


def test_json__children_far_from_their_parents():
    numbers = list(range(1, 301))
    orders = [{"id": f"{GID}{number}", "name": f"#{number}", "totalPrice": str(number)} for number in numbers]
    children = [
        {"sku": f"{number}-{line}", "variant": None, "__parentId": f"{GID}{number}"}
        for line in range(3)
        for number in reversed(numbers)
    ]
    frame = read([*children[:450], *orders, *children[450:]])
    assert frame["total"].tolist() == numbers
    assert frame["skus"].tolist() == [f"{number}-0; {number}-1; {number}-2" for number in numbers]


def test_json__a_total_after_edits_stands_in_for_a_missing_one():
    money = {"shopMoney": {"amount": "12.500", "currencyCode": "KWD"}}
    frame = read([{"id": f"{GID}1", "name": "#1", "totalPriceSet": None, "currentTotalPriceSet": money}])
    assert frame["total"].tolist() == [12.5]


def test_json__what_the_query_did_not_ask_for_is_missing():
    frame = read([{"legacyResourceId": "11", "name": "#1"}, {"id": f"{GID}12"}])
    assert frame["shopify_id"].tolist() == ["11", "12"]
    assert frame["name"].fillna("").tolist() == ["#1", ""]
    missing = ["total", "refunded", "taxes", "created_at", "currency", "source", "tags", "skus"]
    assert frame[missing].isna().all(axis=None)
    assert frame[["cancelled", "from_tiktok"]].to_numpy().tolist() == [[False, False]] * 2


def test_json__skus_of_variants_and_of_orders_without_name():
    lines = [{"id": f"{GID}{number}"} for number in (1, 2)]
    for number, sku in ((1, "A"), (2, "C"), (1, "B")):
        line = {"id": f"gid://shopify/LineItem/{number}{sku}", "__parentId": f"{GID}{number}"}
        lines.append({**line, "sku": None, "variant": {"sku": sku}})
    assert read(lines)["skus"].tolist() == ["A; B", "C"]


@pytest.mark.parametrize(
    ("identifier", "order_id"),
    [
        (ID, ID),
        (int(ID), ID),
        ("5801940090000001", None),
        ("580194009000000101000", None),
        (f"TT-{ID}", None),
        ("1-1001", None),
        (None, None),
    ],
)
def test_json__a_source_identifier_may_be_a_mark(identifier, order_id):
    frame = read([{"id": f"{GID}1", "name": "#1", "sourceIdentifier": identifier}])
    assert frame["tiktok_order_id"].astype("object").where(
        frame["tiktok_order_id"].notna(), None
    ).tolist() == [order_id]
    assert frame["from_tiktok"].tolist() == [order_id is not None]


def test_json__the_source_identifier_is_the_last_of_the_marks():
    frame = read([{"id": f"{GID}1", "name": f"TTOK{OTHER}", "sourceIdentifier": ID}])
    assert frame["tiktok_order_id"].tolist() == [OTHER]
    assert frame["tiktok_marks"].tolist() == [f"name:{OTHER}; source_identifier:{ID}"]


@pytest.mark.parametrize(
    "line", ['{"id": "SECRET', "SECRET", '["SECRET"]', "5", '{"id": "\\ud800', "[" * 100_000]
)
def test_json__a_damaged_line_is_named_and_not_shown(line, caplog):
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(InputError, match="whose line 4 is not a JSON object") as refused,
    ):
        read([{"id": f"{GID}1"}, "", {"id": f"{GID}2"}, line, {"id": f"{GID}3"}])
    assert refused.value.__cause__ is None
    assert "SECRET" not in str(refused.value) + caplog.text


def test_json__bytes_that_are_no_utf8_are_a_damaged_line():
    with pytest.raises(InputError, match="whose line 2 is not a JSON object"):
        read_shopify_orders(io.BytesIO(b'{"id":"gid://shopify/Order/1"}\r\n{"name":"\xff"}\r\n'))


def test_json__is_known_by_its_name_too(tmp_path):
    path = tmp_path / "bulk.jsonl"
    path.write_text('"id":"gid://shopify/Order/1"}\n{"id":"gid://shopify/Order/2"}\n')
    with pytest.raises(InputError, match="whose line 1 is not a JSON object"):
        read_shopify_orders(path)


def test_json__a_file_cut_short_is_told():
    frame = read([{"id": f"{GID}1"}, {"id": "gid://shopify/LineItem/5", "sku": "A", "__parentId": f"{GID}2"}])
    assert frame["shopify_id"].tolist() == ["1"]
    assert any(
        "1 line item of orders that the file does not hold left out" in note
        for note in map(str, frame.attrs["notes"])
    )


def test_json__other_objects_are_no_orders():
    with pytest.raises(InputError, match="is a JSON file without Shopify orders"):
        read([{"id": "gid://shopify/Product/1", "title": "Mug"}])
    with pytest.raises(
        InputError, match="is a Shopify order export, not a TikTok Seller Center order export"
    ):
        read_tiktok_orders(io.StringIO(json.dumps({"id": f"{GID}1"})))


def test_json__buyers_are_left_behind(caplog):
    lines = as_lines()
    lines[0] |= {
        "note": f"SECRET. TikTok order ID: {ID}",
        "customAttributes": [{"key": "Buyer", "value": "SECRET"}],
        "shippingAddress": {"name": "SECRET"},
    }
    with caplog.at_level(logging.DEBUG):
        frame = read(lines)
    told = frame.to_csv() + str(frame.attrs) + caplog.text
    for part in ("SECRET", "@", "tiktokw", "FAKE"):
        assert part not in told


def test_json__beside_a_csv_the_later_file_wins(tmp_path):
    (tmp_path / "1.csv").write_text(as_csv())
    late = [{"id": f"{GID}7000000000102", "name": "#1002", "totalPrice": "9"}]
    (tmp_path / "2.jsonl").write_text("\n".join(map(json.dumps, late)))
    frame = read_shopify_orders([tmp_path / "1.csv", tmp_path / "2.jsonl"])
    assert frame["total"].tolist() == [26.60, 9]
    assert frame["source_file"].tolist() == ["1.csv", "2.jsonl"]
