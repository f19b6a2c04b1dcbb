"""A single call, as `shops` and `doctor` make it: mended like a request of a run, or one clear error."""

from __future__ import annotations

import dataclasses
import json
import time
import traceback
from email.utils import formatdate

import pandas as pd
import pytest
from support.raw_gateway import answer, raw_gateway
from support.sandbox_log import Audit
from support.session_tools import free_port, gateway, look_up, shop_of

from ttsframe.cli import main
from ttsframe.client.tokens import TokenStore
from ttsframe.errors import AccessError, ContractError, OutageError, SettingsError
from ttsframe.gateway import ResponseKind, reference_request, shops_request


@pytest.fixture
def expired(tmp_path):
    """A sandbox whose first token has expired, as after a renewal that nobody kept but its own."""
    with gateway(10, token_answers=3) as box:
        with shop_of(box, tmp_path) as shop:
            for _ in range(3):
                assert not shop.shops().empty
        yield box


def lead_to(box, monkeypatch, tmp_path, **more):
    names = {**box.environment, "TTSFRAME_CACHE": str(tmp_path / "cache.sqlite"), **more}
    for name, value in names.items():
        monkeypatch.setenv(name, value)


def good(data):
    return answer(json.dumps({"code": 0, "message": "Success", "data": data}).encode())


# What can be mended


def test_request__an_expired_token_is_renewed_once_and_kept(expired, tmp_path):
    tokens = TokenStore(tmp_path / "tokens.json")
    with shop_of(expired, tmp_path, tokens=tokens) as shop:
        result = shop.client.request(shops_request())
    assert result.refreshed
    assert result.refusal is None
    assert len(Audit(expired.log).refreshes) == 1
    assert tokens.read(expired.credentials).access_token.endswith("-2")


def test_request__a_renewed_token_that_is_refused_too_is_not_renewed_again(tmp_path):
    with gateway(10, token_answers=0) as box, shop_of(box, tmp_path) as shop:
        result = shop.client.request(shops_request())
        assert len(Audit(box.log).refreshes) == 1
    assert result.kind is ResponseKind.TOKEN
    with pytest.raises(AccessError, match="TIKTOK_APP_ACCESS_KEY"):
        result.raise_for_status()


@pytest.mark.parametrize("offset_seconds", [-3600, 86_400])
def test_request__follows_the_gateways_clock(offset_seconds, tmp_path):
    with gateway(10, clock_offset_seconds=offset_seconds) as box, shop_of(box, tmp_path) as shop:
        assert list(shop.shops()["cipher"]) == [box.credentials.shop_cipher]
        assert not shop.client.request(shops_request()).refreshed
        assert len(box.log) == 3


def test_request__a_clock_that_is_refused_though_followed_ends_with_its_cure(tmp_path):
    ahead = formatdate(time.time() + 3600, usegmt=True)
    refusal = answer(
        b'{"code":36009004,"message":"Invalid timestamp"}',
        status="400 Bad Request",
        headers=f"Date: {ahead}\r\n",
    )
    with raw_gateway(refusal) as served, served.shop(tmp_path) as shop:
        with pytest.raises(SettingsError, match="date, time and time zone"):
            shop.shops()
        assert len(served.requests) == 2


def test_request__follows_anew_a_clock_that_has_changed_since_the_last(tmp_path):
    with gateway(10, clock_offset_seconds=3600) as box, shop_of(box, tmp_path) as shop:
        shop.shops()
        box.change(clock_offset_seconds=-3600)
        assert list(shop.shops()["cipher"]) == [box.credentials.shop_cipher]


def test_request__clock_and_token_may_both_be_wrong(expired, tmp_path):
    expired.change(clock_offset_seconds=3600)
    with shop_of(expired, tmp_path) as shop:
        assert not shop.shops().empty
    assert len(Audit(expired.log).refreshes) == 1


def test_request__an_order_that_is_not_the_shops_is_told_by_its_kind(tmp_path):
    with gateway(10) as box, shop_of(box, tmp_path) as shop:
        result = shop.client.request(reference_request("1", "SHOPIFY"))
    assert result.kind is ResponseKind.ROW


# What may be well later


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fault_share": 1.0, "fault_kinds": "http_500"}, "HTTP status 500"),
        ({"fault_share": 1.0, "fault_kinds": "html_503"}, "HTTP status 503"),
        ({"fault_share": 1.0, "fault_kinds": "envelope_200"}, "3600"),
        ({"fault_share": 1.0, "fault_kinds": "empty"}, "no JSON"),
        ({"fault_share": 1.0, "fault_kinds": "cut_json"}, "no JSON"),
        ({"fault_share": 1.0, "fault_kinds": "redirect"}, "redirect"),
        ({"fault_share": 1.0, "fault_kinds": "plain_429"}, "HTTP status 429"),
        ({"always_code": 36009002}, "36009002"),
        ({"always_code": 36009003}, "36009003"),
    ],
)
def test_request__no_good_answer_for_now_is_an_outage_that_says_try_again(options, words, tmp_path):
    with (
        gateway(10, **options) as box,
        shop_of(box, tmp_path) as shop,
        pytest.raises(OutageError, match="Try again") as caught,
    ):
        shop.shops()
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_request__a_bad_gateway_is_an_outage_and_no_refusal(tmp_path):
    page = answer(b"<html>502 Bad Gateway</html>", status="502 Bad Gateway")
    with raw_gateway(page) as served, served.shop(tmp_path) as shop:
        with pytest.raises(OutageError, match=r"HTTP status 502.*TTSFRAME_BASE_URL"):
            shop.shops()
        assert len(served.requests) == 1


def test_request__a_renewal_out_of_reach_may_succeed_with_the_next_call(expired, tmp_path):
    with shop_of(expired, tmp_path, auth_url=f"http://127.0.0.1:{free_port()}") as shop:
        with pytest.raises(OutageError, match="TTSFRAME_AUTH_URL"):
            shop.shops()
        shop.client.authorizer._auth_transport = lambda: shop.client._transport(expired.auth_url, 1)
        assert not shop.shops().empty


# What is refused


def test_request__an_unknown_code_is_a_refusal_with_what_the_gateway_said(tmp_path):
    refusal = answer(b'{"code":99999999,"message":"Something new"}')
    with (
        raw_gateway(refusal) as served,
        served.shop(tmp_path) as shop,
        pytest.raises(AccessError, match="99999999 Something new"),
    ):
        shop.shops()


@pytest.mark.parametrize("renews", [False, True])
def test_request__a_refusal_shows_no_secret_even_with_the_values_of_every_frame(renews, expired, tmp_path):
    spent = "spent-" * 3 if renews else None
    credentials = dataclasses.replace(expired.credentials, refresh_token=spent)
    del spent
    with pytest.raises(AccessError) as caught, shop_of(expired, tmp_path, credentials=credentials) as shop:
        shop.shops()
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    text = "".join(told.format(chain=True))
    assert not [secret for secret in credentials.secrets if secret in text]


# The list of shops


@pytest.mark.parametrize("data", [None, {}, {"shops": None}, {"shops": []}], ids=repr)
def test_shops__none_is_an_empty_frame(data, tmp_path):
    with raw_gateway(good(data)) as served, served.shop(tmp_path) as shop:
        frame = shop.shops()
    assert frame.empty
    assert list(frame.columns) == ["name", "region", "seller_type", "id", "code", "cipher"]


@pytest.mark.parametrize(
    "data",
    [
        *([], [{"name": "x"}], "shops", 7, True),
        *({"shops": "ab"}, {"shops": {"name": "x"}}, {"shops": 7}, {"shops": True}),
        *({"shops": ["x"]}, {"shops": [None]}, {"shops": [["name"]]}, {"shops": [{}, 7]}),
        *({"shops": [{"name": ["x"]}]}, {"shops": [{"cipher": {}}]}, {"shops": [{"id": 1.5}]}),
    ],
    ids=repr,
)
def test_shops__a_form_nobody_knows_is_a_contract_error(data, tmp_path):
    with (
        raw_gateway(good(data)) as served,
        served.shop(tmp_path) as shop,
        pytest.raises(ContractError, match="TTSFRAME_BASE_URL"),
    ):
        shop.shops()


def test_shops__a_missing_field_is_missing_and_a_number_is_text(tmp_path):
    shops = {"shops": [{"name": "A", "id": 7495794203056835079, "cipher": "GCP_x"}]}
    with raw_gateway(good(shops)) as served, served.shop(tmp_path) as shop:
        frame = shop.shops()
    assert frame["id"].tolist() == ["7495794203056835079"]
    assert pd.isna(frame["region"]).all()


def test_shops__a_malformed_answer_is_one_message_for_the_command(tmp_path, monkeypatch, capsys):
    with gateway(1) as box, raw_gateway(good([])) as served:
        lead_to(box, monkeypatch, tmp_path, TTSFRAME_BASE_URL=served.base_url)
        assert main(["shops"]) == 2
    assert "list of shops" in capsys.readouterr().err


# The doctor


def test_doctor__says_that_it_renewed_the_token(expired, tmp_path, monkeypatch, capsys):
    lead_to(expired, monkeypatch, tmp_path)
    assert main(["doctor"]) == 0
    assert "signature and token: accepted, after the access token was refreshed" in capsys.readouterr().out


def test_doctor__a_dead_refresh_token_is_told_where_the_token_is_checked(
    expired, tmp_path, monkeypatch, capsys
):
    lead_to(expired, monkeypatch, tmp_path, TIKTOK_APP_REFRESH_KEY="spent-refresh-token")
    assert main(["doctor"]) == 2
    out = capsys.readouterr().out
    assert "ok   gateway reachable" in out
    assert "FAIL signature and token" in out
    assert "authorize the app again" in out.split("what to do:")[1]


def test_doctor__a_gateway_in_trouble_is_not_reachable(tmp_path, monkeypatch, capsys):
    with gateway(10, fault_share=1.0, fault_kinds="http_500") as box:
        lead_to(box, monkeypatch, tmp_path)
        assert main(["doctor"]) == 2
    out = capsys.readouterr().out
    assert "FAIL gateway reachable" in out
    assert "Try again" in out


def test_doctor__names_a_wrong_clock_though_runs_follow_the_gateways(tmp_path, monkeypatch, capsys):
    with gateway(10, clock_offset_seconds=-3600) as box:
        lead_to(box, monkeypatch, tmp_path)
        assert main(["doctor"]) == 2
        assert len(look_up(box, tmp_path)) == len(box.orders)
    assert "s ahead of the gateway" in capsys.readouterr().out
