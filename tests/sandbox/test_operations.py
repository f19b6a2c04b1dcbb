"""What the operations of the sandbox answer, held against the published contracts."""

import json
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
from support.sandbox_client import NOW, ORDERS, SEARCH, SHOPS, PureClient

from ttsframe.sandbox import Generated
from ttsframe.sandbox.orders import read_table

CONTRACTS = json.loads((Path(__file__).parents[1] / "data" / "tiktok_contracts.json").read_text("utf-8"))
SHARED = Path(__file__).parents[3] / "shared" / "data" / "openapi" / "tiktok-shop-subset.json"
LINES = pd.DataFrame(
    [
        ("576461413038785701", "SHOPIFY", "5276000000001", "13000000000001", "576461413038785711"),
        ("576461413038785701", "SHOPIFY", "5276000000001", "13000000000002", "576461413038785712"),
        ("576461413038785701", "SHOPIFY", "#1002", "", ""),
        ("576461413038785701", "AMAZON", "111-222", "", ""),
        ("576461413038785702", "", "", "", ""),
        ("576461413038785703", "ERP_SYSTEM", "E-3", "", ""),
    ],
    columns=["order_id", "platform", "external_order_id", "line_item_id", "line_item_origin_id"],
)
FIRST, UNLINKED, OTHER = LINES["order_id"].unique()


def closed(schema):
    """The same schema, taking no field that the contract does not name."""
    if schema.get("type") == "object" or "properties" in schema:
        properties = {name: closed(part) for name, part in schema["properties"].items()}
        return {**schema, "properties": properties, "additionalProperties": False}
    return {**schema, "items": closed(schema["items"])} if "items" in schema else schema


def validate(operation, said):
    schema = closed(CONTRACTS["operations"][operation]["response"])
    schema["required"] = ["code", "message", "request_id"]
    jsonschema.validate(said.content, schema)


def post(client, path, query, content):
    return client.ask(path, query, "POST", json.dumps(content).encode())


def test_contract__a_wrong_answer_does_not_validate():
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"code": "0"}, closed(CONTRACTS["operations"]["shops"]["response"]))


@pytest.mark.parametrize("form", ["list", "missing", "no_data"])
def test_references__every_generated_order_validates(form):
    client = PureClient(Generated(count=150, seed=3, denied_share=0.1, refused_share=0.05), empty=form)
    for order_id in client.gateway.table.orders()["order_id"]:
        validate("get_references", client.references(order_id))


def test_references__official_shape():
    said = PureClient(LINES).references(FIRST)
    validate("get_references", said)
    assert said.data == {
        "external_orders": [
            {
                "id": "5276000000001",
                "platform": "SHOPIFY",
                "line_items": [
                    {"id": "13000000000001", "origin_id": "576461413038785711"},
                    {"id": "13000000000002", "origin_id": "576461413038785712"},
                ],
            },
            {"id": "#1002", "platform": "SHOPIFY"},
        ]
    }


def test_references__other_shape():
    said = PureClient(LINES, shape="reference").references(FIRST, "AMAZON")
    entry = {"order_id": FIRST, "external_order_id": "111-222", "platform": "AMAZON"}
    assert said.data == {"external_order_references": [entry]}


@pytest.mark.parametrize("shape", ["official", "reference"])
def test_references__all_platforms_whatever_was_asked(shape):
    client = PureClient(LINES, shape=shape, all_platforms=True)
    (entries,) = client.references(FIRST, "MAGENTO").data.values()
    assert [entry["platform"] for entry in entries] == ["SHOPIFY", "SHOPIFY", "AMAZON"]
    assert client.references(OTHER).data != client.references(UNLINKED).data


@pytest.mark.parametrize(
    ("form", "rest"),
    [
        ("list", {"data": {"external_orders": []}}),
        ("missing", {"data": {}}),
        ("null", {"data": {"external_orders": None}}),
        ("null_data", {"data": None}),
        ("no_data", {}),
    ],
)
@pytest.mark.parametrize("order_id", [UNLINKED, OTHER])
def test_references__forms_of_none(form, rest, order_id):
    content = PureClient(LINES, empty=form).references(order_id).content
    assert {name: content[name] for name in content if name not in ("message", "request_id")} == {
        "code": 0,
        **rest,
    }


def test_references__mixed_forms_depend_on_the_order():
    client = PureClient(Generated(count=60, linked_share=0, other_share=0, denied_share=0), empty="mixed")
    order_ids = list(client.gateway.table.references)
    forms = [json.dumps(client.references(order_id).content.get("data", "no")) for order_id in order_ids]
    again = [json.dumps(client.references(order_id).content.get("data", "no")) for order_id in order_ids]
    assert forms == again
    assert len(set(forms)) == 5


def test_code__as_text_on_demand():
    client = PureClient(LINES, code_form="text")
    assert client.references(FIRST).code == "0"
    assert client.references("1").code == "21008111"


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_search_by_reference__with_or_without_a_body(body):
    said = PureClient(LINES).ask(SEARCH, {"platform": "AMAZON", "external_order_id": "111-222"}, "POST", body)
    validate("search_by_reference", said)
    assert said.data == {"orders": [{"id": FIRST, "external_order": {"id": "111-222", "platform": "AMAZON"}}]}


def test_search_by_reference__nothing_found_and_bad_parameters():
    client = PureClient(LINES)
    assert client.ask(SEARCH, {"platform": "AMAZON", "external_order_id": "x"}, "POST").data == {"orders": []}
    assert "external_order_id" in client.ask(SEARCH, {"platform": "AMAZON"}, "POST").message
    assert "platform" in client.ask(SEARCH, {"external_order_id": "x"}, "POST").message
    asked = {"platform": "AMAZON", "external_order_id": "x"}
    assert client.ask(SEARCH, asked, "POST", b"[not json").code == 36009023


def test_search_orders__pages_hold_every_own_order_once():
    client = PureClient(Generated(count=250, denied_share=0.1))
    found, token, pages = [], "", 0
    while token or not pages:
        query = {"page_size": "100", **({"page_token": token} if token else {})}
        said = post(client, ORDERS, query, {})
        validate("search_orders", said)
        assert said.data["total_count"] == 225
        found += [order["id"] for order in said.data["orders"]]
        token, pages = said.data["next_page_token"], pages + 1
        assert not token or {"/", "+"} <= set(token)
    own = client.gateway.table.references
    assert pages == 3
    assert found == list(own)[::-1]


def test_search_orders__filters():
    client = PureClient(Generated(count=100, denied_share=0))
    everything = post(client, ORDERS, {"page_size": "100", "sort_order": "ASC"}, {}).data["orders"]
    middle = everything[50]["create_time"]
    late = post(client, ORDERS, {"page_size": "100"}, {"create_time_ge": middle}).data
    early = post(client, ORDERS, {"page_size": "100"}, {"create_time_lt": middle}).data
    assert (late["total_count"], early["total_count"]) == (50, 50)
    cancelled = post(client, ORDERS, {}, {"order_status": "CANCELLED"}).data["orders"]
    assert {order["status"] for order in cancelled} == {"CANCELLED"}


@pytest.mark.parametrize("body", [b"", b"{}", b"[]"])
def test_search_orders__takes_every_empty_body_that_clients_send(body):
    assert PureClient(LINES).ask(ORDERS, {}, "POST", body).data["total_count"] == 3


@pytest.mark.parametrize(
    ("query", "content"),
    [
        ({"page_size": "0"}, {}),
        ({"page_size": "101"}, {}),
        ({"page_token": "nonsense"}, {}),
        ({"sort_field": "price"}, {}),
        ({}, {"create_time_ge": "yesterday"}),
    ],
)
def test_search_orders__bad_parameters(query, content):
    assert post(PureClient(LINES), ORDERS, query, content).code == 36009004


def test_shops__validates():
    validate("shops", PureClient(LINES).ask(SHOPS))


def test_gateway__is_the_same_whenever_it_is_asked():
    first, second = (PureClient(LINES).references(FIRST, now=NOW + later) for later in (0, 86400))
    assert first == second


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the developers' samples are not here")
def test_contract__copy_agrees_with_the_published_document():
    paths = json.loads(SHARED.read_text("utf-8"))["paths"]
    for operation in CONTRACTS["operations"].values():
        published = paths[operation["path"]][operation["method"].lower()]["responses"]["200"]
        check_agrees(operation["response"], published["content"]["application/json"]["schema"])


def check_agrees(copy, published):
    assert copy.get("type") == published.get("type")
    for name, part in copy.get("properties", {}).items():
        check_agrees(part, published["properties"][name])
    if "items" in copy:
        check_agrees(copy["items"], published["items"])


def test_table__reads_back_what_it_shows():
    table = read_table(LINES)
    pd.testing.assert_frame_equal(table.links(), read_table(table.links()).links())
    assert table.orders().to_numpy().tolist() == [
        [FIRST, "linked"],
        [UNLINKED, "unlinked"],
        [OTHER, "linked"],
    ]
