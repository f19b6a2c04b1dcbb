"""Orders that Shopify names already are not asked, but for a sample that shows whether that holds."""

from __future__ import annotations

import io
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from support import canned_gateway as canned

import ttsframe as tts
from ttsframe.config import Settings
from ttsframe.errors import InputError, SuspiciousInputWarning
from ttsframe.references.frame import LookupKeys
from ttsframe.references.known import find_known

FIRST = 580_194_009_000_000_000
SHOPIFY_FIRST = 5_277_630_000_000


def ids_of(count, *, first=0):
    return [str(FIRST + 7919 * place) for place in range(first, first + count)]


def shopify_of(order_ids, *, place="tag"):
    """One Shopify order for each of these, which names it."""
    numbers = range(len(order_ids))
    return pd.DataFrame(
        {
            "shopify_id": [str(SHOPIFY_FIRST + number) for number in numbers],
            "name": [f"#{1001 + number}" for number in numbers],
            "tiktok_order_id": order_ids,
            "tiktok_order_id_from": place,
            "tiktok_marks": [f"{place}:{order_id}" for order_id in order_ids],
        }
    )


def answers_of(shopify):
    """What a gateway answers whose references agree with the marks."""
    return {
        order_id: canned.official(shopify_id)
        for order_id, shopify_id in zip(shopify["tiktok_order_id"], shopify["shopify_id"], strict=True)
    }


def asked_of(gateway):
    return {order_id for order_id, _ in gateway.requests}


def sample_of(order_ids, shopify, verify):
    """The orders that are asked all the same."""
    keys = LookupKeys(np.array(order_ids, dtype=object), np.full(len(order_ids), "SHOPIFY", dtype=object))
    found = find_known(keys, shopify, verify=verify)
    return {order_ids[index] for index in found.indices[found.sampled]}


def told(frame):
    return list(zip(frame["status"].astype(str), frame["reason"].fillna(""), strict=True))


def test_known__only_the_unnamed_and_a_sample_are_asked(tmp_path):
    named, unnamed = ids_of(400), ids_of(20, first=400)
    shopify = shopify_of(named)
    with canned.serve(answers_of(shopify)) as gateway, gateway.shop(tmp_path) as shop:
        refs = tts.lookup(unnamed + named, shop=shop, known=shopify)
    sample = sample_of(named, shopify, 0.02)
    assert len(sample) == 50
    assert asked_of(gateway) == {*unnamed, *sample}
    assert len(gateway.requests) == 70
    assert refs["order_id"].tolist() == unnamed + named
    rows = refs.set_index("order_id")
    assert told(rows.loc[unnamed]) == [("unlinked", "")] * 20
    assert told(rows.loc[sorted(sample)]) == [("linked", "")] * 50
    spared = rows.drop([*unnamed, *sample])
    assert told(spared) == [("skipped", "known")] * 350
    assert spared["external_order_id"].isna().all()
    assert not spared["from_cache"].any()
    assert spared["fetched_at"].isna().all()


def test_known__the_next_run_asks_nothing_of_the_sample_again(tmp_path):
    named = ids_of(300)
    shopify = shopify_of(named)
    with canned.serve(answers_of(shopify)) as gateway, gateway.shop(tmp_path) as shop:
        first = tts.lookup(named, shop=shop, known=shopify)
        again = tts.lookup(named[::-1], shop=shop, known=shopify.sample(frac=1, random_state=7))
    assert len(gateway.requests) == 50
    assert again["from_cache"].sum() == 50
    columns = ["order_id", "external_order_id", "status", "reason"]
    pd.testing.assert_frame_equal(again[columns][::-1].reset_index(drop=True), first[columns])


def test_known__the_sample_is_a_share_of_at_least_50_and_the_same_everywhere():
    named = ids_of(4000)
    shopify = shopify_of(named)
    sizes = {verify: len(sample_of(named, shopify, verify)) for verify in (0, 0.0001, 0.02, 0.0201, 0.5, 1)}
    assert sizes == {0: 0, 0.0001: 50, 0.02: 80, 0.0201: 81, 0.5: 2000, 1: 4000}
    assert len(sample_of(named[:30], shopify, 0.02)) == 30
    assert sample_of(named, shopify, 0.02) < sample_of(named, shopify, 0.5)
    # The same with every version of pandas: else the answers of last month would be asked again.
    places = sorted(named.index(order_id) for order_id in sample_of(named[:200], shopify, 0.02))
    assert places[:6] == [4, 7, 13, 14, 17, 24]


@pytest.mark.parametrize("place", ["tag", "note_attribute", "note", "name"])
def test_known__every_place_counts(place, tmp_path):
    named = ids_of(3)
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        refs = tts.lookup(named, shop=shop, known=shopify_of(named, place=place), verify=0)
    assert told(refs) == [("skipped", "known")] * 3
    assert gateway.requests == []


def test_known__the_frame_of_an_export_is_read(tmp_path):
    one, two, three = ids_of(3)
    lines = [
        "Name,Id,Total,Tags,Notes",
        f"#1,{SHOPIFY_FIRST},1,TikTokOrderID:{one},",
        f"#2,{SHOPIFY_FIRST + 1},1,,TikTok order id {two}",
        f"TTOK{three},{SHOPIFY_FIRST + 2},1,,",
    ]
    shopify = tts.read_shopify_orders(io.StringIO("\n".join(lines)))
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        refs = tts.lookup([one, two, three], shop=shop, known=shopify, verify=0)
    assert set(told(refs)) == {("skipped", "known")}


@pytest.mark.parametrize(
    "marks",
    [
        [("A", "tag:1"), ("B", "tag:1")],
        [("A", "tag:1; note:2")],
        [("A", "tag:2; note:1"), ("B", "tag:1")],
        [("A", "tag:1; note:3")],
    ],
    ids=["two orders name it", "its order names two", "named beside another", "also names one not asked"],
)
def test_known__what_is_not_one_to_one_is_asked(marks, tmp_path):
    shopify = pd.DataFrame(
        {
            "name": [name for name, _ in marks],
            "tiktok_order_id": [mark.split(";")[0].split(":")[1] for _, mark in marks],
            "tiktok_order_id_from": "tag",
            "tiktok_marks": [mark for _, mark in marks],
        }
    )
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        refs = tts.lookup(["1"], shop=shop, known=shopify, verify=0)
    assert told(refs) == [("unlinked", "")]


def test_known__one_order_named_in_two_places_is_known(tmp_path):
    shopify = pd.DataFrame({"name": ["#1"], "tiktok_order_id": ["1"], "tiktok_marks": ["tag:1; note:1"]})
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        refs = tts.lookup(["1\t"], shop=shop, known=shopify, verify=0)
    assert told(refs) == [("skipped", "known")]


def test_known__marks_that_are_wrong_in_3_of_100_make_every_order_asked(tmp_path):
    named = ids_of(100)
    shopify = shopify_of(named)
    answers = answers_of(shopify)
    # The sample of 50 holds one of the three at least.
    wrong = [*sorted(sample_of(named, shopify, 0.02))[:1], *named[-2:]]
    for order_id in wrong:
        answers[order_id] = canned.official("5999999999999")
    said = "sampled orders are linked to another Shopify order .* every order is asked"
    with canned.serve(answers) as gateway, gateway.shop(tmp_path) as shop:
        with pytest.warns(SuspiciousInputWarning, match=said) as caught:
            refs = tts.lookup(named, shop=shop, known=shopify)
        assert caught[0].filename == __file__
        with pytest.warns(SuspiciousInputWarning, match=said):
            planned = tts.plan(named, shop=shop, known=shopify)
    assert sorted(order_id for order_id, _ in gateway.requests) == sorted(named)
    assert set(told(refs)) == {("linked", "")}
    assert planned[:5] == (100, 100, 0, 0, 0)


def test_known__one_percent_of_the_sample_may_be_wrong(tmp_path):
    named = ids_of(150)
    shopify = shopify_of(named)
    answers = answers_of(shopify)
    first, second = sorted(sample_of(named, shopify, 2 / 3))[:2]
    answers[first] = canned.official("5999999999999")
    with canned.serve(answers) as gateway, gateway.shop(tmp_path) as shop:
        refs = tts.lookup(named, shop=shop, known=shopify, verify=2 / 3)
        assert len(gateway.requests) == 100
        assert refs["reason"].eq("known").sum() == 50
        answers[second] = canned.official("5999999999999")
        with pytest.warns(SuspiciousInputWarning, match="2 of 100 sampled orders"):
            tts.lookup(named, shop=shop, known=shopify, verify=2 / 3, max_age=0)
    assert len(gateway.requests) == 100 + 150


@pytest.mark.parametrize(
    ("answer", "contradicts"),
    [
        (canned.official(str(SHOPIFY_FIRST)), False),
        (canned.official(f"gid://shopify/Order/{SHOPIFY_FIRST}"), False),
        (canned.official(f"gid://shopify/Order/{SHOPIFY_FIRST}?x=1"), False),
        (canned.official("#1001"), False),
        (canned.official(" 1001 "), False),
        (canned.official("5999999999999", str(SHOPIFY_FIRST)), False),
        (canned.official(), False),
        (canned.error(21008111, "not this shop's"), False),
        (canned.error(777, "odd"), False),
        (canned.official("5999999999999"), True),
        (canned.official("gid://shopify/Order/5999999999999"), True),
        (canned.official("#1002"), True),
        (canned.official("1002"), True),
    ],
)
def test_known__an_answer_contradicts_where_it_names_another_order(answer, contradicts, tmp_path, recwarn):
    shopify = shopify_of(ids_of(1))
    with canned.serve({ids_of(1)[0]: answer}) as gateway, gateway.shop(tmp_path) as shop:
        tts.lookup(ids_of(1), shop=shop, known=shopify)
    doubts = [each for each in recwarn if issubclass(each.category, SuspiciousInputWarning)]
    assert bool(doubts) is contradicts
    assert len(gateway.requests) == 1


@pytest.mark.parametrize(
    ("lost", "external", "contradicts"),
    [
        ("shopify_id", "5999999999999", False),
        ("shopify_id", "#1002", True),
        ("name", "#1002", False),
        ("name", "5999999999999", True),
    ],
)
@pytest.mark.parametrize("how", ["blank", "no column"])
def test_known__what_the_shopify_order_does_not_tell_contradicts_nothing(
    lost, external, contradicts, how, tmp_path, recwarn
):
    shopify = shopify_of(ids_of(1))
    shopify = shopify.drop(columns=lost) if how == "no column" else shopify.assign(**{lost: None})
    with canned.serve({ids_of(1)[0]: canned.official(external)}) as gateway, gateway.shop(tmp_path) as shop:
        tts.lookup(ids_of(1), shop=shop, known=shopify)
    doubts = [each for each in recwarn if issubclass(each.category, SuspiciousInputWarning)]
    assert bool(doubts) is contradicts


def test_known__a_shop_without_references_keeps_its_marks(tmp_path):
    named = ids_of(120)
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        refs = tts.lookup(named, shop=shop, known=shopify_of(named))
    assert len(gateway.requests) == 50
    assert refs["status"].value_counts()[["unlinked", "skipped"]].tolist() == [50, 70]


def test_known__verify_0_asks_none_and_1_asks_all(tmp_path):
    named = ids_of(60)
    shopify = shopify_of(named)
    with canned.serve(answers_of(shopify)) as gateway, gateway.shop(tmp_path) as shop:
        assert set(told(tts.lookup(named, shop=shop, known=shopify, verify=0))) == {("skipped", "known")}
        assert gateway.requests == []
        assert set(told(tts.lookup(named, shop=shop, known=shopify, verify=1))) == {("linked", "")}
    assert len(gateway.requests) == 60


def test_known__what_is_cached_is_used(tmp_path):
    named = ids_of(4)
    shopify = shopify_of(named)
    with canned.serve(answers_of(shopify)) as gateway, gateway.shop(tmp_path) as shop:
        tts.lookup(named[:1], shop=shop)
        for options in ({}, {"offline": True}):
            refs = tts.lookup(named, shop=shop, known=shopify, verify=0, **options)
            assert told(refs) == [("linked", ""), *[("skipped", "known")] * 3]
            assert refs["from_cache"].tolist() == [True, False, False, False]
    assert len(gateway.requests) == 1


def test_known__offline_no_sample_is_asked_and_what_is_not_named_is_offline(tmp_path):
    named, unnamed = ids_of(2), ids_of(1, first=2)
    shop = tts.Shop(canned.CREDENTIALS, Settings(cache=tmp_path / "nothing.sqlite"))
    refs = tts.lookup(named + unnamed, shop=shop, known=shopify_of(named), verify=1, offline=True)
    assert told(refs) == [("skipped", "known"), ("skipped", "known"), ("skipped", "offline")]
    planned = tts.plan(named + unnamed, shop=shop, known=shopify_of(named), offline=True)
    assert (planned.to_fetch, planned.known) == (0, 2)


def test_known__other_platforms_are_asked_as_ever(tmp_path):
    named = ids_of(2)
    with canned.serve({}) as gateway, gateway.shop(tmp_path) as shop:
        refs = tts.lookup(named, shop=shop, platform=["SHOPIFY", "AMAZON"], known=shopify_of(named), verify=0)
    assert sorted(gateway.requests) == [(order_id, "AMAZON") for order_id in named]
    assert told(refs) == [("skipped", "known"), ("unlinked", "")] * 2


def test_known__ids_that_are_none_stay_invalid(tmp_path):
    shopify = shopify_of(["SKU-1", None, *ids_of(1)])
    shop = tts.Shop(canned.CREDENTIALS, Settings(cache=tmp_path / "nothing.sqlite"))
    refs = tts.lookup(["SKU-1", None, *ids_of(1)], shop=shop, known=shopify, verify=0)
    assert told(refs) == [("invalid", "not_digits"), ("invalid", "missing"), ("skipped", "known")]


def test_known__the_frames_are_not_changed(tmp_path):
    orders = pd.DataFrame({"Order ID": ids_of(3)}, index=[5, 5, 5])
    shopify = shopify_of(ids_of(3)).set_index(pd.Index(["x"] * 3))
    before = orders.copy(deep=True), shopify.copy(deep=True)
    shop = tts.Shop(canned.CREDENTIALS, Settings(cache=tmp_path / "nothing.sqlite"))
    found = orders.tts.lookup(shop=shop, known=shopify, verify=0)
    assert orders.tts.plan(shop=shop, known=shopify, verify=0).known == 3
    pd.testing.assert_frame_equal(orders, before[0])
    pd.testing.assert_frame_equal(shopify, before[1])
    assert set(told(found)) == {("skipped", "known")}


def test_known__a_table_of_another_library_is_read(tmp_path):
    pa = pytest.importorskip("pyarrow")
    shop = tts.Shop(canned.CREDENTIALS, Settings(cache=tmp_path / "nothing.sqlite"))
    table = pa.Table.from_pandas(shopify_of(ids_of(2)))
    assert tts.plan(ids_of(2), shop=shop, known=table, verify=0).known == 2


def test_plan__counts_the_known_and_says_what_asking_all_would_take(tmp_path):
    named, unnamed = ids_of(900), ids_of(100, first=900)
    shopify = shopify_of(named)
    with canned.serve(answers_of(shopify)) as gateway, gateway.shop(tmp_path) as shop:
        tts.lookup(named[:10], shop=shop)
        cached = len({*named[:10]} & sample_of(named, shopify, 0.02))
        planned = tts.plan([*named, *unnamed, "SKU-1"], shop=shop, known=shopify)
        every = tts.plan([*named, *unnamed, "SKU-1"], shop=shop)
    asked = 100 + 50 - cached
    assert planned[:5] == (1001, 10, asked, 1, 1001 - 10 - asked - 1)
    assert planned.unique == planned.cached + planned.to_fetch + planned.invalid + planned.known
    assert planned.seconds < planned.seconds_for_all == every.seconds == every.seconds_for_all
    told = f"; {planned.known} are named by Shopify orders; 1 is not an order id. They take about "
    assert told in repr(planned)
    assert re.search(r" To ask the named ones too takes about [^.]+\.$", repr(planned))
    assert "known" not in repr(every)
    assert len(gateway.requests) == 10


@pytest.mark.parametrize("verb", [tts.lookup, tts.plan])
@pytest.mark.parametrize(
    ("options", "says"),
    [
        *[
            ({"verify": value}, "must be a share from 0 to 1")
            for value in (-0.1, 1.1, 2, float("nan"), "2%", None, 10**5000, Decimal("sNaN"), [0.1])
        ],
        ({"known": pd.DataFrame({"order_id": ["1"]})}, "must be the Shopify orders, as tts.read_shopify"),
        ({"known": ["1"]}, "must be the Shopify orders, as tts.read_shopify"),
        ({"known": "orders_export.csv"}, "must be the Shopify orders, as tts.read_shopify"),
        ({"known": pd.DataFrame([["1", "2"]], columns=["tiktok_order_id"] * 2)}, "two columns have the same"),
    ],
)
def test_known__a_wrong_argument_is_named(verb, options, says, tmp_path):
    shop = tts.Shop(canned.CREDENTIALS, Settings(cache=tmp_path / "nothing.sqlite"))
    with pytest.raises(InputError, match=says) as caught:
        verb(["1"], shop=shop, offline=True, **options)
    assert caught.value.parameter == next(iter(options))
