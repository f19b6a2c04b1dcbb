"""Mutated samples of the exports, through the three readers and `match`."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter
from fuzz import oracle
from fuzz.checks import Wrong, check_any_result, compare_with_oracle, none_if_missing
from fuzz.known import tries

import ttsframe as tts
from ttsframe.columns import SHOPIFY_ORDERS, TIKTOK_ORDERS

_FOLDER = Path(__file__).parents[1] / "data" / "exports"
_SAMPLES = {
    "tiktok": ["tiktok_us.csv", "tiktok_us_description_row.csv", "tiktok_th.csv", "tiktok_my_tab_rows.csv"],
    "shopify": ["shopify_tiktok.csv", "shopify_mangled.csv", "shopify_bulk.jsonl"],
    "settlement": ["settlement_en.csv"],
}
_READERS = {
    "tiktok": tts.read_tiktok_orders,
    "shopify": tts.read_shopify_orders,
    "settlement": tts.read_tiktok_settlement,
}
_CELLS = ["XFD1", "A0", "A1", "1", "", "C3", "D500"]
_FAR_CELLS = ["XFD1048576", "A1048576", "ZZZZ9", "B99999999999"]
_ID = re.compile("[0-9]{1,20}")
_PIECES = [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b'"', b'""', b"'", b"\t", b";", b",", b"\r", b"\n", b"\r\n", b"\n\n", b"-", b"/",
           b"=", b"nan", b"NaN", b"inf", b"1e999", b"5.80194E+17", "٣".encode(), "²".encode(), "５".encode(), b"9" * 25, b"9" * 500,
           b"BRL 35,91", b"25,90 EUR", b"1.234", b"1,234.50", b"-5", b"(5)", b"JPY", b"31/12/2026", b"13/13/2026", b"0000-00-00",
           b"9999-12-31 23:59:59", b"12:00 PM", b"TikTokOrderID:580194009000000101", b"Order ID", b"Name", b"{", b"}", b"null", b"[]", b"\\ud800", b"\xe9", b"\x80", b"#1001"]  # fmt: skip


def attempt(rng, folder):
    """Read a mutated file of each kind; match what can be read."""
    frames, outcomes = {}, Counter()
    for kind, reader in _READERS.items():
        content = _mutated(rng, _sample(rng, kind))
        source = io.BytesIO(content)
        if rng.random() < 0.5:
            suffix = "xlsx" if content[:2] == b"PK" else "jsonl" if content[:1] == b"{" else "csv"
            source = folder / f"{kind}.{suffix}"
            source.write_bytes(content)
        try:
            frames[kind] = reader(source)
        except tts.TtsframeError:
            outcomes["refused"] += 1
            continue
        _CHECKS[kind](frames[kind])
        outcomes["right"] += 1
    if "tiktok" in frames and "shopify" in frames:
        _match(frames)
    return len(_READERS), outcomes


def _match(frames):
    settlement = frames.get("settlement")
    result = tts.match(frames["tiktok"], frames["shopify"], settlement=settlement)
    check_any_result(result, frames["tiktok"]["order_id"].dropna())
    tiktok, shopify = _tiktok_rows(frames["tiktok"]), _shopify_rows(frames["shopify"])
    if _whole(tiktok, shopify):
        compare_with_oracle(result, oracle.reconcile(tiktok, shopify))
    if settlement is not None:
        paid = dict(zip(settlement["order_id"], settlement["settled_amount"], strict=True))
        for order_id, amount in zip(result.orders["order_id"], result.orders["settled_amount"], strict=True):
            want = (
                none_if_missing(paid.get(order_id)) if order_id in set(frames["tiktok"]["order_id"]) else None
            )
            if want is not None and abs(want) < 1e9 and none_if_missing(amount) is not None:
                if abs(want - amount) > 0.006:
                    raise Wrong(f"a payout is booked on another order: {order_id} has {amount}, not {want}")
            elif (none_if_missing(amount) is None) != (want is None):
                raise Wrong(f"a payout is booked on another order: {order_id} has {amount}, not {want}")


def _whole(tiktok, shopify):
    """Whether every amount is a whole number of minor units, and small enough for a float to hold."""
    values = [(row[name], row["currency"]) for row in tiktok for name in ("amount", "refunded", "discount")]
    values += [(row[name], row["currency"]) for row in shopify for name in ("total", "refunded")]
    currencies = {oracle.digits_of(currency) for _, currency in values}
    return len(currencies) <= 1 and all(
        amount is None or (abs(amount) < 10**9 and amount == round(amount, oracle.digits_of(currency)))
        for amount, currency in values
    )


def _money(value):
    value = none_if_missing(value)
    return None if value is None else Decimal(repr(float(value)))


def _tiktok_rows(frame):
    rows = []
    for row in frame.astype("object").to_dict("records"):
        row = {name: none_if_missing(value) for name, value in row.items()}
        bad = None
        if not _ID.fullmatch(row["order_id"] or ""):
            bad = "too_long" if re.fullmatch("[0-9]{21,}", row["order_id"] or "") else "not_digits"
        refunded = _money(row["refunded"])
        unpaid = row["paid_at"] is None and not (refunded or 0) > 0
        rows.append({**row, "bad": bad, "amount": _money(row["amount"]), "refunded": refunded, "unpaid": unpaid,
                     "discount": _money(row["platform_discount"]), "created": row["created_at"]})  # fmt: skip
    return rows


def _shopify_rows(frame):
    rows = []
    for row in frame.astype("object").to_dict("records"):
        row = {name: none_if_missing(value) for name, value in row.items()}
        marks = [tuple(mark.split(":", 1)) for mark in (row["tiktok_marks"] or "").split("; ") if mark]
        if len(marks) < 2:
            marks = [(row["tiktok_order_id_from"], row["tiktok_order_id"])] if row["tiktok_order_id"] else []
        rows.append({**row, "marks": marks, "total": _money(row["total"]), "refunded": _money(row["refunded"]),
                     "created": row["created_at"]})  # fmt: skip
    return rows


def _check_tiktok(frame):
    _unique(frame["order_id"])
    for text in frame["order_id"]:
        if text.isdecimal() and not text.isascii():
            continue  # kept as given: `match` says that it is no order id
        if text.isdigit() and not _ID.fullmatch(text) and len(text) <= 20 and text.isascii():
            raise Wrong(f"an order id is not ASCII digits: {text!r}")
    _finite(frame, [column.name for column in TIKTOK_ORDERS if column.type == "money"])
    if (frame[[name for name in frame if name.endswith("discount")]] < 0).any(axis=None):
        raise Wrong("a discount is negative")
    if frame["cancelled"].dtype != bool:
        raise Wrong("cancelled is not a flag")


def _check_shopify(frame):
    _unique(frame["shopify_id"].dropna())
    for name in ("shopify_id", "tiktok_order_id"):
        odd = [text for text in frame[name].dropna() if not _ID.fullmatch(text)]
        if odd:
            raise Wrong(f"{name} is not ASCII digits: {odd[:3]}")
    if frame[["shopify_id", "name"]].isna().all(axis=1).any():
        raise Wrong("a Shopify order has neither id nor name")
    if (frame["tiktok_order_id"].notna() & ~frame["from_tiktok"]).any():
        raise Wrong("an order that names a TikTok order is not from TikTok")
    _finite(frame, [column.name for column in SHOPIFY_ORDERS if column.type == "money"])


def _check_settlement(frame):
    _unique(frame["order_id"])
    _finite(frame, ["settled_amount"])


def _unique(ids):
    if ids.duplicated().any():
        raise Wrong("a reader returns an order twice")


def _finite(frame, names):
    for name in names:
        if name in frame and np.isinf(frame[name].to_numpy(dtype=float)).any():
            raise Wrong(f"a reader returns an infinite {name}")


_CHECKS = {"tiktok": _check_tiktok, "shopify": _check_shopify, "settlement": _check_settlement}
_READ = {}


def _sample(rng, kind):
    """The bytes of a sample: a text, or a workbook of a table's cells."""
    name = rng.choice(_SAMPLES[kind])
    form = rng.choice(["csv", "csv", "csv", "xlsx"])
    if (name, form) not in _READ:
        content = (_FOLDER / name).read_bytes()
        _READ[name, form] = _workbook(content) if form == "xlsx" and name.endswith("csv") else content
    return _READ[name, form]


def _workbook(content):
    cells = pd.read_csv(io.BytesIO(content), header=None, dtype=str, keep_default_na=False, names=range(25))
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as workbook:
        sheet = workbook.add_worksheet("OrderSKUList")
        for row, values in enumerate(cells.itertuples(index=False)):
            for column, value in enumerate(values):
                if value and value == value:  # noqa: PLR0124
                    sheet.write_string(row, column, value)
    return book.getvalue()


def _mutated(rng, content):
    if rng.random() < 0.05:
        return content
    return _mutated_workbook(rng, content) if content[:2] == b"PK" else _mutated_text(rng, content)


def _piece(rng):
    piece = rng.choice(_PIECES)
    left_out = (not piece.isascii() and not tries("other_digits")) or (
        len(piece) >= 25 and not tries("long_ids")
    )
    return b"x" if left_out else piece


def _mutated_text(rng, content):
    for _ in range(rng.choice([1, 1, 2, 4, 8])):
        choice = rng.random()
        place = rng.randrange(len(content) + 1)
        if choice < 0.2:
            content = content[:place] + rng.randbytes(1) + content[place + 1 :]
        elif choice < 0.55:
            content = content[:place] + _piece(rng) + content[place + rng.choice([0, 0, 1, 5]) :]
        elif choice < 0.65:
            cells = content.split(b",")
            cells[rng.randrange(len(cells))] = _piece(rng)
            content = b",".join(cells)
        elif choice < 0.72:
            content = content[:place] if rng.random() < 0.5 else content[place:]
        elif choice < 0.84:
            lines = content.splitlines(keepends=True) or [b""]
            moved = lines.pop(rng.randrange(len(lines)))
            lines[rng.randrange(len(lines) + 1) : 0] = [moved] * rng.choice([0, 1, 2])
            content = b"".join(lines)
        elif choice < 0.88:
            content = content.replace(b",", rng.choice([b";", b"\t", b"|", b", "]))
        elif choice < 0.92:
            content = content.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n"]))
        elif choice < 0.97:
            encoding = rng.choice(
                ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252", "cp874", "utf-32"]
            )
            content = content.decode(errors="replace").encode(encoding, errors="replace")
        else:
            content += content
    return content


def _mutated_workbook(rng, content):
    if rng.random() < 0.2:
        place = rng.randrange(len(content))
        return rng.choice([content[:place], content[:place] + rng.randbytes(2) + content[place + 2 :]])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    for _ in range(rng.choice([1, 1, 2])):
        name = rng.choice([sheet, sheet, sheet, "xl/sharedStrings.xml", *members])
        text = members.get(name, b"")
        choice = rng.random()
        if choice < 0.25:
            members.pop(name, None)
        elif choice < 0.5:
            cell = rng.choice(_CELLS + _FAR_CELLS * tries("far_cells"))
            members[name] = re.sub(
                rb'r="([A-Z]+[0-9]+)"', f'r="{cell}"'.encode(), text, count=rng.choice([1, 1, 0])
            )
        elif choice < 0.6:
            members[name] = re.sub(b'<dimension ref="[^"]*"', rng.choice([b'<dimension ref="A1"', b'<dimension ref="A1:XFD1048576"', b"<dimension"]), text)  # fmt: skip
        elif choice < 0.75:
            members[name] = re.sub(rb"<v>[^<]*</v>", b"<v>" + rng.choice([b"-1", b"999999", b"1e999", b"", b"nan", b"5.80194E+17", b"45000.5", b"580194009000000101"]) + b"</v>", text, count=rng.choice([1, 3, 0]))  # fmt: skip
        elif choice < 0.85:
            members[name] = text.replace(b't="s"', rng.choice([b't="n"', b't="b"', b't="e"', b't="d"', b't="str"', b't="inlineStr"', b""]))  # fmt: skip
        elif text:
            place = rng.randrange(len(text))
            members[name] = text[:place] + rng.choice([_piece(rng), b"<", b"&amp;", b"&#0;", b"&x;"]) + text[place + rng.choice([0, 1, 20]) :]  # fmt: skip
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return book.getvalue()
