"""Requests described, and the platforms that they can be about."""

from __future__ import annotations

import pytest
from support.gateway_answers import ORDER

from ttsframe import gateway as api
from ttsframe.errors import InputError


def test_reference_request__path_and_query():
    request = api.reference_request(ORDER, "SHOPIFY")
    assert request == (
        "GET",
        f"/order/202406/orders/{ORDER}/external_orders",
        {"platform": "SHOPIFY"},
        b"",
        True,
    )


def test_shops_request__is_signed_without_a_shop():
    request = api.shops_request()
    assert (request.method, request.path, request.query) == ("GET", "/authorization/202309/shops", {})
    assert not request.needs_shop


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("SHOPIFY", ["SHOPIFY"]),
        ("shopify", ["SHOPIFY"]),
        (" Shopify ", ["SHOPIFY"]),
        (["amazon", "Shopify"], ["AMAZON", "SHOPIFY"]),
        (("shopify", "SHOPIFY"), ["SHOPIFY"]),
        (api.PLATFORMS, list(api.PLATFORMS)),
    ],
)
def test_platforms__any_case_in_upper_case_out(asked, names):
    assert api.platforms(asked) == names


@pytest.mark.parametrize("asked", ["SHOPIFYY", "", [], ["SHOPIFY", "EBAY"], [None]])
def test_platforms__unknown_ones_are_refused_naming_the_ten(asked):
    with pytest.raises(InputError) as refusal:
        api.platforms(asked)
    assert len(api.PLATFORMS) == 10
    assert all(name in str(refusal.value) for name in api.PLATFORMS)


@pytest.mark.parametrize("asked", [5, None, 1.5, True, b"SHOPIFY", object])
def test_platforms__what_is_no_text_is_told_what_to_give(asked):
    with pytest.raises(InputError, match="must be the name of a platform or a list of names") as refusal:
        api.platforms(asked)
    assert f"not {type(asked).__name__}." in str(refusal.value)
    assert all(name in str(refusal.value) for name in api.PLATFORMS)
