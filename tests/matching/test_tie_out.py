"""The totals tie to the files: every row that is left out has its line, and each step adds up."""

from __future__ import annotations

import csv
import hashlib
import io

import pandas as pd
import pytest
from support.fates import make

from ttsframe import match, read_shopify_orders, read_tiktok_orders, read_tiktok_settlement
from ttsframe.columns import SOURCES, TIE_OUT, names

IDS = [str(577_000_000_000_000_000 + number) for number in range(12)]
TIKTOK_HEAD = ["Order ID", "Order Status", "Currency", "Order Amount", "Created Time", "Paid Time"]
SHOPIFY_HEAD = ["Name", "Id", "Financial Status", "Created at", "Cancelled at", "Currency", "Total", "Tags"]


def tiktok_row(order_id, amount, *, currency="USD", status="Completed", day=10):
    time = f"2026-10-{day:02d} 12:00:00"
    return [order_id, status, currency, amount, time, time]


def shopify_row(number, total, order_id=None, *, currency="USD", state="paid", day=10, cancelled=""):
    time = f"2026-10-{day:02d} 12:05:00 +0000"
    tag = f"TikTokOrderID:{order_id}" if order_id else ""
    return [f"#{number}", str(number), state, time, cancelled and time, currency, total, tag]


# The line of each row, and the row.
TIKTOK = [
    [
        ("column_names", ["Platform unique order ID.", "", "", "", "", ""]),
        ("in_later_file", tiktok_row(IDS[0], "10.00")),
        ("report_total", tiktok_row(IDS[1], "11.00")),
        ("further_lines", tiktok_row(IDS[1], "11.00")),
        ("no_order_id", tiktok_row("5.77E+17", "12.00")),
        ("no_order_id", tiktok_row("", "13.00")),
        ("cancelled_or_refunded", tiktok_row(IDS[2], "14.00", status="Canceled")),
        ("outside_period", tiktok_row(IDS[3], "15.00", day=28)),
        ("report_total", tiktok_row(IDS[4], "1600", currency="JPY")),
        ("report_total", tiktok_row(IDS[5], "1.700", currency="KWD")),
        ("cancelled_or_refunded", tiktok_row(IDS[6], "1.800", currency="KWD", status="Canceled")),
        ("totals", ["Grand Total", "", "USD", "99.00", "", ""]),
    ],
    [("report_total", tiktok_row(IDS[0], "10.00")), ("report_total", tiktok_row(IDS[7], "19.00"))],
]
SHOPIFY = [
    [
        ("in_later_file", shopify_row(1, "10.00", IDS[0])),
        ("report_total", shopify_row(2, "11.00", IDS[1])),
        ("further_lines", ["#2", "", "", "", "", "", "11.00", ""]),
        ("cancelled_or_refunded", shopify_row(3, "14.00", IDS[2], cancelled="yes")),
        ("cancelled_or_refunded", shopify_row(8, "18.00", IDS[7], state="voided")),
        ("outside_period", shopify_row(4, "15.00", IDS[3], day=28)),
        ("report_total", shopify_row(5, "1600", IDS[4], currency="JPY")),
        ("report_total", shopify_row(6, "1.80", IDS[5], currency="EUR")),
        ("no_link", shopify_row(7, "20.00")),
        ("no_link", shopify_row(9, "2.000", currency="KWD")),
        ("totals", ["Total", "", "", "", "", "USD", "99.00", ""]),
        ("no_order_id", ["", "", "paid", "", "", "USD", "21.00", ""]),
    ],
    [("report_total", shopify_row(1, "10.00", IDS[0]))],
]


def files(head, parts):
    made = []
    for rows in parts:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([head, *(row for _, row in rows)])
        made.append(io.StringIO(text.getvalue()))
    return made


def matched(tiktok=TIKTOK, shopify=SHOPIFY):
    return match(
        read_tiktok_orders(files(TIKTOK_HEAD, tiktok), tz="UTC"),
        read_shopify_orders(files(SHOPIFY_HEAD, shopify)),
        period=("2026-10-01", "2026-10-20"),
    )


def amounts(frame):
    keys = zip(frame["side"], frame["currency"].astype("object").fillna(""), frame["line"], strict=True)
    return dict(zip(keys, frame["amount"], strict=True))


def less_one_unit(row, place):
    """Take the smallest unit of its currency from the amount of a row."""
    whole, _, part = row[place].partition(".")
    digits = str(int(whole + part) - 1).zfill(len(part) + 1)
    amount = f"{digits[: -len(part)]}.{digits[-len(part) :]}" if part else digits
    return [*row[:place], amount, *row[place + 1 :]]


CHANGES = [
    (side, part, place, line)
    for side, parts in (("TikTok", TIKTOK), ("Shopify", SHOPIFY))
    for part, rows in enumerate(parts)
    for place, (line, row) in enumerate(rows)
    if row[3 if side == "TikTok" else 6]
]


def test_tie_out__every_kind_of_row_has_its_line_and_all_add_up():
    result = matched()
    assert list(result.tie_out) == names(TIE_OUT)
    told = amounts(result.tie_out)
    wanted = {
        (side, currency, line)
        for side, parts, place in (("TikTok", TIKTOK, 2), ("Shopify", SHOPIFY, 5))
        for rows in parts
        for line, row in rows
        if (currency := row[place])
    }
    wanted.add(("Shopify", "USD", "further_lines"))  # the line leaves its currency blank
    assert {key for key in told if key[2] not in ("in_files", "report_total", "column_names")} <= wanted
    assert wanted <= set(told)
    assert not result.tie_out["line"].eq("unaccounted").any()
    assert told["TikTok", "USD", "in_files"] == 214.00
    assert told["TikTok", "USD", "report_total"] == 40.00
    assert told["Shopify", "EUR", "report_total"] == 1.80


@pytest.mark.parametrize(("side", "part", "place", "line"), CHANGES)
def test_tie_out__a_cent_less_changes_exactly_the_line_of_its_row(side, part, place, line):
    before = amounts(matched().tie_out)
    given = {"TikTok": TIKTOK, "Shopify": SHOPIFY}
    column = 3 if side == "TikTok" else 6
    rows = [list(each) for each in given[side]]
    rows[part][place] = (line, less_one_unit(rows[part][place][1], column))
    given[side] = rows
    after = amounts(matched(given["TikTok"], given["Shopify"]).tie_out)
    assert after.keys() == before.keys()
    changed = {key: round(after[key] - before[key], 4) for key in after if after[key] != before[key]}
    currency = next(iter(changed))[1]
    unit = {"JPY": 1, "KWD": 0.001}.get(currency, 0.01)
    assert changed == {
        (side, currency, "in_files"): -unit,
        (side, currency, line): -unit if line == "report_total" else unit,
    }


@pytest.mark.parametrize("period", [None, ("2026-08-20", "2026-09-19")])
def test_tie_out__closes_on_generated_exports(period):
    made = make(1_500, 5)
    tiktok, shopify = read_tiktok_orders(made.tiktok, tz="UTC"), read_shopify_orders(made.shopify)
    result = match(tiktok, shopify, made.refs, probable=True, period=period)
    table = result.tie_out
    assert not table["line"].eq("unaccounted").any()
    # The reader's own way to the amount is not asked: the column of the file is added up.
    column = pd.read_csv(io.StringIO(made.tiktok.getvalue()))
    in_file = column.groupby("Currency")["Order Amount"].agg(["size", "sum"]).round(3)
    told = table[table["side"].eq("TikTok") & table["line"].eq("in_files")].set_index("currency")
    assert told["rows"].to_dict() == in_file["size"].to_dict()
    assert told["amount"].to_dict() == pytest.approx(in_file["sum"].to_dict(), abs=1e-6)
    totals = result.orders.groupby(result.orders["currency"].str.split("/").str[0])["tiktok_counted"].sum()
    report = table[table["side"].eq("TikTok") & table["line"].eq("report_total")].set_index("currency")
    assert report["amount"].to_dict() == pytest.approx(totals.to_dict(), abs=1e-6)


def test_tie_out__tells_of_orders_that_were_taken_away_after_reading():
    tiktok = read_tiktok_orders(files(TIKTOK_HEAD, TIKTOK), tz="UTC")
    result = match(tiktok[tiktok["order_id"] != IDS[7]], read_shopify_orders(files(SHOPIFY_HEAD, SHOPIFY)))
    gaps = result.tie_out[result.tie_out["line"].eq("unaccounted")]
    assert gaps[["side", "currency", "rows", "amount"]].to_numpy().tolist() == [["TikTok", "USD", -1, -19.0]]


def test_tie_out__of_an_own_frame_begins_with_its_orders():
    tiktok = pd.DataFrame({"order_id": IDS[:2], "amount": [5.0, 7.0]})
    shopify = pd.DataFrame({"name": ["#1"], "total": [5.0], "currency": ["USD"], "tiktok_order_id": IDS[:1]})
    result = match(tiktok, shopify)
    assert amounts(result.tie_out[result.tie_out["side"].eq("TikTok")]) == {
        ("TikTok", "USD", "given"): 12.0,
        ("TikTok", "USD", "report_total"): 12.0,
    }
    assert result.sources.empty


def test_tie_out__of_files_without_a_currency_is_in_that_of_their_pairs():
    tiktok = read_tiktok_orders(
        io.StringIO(f"Order ID,Order Amount\n{IDS[0]},5.00\n{IDS[1]},7.00\nTotal,12.00\n")
    )
    shopify = pd.DataFrame({"name": ["#1"], "total": [5.0], "currency": ["USD"], "tiktok_order_id": IDS[:1]})
    table = match(tiktok, shopify).tie_out
    assert amounts(table[table["side"].eq("TikTok")]) == {
        ("TikTok", "USD", "in_files"): 24.0,
        ("TikTok", "USD", "totals"): -12.0,
        ("TikTok", "USD", "report_total"): 12.0,
    }


def test_tie_out__moves_orders_to_the_currencies_that_their_pairs_tell():
    tiktok = read_tiktok_orders(io.StringIO(f"Order ID,Order Amount\n{IDS[0]},5.00\n{IDS[1]},700\n"))
    shopify = pd.DataFrame(
        {"name": ["#1", "#2"], "total": [5.0, 700], "currency": ["USD", "JPY"], "tiktok_order_id": IDS[:2]}
    )
    table = match(tiktok, shopify).tie_out
    assert amounts(table[table["side"].eq("TikTok")]) == {
        ("TikTok", "", "in_files"): 705.0,
        ("TikTok", "", "assumed_currency"): -705.0,
        ("TikTok", "", "report_total"): 0.0,
        ("TikTok", "JPY", "assumed_currency"): 700.0,
        ("TikTok", "JPY", "report_total"): 700.0,
        ("TikTok", "USD", "assumed_currency"): 5.0,
        ("TikTok", "USD", "report_total"): 5.0,
    }


def test_sources__name_every_file_with_its_digest_and_its_dates(tmp_path):
    path = tmp_path / "tiktok.csv"
    path.write_text(files(TIKTOK_HEAD, TIKTOK[1:])[0].getvalue())
    result = match(read_tiktok_orders(path), read_shopify_orders(files(SHOPIFY_HEAD, SHOPIFY)))
    assert list(result.sources) == names(SOURCES)
    assert result.sources["input"].tolist() == ["TikTok", "Shopify", "Shopify"]
    first = result.sources.iloc[0]
    assert first["file"] == "tiktok.csv"
    assert first["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (first["oldest"], first["newest"]) == ("2026-10-10 12:00:00", "2026-10-10 12:00:00")


def test_tie_out__of_files_without_a_currency_is_in_the_given_one():
    tiktok = read_tiktok_orders(
        io.StringIO(f"Order ID,Order Amount\n{IDS[0]},5.00\n{IDS[0]},5.00\n"), currency="EUR"
    )
    shopify = read_shopify_orders(
        io.StringIO(f"Name,Total,Tags\n#1,5.00,TikTokOrderID:{IDS[0]}\n"), currency="EUR"
    )
    told = match(tiktok, shopify).tie_out
    assert told["currency"].tolist() == ["EUR"] * 5
    assert not told["line"].isin(["assumed_currency", "unaccounted"]).any()


SETTLEMENT_HEAD = [
    *("Order/adjustment ID", "Related order ID", "Type", "Order settled time", "Currency"),
    "Total settlement amount",
]


def settled_row(order_id, amount, *, related="", kind="Order", currency="USD", day=12):
    return [order_id, related, kind, f"2026-10-{day:02d}", currency, amount]


SETTLEMENT = [
    [
        ("report_total", settled_row(IDS[1], "8.00")),
        ("report_total", settled_row(IDS[1], "-1.00", kind="Refund")),
        ("report_total", settled_row(IDS[0], "9.00")),
        ("in_later_file", settled_row(IDS[7], "15.00")),
        ("outside_period", settled_row(IDS[3], "13.00", day=30)),
        ("report_total", settled_row(IDS[4], "1400", currency="JPY")),
        ("report_total", settled_row("7110000000000000001", "-50", related=IDS[4], currency="JPY")),
        ("report_total", settled_row(IDS[5], "1.500", currency="KWD")),
        ("only_settlement", settled_row("577999999999999999", "33.00")),
        ("no_order_id", settled_row("", "-4.00", kind="Logistics")),
        ("totals", ["Total", "", "", "", "USD", "999.00"]),
    ],
    [
        ("report_total", settled_row(IDS[7], "15.00")),
        ("report_total", settled_row(IDS[7], "2.00", kind="Subsidy")),
    ],
]


def with_settlement(parts=SETTLEMENT):
    return match(
        read_tiktok_orders(files(TIKTOK_HEAD, TIKTOK), tz="UTC"),
        read_shopify_orders(files(SHOPIFY_HEAD, SHOPIFY)),
        settlement=read_tiktok_settlement(files(SETTLEMENT_HEAD, parts)),
        period=("2026-10-01", "2026-10-20"),
    )


def test_settlement__every_kind_of_row_has_its_line_and_all_add_up():
    result = with_settlement()
    told = {key[1:]: amount for key, amount in amounts(result.tie_out).items() if key[0] == "Settlement"}
    assert told == {
        ("USD", "in_files"): 1089.0,
        ("USD", "totals"): -999.0,
        ("USD", "no_order_id"): 4.0,
        ("USD", "added_lines"): 0.0,
        ("USD", "in_later_file"): -15.0,
        ("USD", "outside_period"): -13.0,
        ("USD", "only_settlement"): -33.0,
        ("USD", "report_total"): 33.0,
        ("JPY", "in_files"): 1350.0,
        ("JPY", "added_lines"): 0.0,
        ("JPY", "report_total"): 1350.0,
        ("KWD", "in_files"): 1.5,
        ("KWD", "report_total"): 1.5,
    }
    usd = result.orders[result.orders["settled_currency"] == "USD"]
    assert usd["settled_counted"].sum() == told["USD", "report_total"]
    rows = result.tie_out[result.tie_out["side"] == "Settlement"].groupby("currency")["rows"]
    assert (rows.sum() - 2 * rows.last() == 0).all()  # lines that add up, and their total


@pytest.mark.parametrize(
    ("part", "place", "line"),
    [(part, place, line) for part, rows in enumerate(SETTLEMENT) for place, (line, _) in enumerate(rows)],
)
def test_settlement__a_cent_less_changes_exactly_the_line_of_its_row(part, place, line):
    before = amounts(with_settlement().tie_out)
    rows = [list(each) for each in SETTLEMENT]
    row = rows[part][place][1]
    if line == "in_later_file" or (part, place) == (1, 0):  # a row that stands in both files, and stays so
        for where in ((0, 3), (1, 0)):
            rows[where[0]][where[1]] = (line, less_one_unit(row, 5))
    else:
        rows[part][place] = (line, less_one_unit(row, 5))
    after = amounts(with_settlement(rows).tie_out)
    assert after.keys() == before.keys()
    changed = {key[1:]: round(after[key] - before[key], 4) for key in after if after[key] != before[key]}
    currency = row[4]
    unit = {"JPY": 1, "KWD": 0.001}.get(currency, 0.01)
    if line == "in_later_file" or (part, place) == (1, 0):
        assert changed == {
            (currency, "in_files"): -2 * unit,
            (currency, "in_later_file"): unit,
            (currency, "report_total"): -unit,
        }
    else:
        assert changed == {
            (currency, "in_files"): -unit,
            (currency, line): -unit if line == "report_total" else unit,
        }


def test_settlement__that_lost_an_order_after_reading_does_not_tie():
    tiktok, shopify = (
        read_tiktok_orders(files(TIKTOK_HEAD, TIKTOK), tz="UTC"),
        read_shopify_orders(files(SHOPIFY_HEAD, SHOPIFY)),
    )
    settlement = read_tiktok_settlement(files(SETTLEMENT_HEAD, SETTLEMENT))
    settlement = settlement[settlement["order_id"] != IDS[0]]
    result = match(tiktok, shopify, settlement=settlement)
    gap = result.tie_out[result.tie_out["line"] == "unaccounted"]
    assert gap[["side", "currency", "rows", "amount"]].to_numpy().tolist() == [
        ["Settlement", "USD", -1, -9.0]
    ]
    assert "The Settlement total in USD does not tie to its files" in repr(result)


def test_settlement__of_a_table_begins_with_its_orders():
    settlement = pd.DataFrame(
        {
            "order_id": [IDS[1], None, "577999999999999999", IDS[4]],
            "settled_amount": [8.0, -2.5, 3.0, None],
            "currency": "USD",
        }
    )
    orders = pd.DataFrame({"order_id": IDS[:5], "amount": 9.0, "currency": "USD"})
    result = match(orders, pd.DataFrame({"name": ["#1"]}), settlement=settlement)
    told = {key[2]: amount for key, amount in amounts(result.tie_out).items() if key[0] == "Settlement"}
    assert told == {
        "given": 8.5,
        "without_amount": 0.0,
        "only_settlement": -3.0,
        "adjustment": 2.5,
        "report_total": 8.0,
    }
