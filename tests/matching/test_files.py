"""From export files with data-quality problems to statuses, against what their generator expects."""

from __future__ import annotations

import pandas as pd
import pytest
from support.match_frames import S1, S2, T1, T2, marked, shopify, tiktok

from ttsframe.columns import MATCH_STATUSES
from ttsframe.matching import match
from ttsframe.readers import read_shopify_orders, read_tiktok_orders, read_tiktok_settlement
from ttsframe.sandbox import samples

ORDERS = 3000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return samples.write(tmp_path_factory.mktemp("exports"), count=ORDERS, seed=11)


@pytest.fixture(scope="module")
def result(made):
    return match(
        read_tiktok_orders(made.tiktok),
        read_shopify_orders(made.shopify),
        answers(made.links),
        settlement=read_tiktok_settlement(made.settlement),
    )


def answers(links):
    """What a look-up of the links would give."""
    status = links["external_order_id"].notna().map({True: "linked", False: "unlinked"})
    status = status.mask(links["kind"].eq("denied"), "denied")
    return links.assign(status=status, reason=status.map({"denied": "not_this_shop"}))


def rows(frame):
    """Rows as a set that can be compared; missing ids and names are blank."""
    texts = frame[["order_id", "shopify_name", "status"]].astype("object")
    return sorted(map(tuple, texts.where(texts.notna(), "").to_numpy()))


def test_files__every_order_has_the_expected_status(made, result):
    assert rows(result.orders) == rows(made.expected)


def test_files__every_status_is_there(made, result):
    assert (result.counts > 0).all()
    assert set(made.expected["status"]) == set(MATCH_STATUSES)


@pytest.mark.parametrize(
    ("status", "reasons"),
    [
        ("explained", {"platform_discount"}),
        ("amount_differs", {"nan"}),
        (
            "state_differs",
            {
                "refunded_on_shopify; refund_differs",
                "cancelled_on_tiktok; refunded_on_tiktok; refund_differs",
            },
        ),
        ("not_expected", {"cancelled_before_payment"}),
        ("unknown", {"not_this_shop"}),
        ("only_shopify", {"not_in_export"}),
    ],
)
def test_files__causes_are_named(result, status, reasons):
    found = result.orders.loc[result.orders["status"] == status, "reason"]
    # A pair may also lie on two sides of a month's end.
    assert {str(reason).removesuffix("; month_end") for reason in found} == reasons


def test_files__without_the_look_up_the_marks_alone_are_believed(made):
    alone = match(read_tiktok_orders(made.tiktok), read_shopify_orders(made.shopify)).orders
    assert set(alone["matched_on"].dropna()) == {"tag", "note_attribute", "note", "name"}
    lone = alone[alone["status"] == "only_tiktok"]
    assert set(lone["reason"]) == {"no_mark", "cancelled_on_tiktok", "sample"}
    assert lone.loc[lone["reason"] != "no_mark", "evidence"].str.contains("also no_mark").all()
    assert set(alone["status"]) <= set(MATCH_STATUSES) - {"unknown"}


def test_files__payouts_are_those_of_the_settlement(made, result):
    paid = read_tiktok_settlement(made.settlement)
    ours = paid[paid["order_id"].isin(result.orders["order_id"])]
    assert result.orders["settled_counted"].sum() == pytest.approx(ours["settled_amount"].sum())
    assert result.orders["settled_amount"].sum() > ours["settled_amount"].sum() + 1
    assert len(ours)


def test_files__provenance_and_report_name_them(made, result, tmp_path):
    assert f"TikTok file {made.tiktok.name}" in result.provenance
    assert f"Shopify file {made.shopify.name}" in result.provenance
    result.to_csv(tmp_path)
    back = pd.read_csv(tmp_path / "orders.csv", dtype=str, encoding="utf-8-sig")
    assert rows(back) == rows(result.orders)


class Arrow:
    """A table of some other library, of which nothing is known but its Arrow stream."""

    def __init__(self, frame):
        self._table = pytest.importorskip("pyarrow").Table.from_pandas(frame, preserve_index=False)

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


def test_match__tables_that_speak_arrow_are_read_as_frames():
    ours, theirs = tiktok(T1, T2), shopify(marked(S1, T1), S2)
    refs = pd.DataFrame({"order_id": [T2], "external_order_id": [S2], "status": ["linked"]})
    payouts = pd.DataFrame({"order_id": [T1], "settled_amount": [9.0]})
    expected = match(ours, theirs, refs, settlement=payouts).orders
    assert expected["status"].tolist() == ["matched", "matched"]
    found = match(Arrow(ours), Arrow(theirs), Arrow(refs), settlement=Arrow(payouts)).orders
    pd.testing.assert_frame_equal(found, expected)
