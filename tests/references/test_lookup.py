"""The journey from a column of ids to a tidy frame, against answers that the project did not make."""

from __future__ import annotations

import gc
import json
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
import requests_cache
from hypothesis import given, settings
from hypothesis import strategies as st
from support import canned_gateway as canned

import ttsframe as tts
from ttsframe import columns
from ttsframe.cache import Cache, CachedResponse, key
from ttsframe.client import retry
from ttsframe.config import Settings
from ttsframe.errors import AccessError, CacheWarning, InputError, SettingsError, SuspiciousInputWarning
from ttsframe.references.progress import Progress

FIRST = 580_194_009_000_000_000


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch):
    monkeypatch.setattr(retry, "BACKOFF_SECONDS", 0.001)


def messy_orders():
    """300 distinct ids with repeats, tabs and spreadsheet wrappings, and five bad rows."""
    ids = [str(FIRST + 17 * place) for place in range(300)]
    wrapped = [
        *(f"{order_id}\t" for order_id in ids[:100]),
        *(f'="{order_id}"' for order_id in ids[100:200]),
        *ids[200:],
        *(f"'{order_id}" for order_id in ids[:50]),
        *(f"{order_id}.0" for order_id in ids[150:170]),
    ]
    bad = ["5.80194E+17", "SKU-1", "", None, "5" * 21]
    return ids, pd.DataFrame({"Order ID": wrapped + bad, "note": "x"})


def truth_of(ids):
    """Every third order unlinked, every seventh denied, some with two references."""
    truth = {}
    for place, order_id in enumerate(ids):
        if place % 7 == 3:
            truth[order_id] = ("denied", [])
        elif place % 3 == 0:
            truth[order_id] = ("unlinked", [])
        elif place % 11 == 1:
            truth[order_id] = ("linked", [f"70{place:08d}", f"#A{place}"])
        else:
            truth[order_id] = ("linked", [f"gid://shopify/Order/70{place:08d}"])
    return truth


def answers_in(shape, truth):
    answers = {}
    for order_id, (status, external_ids) in truth.items():
        if status == "denied":
            answers[order_id] = canned.error(21008111, "order is not this shop's")
        elif shape == "official":
            answers[order_id] = canned.official(*external_ids)
        else:
            answers[order_id] = canned.reference(order_id, *external_ids)
    return answers


@pytest.mark.parametrize("shape", ["official", "reference"])
def test_lookup__messy_column_gives_every_order_its_truth(shape, tmp_path):
    ids, orders = messy_orders()
    truth = truth_of(ids)
    before = orders.copy(deep=True)
    with canned.serve(answers_in(shape, truth)) as gateway, gateway.shop(tmp_path) as shop:
        found = tts.lookup(orders, shop=shop)
        again = tts.lookup(orders, shop=shop)
    assert sorted(gateway.requests) == sorted((order_id, "SHOPIFY") for order_id in ids)
    assert gateway.bad_signatures == []
    asked = found[found["status"] != "invalid"]
    got = {
        order_id: (rows["status"].iloc[0], rows["external_order_id"].dropna().tolist())
        for order_id, rows in asked.groupby("order_id", sort=False)
    }
    assert got == truth
    assert list(got) == ids, "order of first appearance"
    bad = found[found["status"] == "invalid"]
    assert bad["reason"].tolist() == ["digits_lost", "not_digits", "missing", "too_long"]
    assert again["from_cache"].sum() == len(asked)
    pd.testing.assert_frame_equal(
        again.drop(columns=["from_cache", "fetched_at"]), found.drop(columns=["from_cache", "fetched_at"])
    )
    pd.testing.assert_frame_equal(orders, before)


def test_lookup__frame_has_the_columns_and_dtypes_it_promises(tmp_path):
    with canned.serve({"1": canned.official("7")}) as gateway, gateway.shop(tmp_path) as shop:
        found = tts.lookup(["1", "2", "x"], shop=shop)
        lines = tts.lookup(["1"], shop=shop, level="line_item")
    assert list(found.columns) == columns.names(columns.REFERENCES)
    assert {column.name: found[column.name].dtype for column in columns.REFERENCES} == {
        column.name: pd.Series(dtype=columns.dtype(column)).dtype for column in columns.REFERENCES
    }
    assert list(lines.columns) == columns.names(columns.LINE_ITEMS)


@pytest.mark.parametrize(
    "make",
    [
        list,
        pd.Series,
        pd.Index,
        np.array,
        lambda ids: np.array(ids, dtype="int64"),
        lambda ids: pd.Series(ids, dtype="category"),
        lambda ids: pd.Series([int(order_id) for order_id in ids], dtype="Int64"),
        lambda ids: pd.DataFrame({"ORDER_ID": ids}),
    ],
)
def test_lookup__takes_any_kind_of_column(make, tmp_path):
    ids = [str(FIRST), str(FIRST + 1)]
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        assert tts.lookup(make(ids), shop=shop)["order_id"].tolist() == ids


def test_lookup__named_column_and_accessor(tmp_path):
    one, two = str(FIRST + 1), str(FIRST + 2)
    orders = pd.DataFrame({"id in the shop": [one, two], "order_id": ["8", "9"]}, index=["a", "b"])
    with canned.serve({two: canned.official("77")}) as gateway, gateway.shop(tmp_path) as shop:
        found = orders.tts.lookup(column="id in the shop", shop=shop)
        beside = orders.tts.attach(found, column="id in the shop")
    assert found["order_id"].tolist() == [one, two]
    assert beside.index.tolist() == ["a", "b"]
    assert beside["external_order_id"].tolist()[1] == "77"


def test_lookup__several_platforms_are_asked_once_each(tmp_path):
    with canned.serve({"1": canned.official("7", platform="AMAZON")}) as gateway:
        found = tts.lookup(["1", "2"], platform=["amazon", " Shopify "], shop=gateway.shop(tmp_path))
    assert list(zip(found["order_id"], found["platform"], found["status"], strict=True)) == [
        ("1", "AMAZON", "linked"),
        ("1", "SHOPIFY", "unlinked"),
        ("2", "AMAZON", "unlinked"),
        ("2", "SHOPIFY", "unlinked"),
    ]
    assert len(gateway.requests) == 4


def test_lookup__floats_are_refused_with_the_cure(tmp_path):
    with canned.serve({}) as gateway, pytest.raises(InputError, match="dtype=str"):
        tts.lookup(pd.Series([5.80194009e17, np.nan]), shop=gateway.shop(tmp_path))
    assert gateway.requests == []


@pytest.mark.parametrize("verb", [tts.lookup, tts.plan])
@pytest.mark.parametrize("make", [list, pd.Series, lambda ids: pd.DataFrame({"Order ID": ids})])
def test_lookup__ten_ids_that_all_end_in_000_are_refused_before_anything_is_opened(make, verb):
    rounded = [str(FIRST + 1000 * place) for place in range(10)]
    with pytest.raises(InputError, match="lost their last digits in a spreadsheet: all 10 end in 000"):
        verb(make(["SKU-1", *rounded, None]))
    with pytest.raises(SettingsError):
        verb(make([*rounded, str(FIRST + 1)]))


@pytest.mark.parametrize("verb", [tts.lookup, tts.plan])
def test_lookup__a_named_column_of_short_numbers_is_refused_before_anything_is_opened(verb):
    orders = pd.DataFrame({"Order ID": ["1", "2"], "Quantity": ["1", "2"]})
    with pytest.raises(InputError, match="the column Quantity are too short for TikTok Shop order ids"):
        verb(orders, column="Quantity")


def test_lookup__a_column_that_is_called_order_id_may_hold_what_it_likes(tmp_path):
    orders = pd.DataFrame({"Order ID": ["1", "2"]})
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        assert len(tts.lookup(orders, column="Order ID", shop=shop)) == 2


def test_lookup__names_the_simulated_gateway_that_denies_every_order():
    ids = [str(FIRST + number) for number in range(5)]
    denial = pytest.warns(SuspiciousInputWarning, match="by a simulated gateway")
    with tts.sandbox.run() as gateway, gateway.shop() as shop, denial:
        refs = tts.lookup(ids, shop=shop)
    assert refs["status"].eq("denied").all()


def test_lookup__finds_no_answer_of_a_simulated_gateway_for_another_host(tmp_path):
    order_id = str(FIRST)
    with tts.sandbox.run(pd.DataFrame({"order_id": [order_id]})) as gateway:
        with gateway.shop(cache=tmp_path / "answers.sqlite") as shop:
            assert tts.lookup([order_id], shop=shop)["status"].item() == "unlinked"
            assert tts.lookup([order_id], shop=shop, offline=True)["status"].item() == "unlinked"
        with tts.Shop(gateway.credentials, Settings(cache=tmp_path / "answers.sqlite")) as shop:
            assert tts.lookup([order_id], shop=shop, offline=True)["status"].item() == "skipped"


def test_lookup__is_doubted_where_every_order_is_denied(tmp_path):
    ids = [str(FIRST + place) for place in range(5)]
    answers = {order_id: canned.error(21008111, "not this shop's") for order_id in ids}
    with canned.serve(answers) as gateway, gateway.shop(tmp_path) as shop:
        with pytest.warns(SuspiciousInputWarning, match="does TIKTOK_SHOP_CIPHER belong to the shop"):
            tts.lookup(ids, shop=shop)
        answers[ids[0]] = canned.official("7")
        tts.lookup(ids, shop=shop, max_age=0)


def test_lookup__is_doubted_where_nothing_is_an_id(tmp_path):
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        with pytest.warns(SuspiciousInputWarning, match="is this the right column"):
            tts.lookup([f"SKU-{place}" for place in range(5)], shop=shop)
        tts.lookup([*(f"SKU-{place}" for place in range(5)), "1"], shop=shop)


def test_lookup__unknown_column_names_those_there_are(tmp_path):
    with canned.serve({}) as gateway, pytest.raises(InputError, match="Order No"):
        tts.lookup(pd.DataFrame({"Order No": ["1"]}), shop=gateway.shop(tmp_path))


def test_lookup__max_age_asks_again(tmp_path):
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        for max_age in (None, "7d", "0s", 0, pd.Timedelta(0)):
            tts.lookup(["1"], shop=shop, max_age=max_age)
    assert len(gateway.requests) == 4


def test_lookup__offline_gives_what_is_there_without_credentials(tmp_path, monkeypatch):
    with canned.serve({"1": canned.official("7")}) as gateway:
        tts.lookup(["1"], shop=gateway.shop(tmp_path))
        monkeypatch.setenv("TTSFRAME_BASE_URL", gateway.base_url)
        monkeypatch.setenv("TTSFRAME_CACHE", str(tmp_path / "cache.sqlite"))
        monkeypatch.setenv("TIKTOK_SHOP_CIPHER", canned.CREDENTIALS.shop_cipher)
        found = tts.lookup(["1", "2", "x"], offline=True)
    assert found["status"].tolist() == ["linked", "skipped", "invalid"]
    assert found["reason"].tolist()[1:] == ["offline", "not_digits"]
    assert len(gateway.requests) == 1


def test_lookup__without_settings_names_them_all(monkeypatch):
    monkeypatch.setenv("TTSFRAME_BASE_URL", "http://gateway.example")
    with pytest.raises(SettingsError) as caught:
        tts.lookup(["1"])
    for name in (
        "TIKTOK_APP_KEY",
        "TIKTOK_APP_SECRET",
        "TIKTOK_APP_ACCESS_KEY",
        "TIKTOK_SHOP_CIPHER",
        "https",
    ):
        assert name in str(caught.value)
    assert "TIKTOK_APP_REFRESH_KEY" not in str(caught.value)


def test_plan__tells_before_anything_is_sent(tmp_path):
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        tts.lookup(["1"], shop=shop)
        planned = tts.plan(["1", "2", "2", "x"], shop=shop)
    assert planned[:4] == (3, 1, 1, 1)
    assert planned.seconds > 0
    assert len(gateway.requests) == 1


def test_plan__needs_only_the_shop_cipher_and_says_what_it_rests_on(tmp_path, monkeypatch):
    with canned.serve({}) as gateway:
        monkeypatch.setenv("TTSFRAME_BASE_URL", gateway.base_url)
        monkeypatch.setenv("TTSFRAME_CACHE", str(tmp_path / "cache.sqlite"))
        with pytest.raises(SettingsError, match="TIKTOK_SHOP_CIPHER is not set"):
            tts.plan(["1"])
        monkeypatch.setenv("TIKTOK_SHOP_CIPHER", canned.CREDENTIALS.shop_cipher)
        planned = tts.plan(["1", "2"])
        assert planned[:4] == (2, 0, 2, 0)
        assert planned.basis == "8 requests a second at first; the rate adapts while running"
        assert tts.plan(["x"]).basis == tts.plan(["1"], offline=True).basis == ""
        monkeypatch.setenv("TTSFRAME_RATE", "0.5")
        assert tts.plan(["1"]).basis.startswith("0.5 requests a second at first")
        monkeypatch.setenv("TIKTOK_APP_SECRET", "with a blank")
        with pytest.raises(SettingsError, match="TIKTOK_APP_SECRET holds blanks"):
            tts.plan(["1"])
    assert gateway.requests == []


def test_plan__rests_on_the_rate_that_was_learnt(tmp_path, monkeypatch):
    with canned.serve({}) as gateway:
        for name, value in gateway.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TTSFRAME_CACHE", str(tmp_path / "cache.sqlite"))
        tts.lookup([str(FIRST + place) for place in range(60)])
        planned = tts.plan(["1"])
    assert planned.basis.endswith(" requests a second, the rate that earlier look-ups found")


def test_lookup__collector_works_while_the_network_is_asked(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(Progress, "count", lambda self, status: seen.append(gc.isenabled()))
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        tts.lookup(["1", "2"], shop=shop)
    assert seen == [True, True]
    assert gc.isenabled()


@pytest.mark.parametrize(
    "refusal", [canned.error(777, "odd"), canned.error(36009004, "Invalid order_id", 400)]
)
def test_lookup__a_stored_row_that_is_no_answer_is_asked_again(tmp_path, refusal):
    http_status, body = refusal
    with canned.serve({"1": canned.official("#1001")}) as gateway, gateway.shop(tmp_path) as shop:
        with shop.open_cache() as cache:
            name = key(shop.settings.host, shop.name, "SHOPIFY", "1")
            stored = CachedResponse(gateway.base_url, http_status, json.loads(body), time.time())
            cache.write(name, stored, lifetime_seconds=3600)
        found = tts.lookup(["1"], shop=shop)
    assert found["external_order_id"].tolist() == ["#1001"]
    assert gateway.requests == [("1", "SHOPIFY")]


ANSWERS = {
    "1": canned.official("#1001"),
    "2": canned.official(),
    "3": canned.error(777, "odd"),
    "4": canned.error(36009004, "Invalid order_id", 400),
    "5": canned.error(21008111, "not yours"),
}


def interrupted(shop, monkeypatch, *, after=5):
    """Look up with Ctrl-C after so many answers; return what is said."""
    seen = []

    def stop(self, status):
        seen.append(status)
        if len(seen) == after:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "count", stop)
    monkeypatch.setattr(sys.modules["ttsframe.references.lookup"], "WAIT_AFTER_INTERRUPT_SECONDS", 30)
    with pytest.raises(KeyboardInterrupt) as caught:
        tts.lookup(list(ANSWERS), shop=shop)
    return str(caught.value)


@pytest.mark.parametrize(("lifetime_unlinked", "kept"), [(3600.0, 3), (0.0, 2)])
def test_interrupt__counts_what_is_kept_and_no_other_answer(tmp_path, monkeypatch, lifetime_unlinked, kept):
    with (
        canned.serve(ANSWERS) as gateway,
        gateway.shop(tmp_path, lifetime_unlinked=lifetime_unlinked) as shop,
    ):
        said = interrupted(shop, monkeypatch)
    assert said.startswith(f"interrupted: {kept} of 5 answers are kept.")
    assert Cache(tmp_path / "cache.sqlite").info().answers == kept


def test_interrupt__counts_nothing_where_the_store_takes_nothing(tmp_path, monkeypatch):
    no_folder = tmp_path / "taken"
    no_folder.touch()
    with canned.serve(ANSWERS) as gateway, gateway.shop(no_folder) as shop, pytest.warns(CacheWarning):
        said = interrupted(shop, monkeypatch)
    assert said.startswith("interrupted: 0 of 5 answers are kept.")


def test_interrupt__counts_the_answer_of_that_moment_once(tmp_path, monkeypatch):
    answers = dict.fromkeys(ANSWERS, canned.official("#1001"))
    with canned.serve(answers) as gateway, gateway.shop(tmp_path) as shop:
        said = interrupted(shop, monkeypatch, after=1)
    kept = Cache(tmp_path / "cache.sqlite").info().answers
    assert kept >= 1
    assert said.startswith(f"interrupted: {kept} of 5 answers are kept.")


def test_lookup__same_refused_parameter_for_every_order_ends_the_call(tmp_path):
    refusal = canned.error(36009004, "Invalid shop_cipher", 400)
    with (
        canned.serve({str(order_id): refusal for order_id in range(40)}) as gateway,
        pytest.raises(SettingsError, match="ttsframe shops"),
    ):
        tts.lookup([str(order_id) for order_id in range(40)], shop=gateway.shop(tmp_path))


def test_lookup__refused_parameter_of_one_order_is_its_own(tmp_path):
    with canned.serve({"2": canned.error(36009004, "Invalid order_id", 400)}) as gateway:
        found = tts.lookup(["1", "2", "3"], shop=gateway.shop(tmp_path))
    assert found["reason"].tolist()[1] == "bad_parameter"
    assert found["status"].tolist() == ["unlinked", "failed", "unlinked"]


def test_lookup__redirect_is_not_followed(tmp_path):
    with canned.serve({}) as elsewhere:
        moved = (302, "", [("Location", f"{elsewhere.base_url}/order/202406/orders/1/external_orders")])
        with canned.serve({"1": moved}) as gateway:
            found = tts.lookup(["1"], shop=gateway.shop(tmp_path, tries=2))
    assert found.loc[0, "reason"] == "bad_answer"
    assert "redirect" in found.loc[0, "error_message"]
    assert elsewhere.requests == []


def test_lookup__wrong_secret_stops_at_the_first_proof(tmp_path):
    refusal = canned.error(106001, "Invalid signature", 500)
    with (
        canned.serve({str(order_id): refusal for order_id in range(500)}) as gateway,
        pytest.raises(AccessError, match="TIKTOK_APP_SECRET"),
    ):
        tts.lookup([str(order_id) for order_id in range(500)], shop=gateway.shop(tmp_path))
    assert len(gateway.requests) < 50


def test_store__opens_with_requests_cache_alone(tmp_path):
    with canned.serve({"1": canned.official("7"), "2": canned.official()}) as gateway:
        tts.lookup(["1", "2"], shop=gateway.shop(tmp_path))
    cache = requests_cache.SQLiteCache(str(tmp_path / "cache.sqlite"), serializer="json")
    responses = {response.url.split("/")[6]: response for response in cache.filter()}
    assert responses["1"].json()["data"]["external_orders"][0]["id"] == "7"
    assert not responses["2"].is_expired
    assert (responses["1"].expires - responses["1"].created_at).days == 30
    assert (responses["2"].expires - responses["2"].created_at).total_seconds() == 3600
    cache.close()
    stored = (tmp_path / "cache.sqlite").read_bytes()
    assert not [secret for secret in canned.CREDENTIALS.secrets if secret.encode() in stored]


def test_lookup__all_stored_starts_no_thread(tmp_path, monkeypatch):
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        tts.lookup(["1", "2"], shop=shop)

    def refuse(*_args, **_kwargs):
        raise AssertionError("a thread was started")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert tts.lookup(["1", "2"], shop=gateway.shop(tmp_path))["from_cache"].all()


CELLS = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.integers(min_value=-5, max_value=10**21),
    st.from_regex(r"\A[0-9]{1,22}(\t|\.0|)\Z"),
    st.sampled_from(["5.8E+17", '="58"', "'58", "58", " 58\u00a0", float("nan"), 58, True]),
)


@given(st.lists(CELLS, max_size=12))
@settings(max_examples=60)
def test_lookup__nothing_is_dropped_and_nothing_invented(tmp_path_factory, cells):
    shop = tts.Shop(
        canned.CREDENTIALS,
        Settings(cache=tmp_path_factory.getbasetemp() / "nothing.sqlite"),
    )
    found = tts.lookup(cells, shop=shop, offline=True)
    wanted = tts.ids.clean(cells).ids.fillna("missing").drop_duplicates()
    assert found["order_id"].fillna("missing").tolist() == wanted.tolist()
    assert tts.lookup(found["order_id"], shop=shop, offline=True)["order_id"].equals(found["order_id"])


def test_plan__reads_as_a_sentence(tmp_path):
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        assert repr(tts.plan([str(FIRST), "SKU-1"], shop=shop)).startswith(
            "2 distinct look-ups need 1 request; 1 is not an order id. It takes about 1 s at 8 requests "
        )
        planned = tts.plan(["SKU-1"], shop=shop)
    assert str(planned) == "1 distinct look-up needs no request; 1 is not an order id."
    assert (planned.unique, planned.invalid) == (1, 1)
