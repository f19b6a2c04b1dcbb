"""The sandbox refuses what the gateway refuses, with its codes."""

import pandas as pd
import pytest
from support.sandbox_client import (
    NOW,
    ORDERS,
    SEARCH,
    SHOPS,
    PureClient,
    independent_signature,
    references_path,
)

from ttsframe.gateway import PLATFORMS
from ttsframe.sandbox import CREDENTIALS

LINKED = "576461413038785752"
UNLINKED = "576461413038785753"
ORDERS_KNOWN = pd.DataFrame(
    [
        (LINKED, "SHOPIFY", "5276000000001", ""),
        (UNLINKED, "", "", ""),
        ("576461413038785754", "", "", "denied"),
        ("576461413038785755", "", "", "refused"),
    ],
    columns=["order_id", "platform", "external_order_id", "kind"],
)
TAIL = "For more details: "


def test_independent_signature__official_vector():
    query = {"app_key": "29a39d", "timestamp": "1623812664", "sign": "left out"}
    signature = independent_signature("e59af819cc", "/authorization/202309/shops", query, b"")
    assert signature == "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"


def test_signature__right_one_is_accepted_with_any_further_parameter():
    said = PureClient(ORDERS_KNOWN).references(LINKED, version="202406", other="a b+c/ü")
    assert (said.status, said.code) == (200, 0)


def test_signature__access_token_in_the_query_is_not_signed():
    assert PureClient(ORDERS_KNOWN).references(LINKED, access_token="anything").code == 0


def test_signature__body_is_signed():
    client = PureClient(ORDERS_KNOWN)
    body = b'{"create_time_ge": 1}'
    signed = client.ask(ORDERS, {"page_size": "5"}, "POST", body)
    assert signed.code == 0
    path, query = ORDERS, {"page_size": "5"}
    of_other_body = independent_signature(CREDENTIALS.app_secret, path, query, b"{}")
    assert client.ask(path, query, "POST", body, sign=of_other_body).code == 106001


@pytest.mark.parametrize(
    ("options", "status", "code", "words"),
    [
        ({"secret": "another secret"}, 500, 106001, "signature"),
        ({"sign": "0" * 64}, 500, 106001, "signature"),
        ({"sign": "ü"}, 500, 106001, "signature"),
        ({"leave_out": ("sign",)}, 400, 36009004, "Missing credentials"),
        ({"leave_out": ("app_key",)}, 400, 36009004, "Missing credentials"),
        ({"leave_out": ("timestamp",)}, 400, 36009004, "Missing credentials"),
        ({"app_key": "another"}, 400, 36009004, "app_key"),
        ({"timestamp": "soon"}, 400, 36009004, "Invalid timestamp"),
        ({"timestamp": "9" * 30}, 400, 36009004, "Invalid timestamp"),
        ({"token": None}, 400, 36009004, "x-tts-access-token"),
        ({"token": "another"}, 400, 36009004, "access_token"),
        ({"leave_out": ("shop_cipher",)}, 400, 106013, "shop_cipher"),
        ({"shop_cipher": "another"}, 400, 36009004, "shop_cipher"),
        ({"platform": "SHOPIFYY"}, 400, 36009004, "platform"),
        ({"platform": "shopify"}, 400, 36009004, "platform"),
        ({"leave_out": ("platform",)}, 400, 36009004, "platform"),
    ],
)
def test_refusal__has_the_code_of_the_table(options, status, code, words):
    said = PureClient(ORDERS_KNOWN).references(LINKED, **options)
    assert (said.status, said.code) == (status, code)
    assert words in said.message
    assert TAIL in said.message


@pytest.mark.parametrize("platform", PLATFORMS)
def test_platform__each_of_the_ten_is_taken(platform):
    assert PureClient(ORDERS_KNOWN).references(LINKED, platform).code == 0


@pytest.mark.parametrize(("age_seconds", "taken"), [(300, True), (301, False), (-30, True), (-31, False)])
def test_timestamp__window_is_5_minutes_back_and_30_seconds_ahead(age_seconds, taken):
    said = PureClient(ORDERS_KNOWN).references(LINKED, stamp=NOW - age_seconds)
    assert (said.code == 0) is taken
    assert taken or "timestamp" in said.message


def test_clock__offset_moves_the_window():
    client = PureClient(ORDERS_KNOWN, clock_offset_seconds=3600)
    assert "timestamp" in client.references(LINKED).message
    assert client.references(LINKED, stamp=NOW + 3600).code == 0


def test_signature__refused_as_36009004_on_demand():
    said = PureClient(ORDERS_KNOWN, bad_signature="36009004").references(LINKED, sign="0")
    assert (said.status, said.code) == (400, 36009004)
    assert "signature" in said.message


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/order/202406/orders", 404, 36009009),
        ("GET", "/nowhere", 404, 36009009),
        ("POST", references_path(LINKED), 405, 36009010),
        ("GET", SEARCH, 405, 36009010),
        ("POST", SHOPS, 405, 36009010),
        ("GET", references_path(LINKED).replace("202406", "202309"), 404, 36009014),
    ],
)
def test_path__unknown_or_with_another_method(method, path, status, code):
    said = PureClient(ORDERS_KNOWN).ask(path, method=method)
    assert (said.status, said.code) == (status, code)


def test_order__forms_and_owners():
    client = PureClient(ORDERS_KNOWN)
    asked = {
        "576461413038785754": 21008111,
        "576461413038785755": 36020001,
        "576461413038785799": 21008111,
        "12ab": 36020001,
        "1" * 21: 36020001,
        LINKED: 0,
    }
    said = {order_id: client.references(order_id) for order_id in asked}
    assert {order_id: answer.code for order_id, answer in said.items()} == asked
    assert {answer.status for answer in said.values()} == {200}
    assert {response.outcome for response in client.responses} == {"good"}


def test_shops__need_no_cipher():
    said = PureClient(ORDERS_KNOWN).ask(SHOPS, leave_out=("shop_cipher",))
    assert said.data["shops"][0]["cipher"] == CREDENTIALS.shop_cipher


@pytest.mark.parametrize(
    ("code", "status", "of_shops"),
    [
        (105005, 401, 0),
        (36009033, 401, 36009033),
        (105002, 401, 105002),
        (101000, 401, 0),
        (36009043, 401, 0),
        (36009044, 401, 36009044),
        (36009037, 429, 36009037),
        (36009003, 500, 36009003),
        (99999999, 200, 99999999),
    ],
)
def test_always_code__refuses_every_request_it_applies_to(code, status, of_shops):
    client = PureClient(ORDERS_KNOWN, always_code=code)
    said = client.references(LINKED)
    assert (said.status, said.code) == (status, code)
    assert client.ask(SHOPS).code == of_shops


def test_errors_at_200__keep_their_code():
    said = PureClient(ORDERS_KNOWN, always_code=105002, errors_at_200=True).references(LINKED)
    assert (said.status, said.code) == (200, 105002)


def test_order_codes__refuse_one_order_only():
    client = PureClient(ORDERS_KNOWN, order_codes={LINKED: 12345678})
    assert client.references(LINKED).code == 12345678
    assert client.references(UNLINKED).code == 0


def test_token__expires_after_answers_until_refreshed():
    client = PureClient(ORDERS_KNOWN, token_answers=2)
    assert [client.references(LINKED).code for _ in range(4)] == [0, 0, 105002, 105002]
    renewed = client.refresh()
    assert renewed.code == 0
    token = renewed.data["access_token"]
    assert [client.references(LINKED, token=token).code for _ in range(3)] == [0, 0, 105002]
    assert client.references(LINKED).code == 105002


@pytest.mark.parametrize(("rotates", "second"), [(True, 36004004), (False, 0)])
def test_refresh__rotates_on_demand(rotates, second):
    client = PureClient(ORDERS_KNOWN, refresh_rotates=rotates)
    first = client.refresh()
    assert (first.data["refresh_token"] == CREDENTIALS.refresh_token) is not rotates
    assert first.data["access_token_expire_in"] == int(NOW) + 7 * 86400
    assert client.refresh().code == second
    assert client.refresh(refresh_token=first.data["refresh_token"]).code == 0


@pytest.mark.parametrize(
    "wrong", [{"app_secret": "x"}, {"app_key": "x"}, {"refresh_token": "x"}, {"grant_type": "x"}]
)
def test_refresh__wrong_parameter_changes_nothing(wrong):
    client = PureClient(ORDERS_KNOWN)
    assert client.refresh(**wrong).code != 0
    assert client.references(LINKED).code == 0
