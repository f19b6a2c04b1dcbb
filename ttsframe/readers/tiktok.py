"""Seller Center order exports → one row per order."""

from __future__ import annotations

import itertools
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ttsframe import columns as words
from ttsframe import ids
from ttsframe.errors import InputError
from ttsframe.readers import dates, detect, grouping, headers, money, tables
from ttsframe.readers.counted import count_rows, in_currency
from ttsframe.readers.notes import unreadable, with_notes
from ttsframe.readers.shapes import data_rows, not_totals, trimmed
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ttsframe.readers.counted import Counted
    from ttsframe.readers.dates import DateOrder
    from ttsframe.readers.shapes import Cells, Table

_TIMES = ("created_at", "paid_at", "cancelled_at")
# A file writes these on every line of an order.
_ORDER_AMOUNTS: dict[str, tuple[str, ...]] = {
    "amount": ("amount",),
    "refunded": ("refunded",),
    "shipping_platform_discount": ("shipping_platform_discount", "shipping_cofunded_discount"),
    "payment_platform_discount": ("payment_platform_discount",),
    "shipping_fee": ("shipping_fee",),
    "taxes": ("taxes",),
    "other_fees": (
        "retail_delivery_fee",
        "buyer_service_fee",
        "handling_fee",
        "shipping_insurance",
        "item_insurance",
    ),
}
# These are of one line.
_LINE_AMOUNTS = ("platform_discount", "seller_discount")
# Some markets write them as negative amounts.
_DISCOUNTS = frozenset(
    {*_LINE_AMOUNTS, *_ORDER_AMOUNTS["shipping_platform_discount"], "payment_platform_discount"}
)

# Fewer made-up ids beside order statuses are an example of an export, such as tutorials have.
_LEAST_IDS_TO_REFUSE = 10

CANCELLED_WORDS: frozenset[str] = frozenset(
    {
        *("canceled", "cancelled", "order canceled", "order cancelled"),
        *("dibatalkan", "batal", "pesanan dibatalkan"),
        *("ยกเลิกแล้ว", "ยกเลิก", "ยกเลิกคำสั่งซื้อ", "คำสั่งซื้อถูกยกเลิก", "ถูกยกเลิก"),
        *("đã hủy", "đã huỷ", "đơn hàng đã hủy", "đơn hàng đã huỷ"),
        *("cancelado", "cancelada", "pedido cancelado"),
        *("已取消", "订单已取消", "訂單已取消"),
        *(
            "storniert",
            "annulliert",
            "abgebrochen",
            "annulé",
            "annulée",
            "annullato",
            "annullata",
            "cancellato",
        ),
        *("anulowano", "anulowane", "geannuleerd", "iptal edildi", "kinansela", "nakansela"),
        *("キャンセル済み", "キャンセル", "キャンセルされました", "취소됨", "취소 완료", "취소"),
    }
)
"""Order statuses that say an order was cancelled, in the languages of the markets."""

ON_HOLD_WORDS: frozenset[str] = frozenset(
    {"on hold", "unpaid", "awaiting payment", "pending payment", "未支付"}
)
"""Order statuses and substatuses that say an order is not yet to be sent."""


class _Rows(NamedTuple):
    """The rows of one export that carry an order id."""

    codes: np.ndarray
    """For each row, the number of its order in order of first appearance."""
    ids: np.ndarray
    cells: dict[str, Cells]
    """The trimmed columns that the file has, by our names."""
    left_out: dict[str, Cells]
    """Of the rows that carry none: `amount`, `currency`, and why, as `line` of `columns.TIE_OUT_LINES`."""


def read_tiktok_orders(
    paths: Any,  # noqa: ANN401
    *,
    tz: str | None = None,
    date_order: DateOrder | None = None,
    columns: Mapping[str, str] | None = None,
    currency: str | None = None,
) -> pd.DataFrame:
    r"""Read TikTok Shop order exports of Seller Center.

    Parameters
    ----------
    paths
        A path, a glob, a file object (text or binary), or several of them; CSV or XLSX. An
        existing file wins over a glob. Where files overlap, the later file's order stands.
    tz
        The time zone that the exports are written in, as ``America/New_York``: times become
        UTC. Without it they stay as they are written, without zone.
    date_order
        ``dmy`` or ``mdy``, where the dates of a file do not settle it.
    columns
        The files' own headers for known ones, as ``{"Order number": "Order ID"}``.
    currency
        The currency of orders that name none, such as ``EUR``; where a file names one, that stands.

    Returns
    -------
    pandas.DataFrame
        One row per order, in order of first appearance, with the columns of
        `ttsframe.columns.TIKTOK_ORDERS`. An id that is not a run of digits is kept as given; rows
        whose id a spreadsheet has rounded are left out. What was decided, dropped or guessed
        stands in ``frame.attrs["notes"]``.

    Raises
    ------
    InputError
        If a file is missing, unreadable, or of another kind, lacks a column that `columns` names, or
        every id in it has lost its last digits.

    Examples
    --------
    >>> import io
    >>> import ttsframe as tts
    >>> file = io.StringIO("Order ID,Order Status,Order Amount\n577092126219211281,Completed,25.90\n")
    >>> orders = tts.read_tiktok_orders(file)
    >>> orders[["order_id", "status", "cancelled", "amount"]]
                 order_id     status  cancelled  amount
    0  577092126219211281  Completed      False    25.9
    >>> print(*orders.attrs["notes"])
    file 1: 1 row, 1 order.
    """
    if tz is not None:
        try:
            pd.Timestamp("2024-01-01").tz_localize(tz)
        except Exception:  # noqa: BLE001 (pandas hands on what the zone library of the day raises)
            message = f"there is no time zone {tz!r}: give one as 'America/New_York' or 'UTC'."
            raise InputError(message, parameter="tz") from None
    given = money.checked_currency(currency)
    counts: list[Counted] = []
    every, notes, sources = tables.read_each(
        paths,
        lambda table: _read_table(table, tz, date_order, given, counts),
        columns=columns,
        fields=headers.TIKTOK_FIELDS,
    )
    orders = grouping.last_file_wins(every, every["order_id"], "amount", notes, counts)
    orders["currency"] = money.named_or(
        orders["currency"].to_numpy(dtype=object), given, "TikTok order", notes
    )
    frame = words.conform(_zoned(orders, tz, notes), words.TIKTOK_ORDERS)
    return with_notes(frame, notes, sources, in_currency(counts, given))


def _read_table(
    table: Table, tz: str | None, date_order: str | None, currency: str | None, counts: list[Counted]
) -> tuple[pd.DataFrame, list[Note]]:
    notes = list(table.notes)
    detect.refuse_other_types(table.name, table.header, detect.TIKTOK_ORDERS)
    detect.require_columns(table.name, table.header, {"Order ID": ids.ORDER_ID_NAMES}, "tiktok")
    rows = _read_rows(table, notes)
    count = len(rows.ids)
    notes.insert(
        0, Note("count", f"{table.name}: {counted(len(rows.codes), 'row')}, {counted(count, 'order')}.")
    )
    out: dict[str, Any] = {"order_id": rows.ids}
    out |= _times(table.name, rows, tz, date_order, notes)
    out |= _money(table.name, rows, currency, notes, counts)
    statuses = _column(rows, "status" if "status" in rows.cells else "substatus")
    if "status" not in rows.cells and "substatus" in rows.cells:
        notes.append(Note("decision", f"{table.name} has no column Order Status: Order Substatus was taken."))
    out["status"] = grouping.joined(rows.codes, statuses, count)
    out["cancelled"] = _cancelled(rows, statuses)
    out |= _facts(rows, out)
    out["quantity"] = _quantities(table.name, rows, notes)
    out["skus"] = grouping.joined(rows.codes, _column(rows, "sku"), count)
    return pd.DataFrame(out).assign(source_file=table.name), notes


def _read_rows(table: Table, notes: list[Note]) -> _Rows:
    places = headers.locate(table.header, headers.TIKTOK_FIELDS)
    raw = dict(zip(places, table.columns(list(places.values())), strict=True))
    cells = {field: trimmed(column, without_dashes=True) for field, column in raw.items()}
    keep = data_rows(cells["order_id"])
    if dropped := int((~keep).sum()):
        names = counted(dropped, "row")
        note = f"{table.name}: {names} of column names or their descriptions left out."
        notes.append(Note("left_out", note))
    is_total = ~not_totals(table.name, cells["order_id"], notes)
    line = np.select([~keep, is_total], ["column_names", "totals"], "").astype(object)
    keep &= ~is_total & np.logical_or.reduce([column.astype(bool) for column in cells.values()])
    order_ids, usable, more = ids.clean_export(table.name, cells["order_id"][keep])
    notes += more
    line[np.flatnonzero(keep)[~usable]] = "no_order_id"
    lost = line.astype(bool)
    left_out = {field: _or_blank(cells, field, len(line))[lost] for field in ("amount", "currency")}
    cells = {field: column[keep][usable] for field, column in cells.items()}
    codes, distinct = pd.factorize(order_ids[usable])
    example = "status" in cells and len(distinct) < _LEAST_IDS_TO_REFUSE
    if len(distinct) and not (example or ids.is_order_id(pd.Series(distinct, dtype=words.TEXT_DTYPE)).any()):
        column = table.header[places["order_id"]]
        raise InputError(
            f"{table.name}: its column {column} has {counted(len(codes), 'row')} and no order id, which is "
            "1 to 20 digits. Is another column the one of the order ids?"
        )
    if not len(distinct):
        notes.append(Note("warning", f"{table.name} holds no orders."))
    return _Rows(codes, distinct, cells, left_out | {"line": line[lost]})


def _column(rows: _Rows, field: str) -> Cells:
    return _or_blank(rows.cells, field, len(rows.codes))


def _or_blank(cells: dict[str, Cells], field: str, count: int) -> Cells:
    return cells.get(field, np.full(count, "", dtype=object))


def _times(
    name: str, rows: _Rows, tz: str | None, date_order: str | None, notes: list[Note]
) -> dict[str, np.ndarray]:
    there = [field for field in _TIMES if field in rows.cells]
    guess = dates.guess_date_order(name, [rows.cells[field] for field in there], date_order)
    notes += dates.date_order_note(name, guess)
    read = {field: dates.read_times(_column(rows, field), guess.order) for field in _TIMES}
    with_offset = sum(int((~np.isnan(times.offset_minutes)).sum()) for times in read.values())
    if with_offset and tz is None:
        notes.append(
            Note(
                "warning",
                f"{name}: {counted(with_offset, 'time')} with an offset from UTC, which was left out. "
                "Set the time zone to get times in UTC.",
            )
        )
    notes += unreadable(name, [times.unread for times in read.values()], "time")
    return {
        field: grouping.first_of(
            rows.codes, times.local if tz is None else dates.to_utc(times, tz), len(rows.ids)
        )
        for field, times in read.items()
    }


def _money(
    name: str, rows: _Rows, currency: str | None, notes: list[Note], counts: list[Counted]
) -> dict[str, np.ndarray]:
    fields = [*itertools.chain(*_ORDER_AMOUNTS.values()), *_LINE_AMOUNTS]
    there = [field for field in fields if field in rows.cells]
    currencies = _column(rows, "currency")
    currencies = np.where(currencies == "", currency or "", currencies)
    sign = money.decimal_sign([rows.cells[field] for field in there], currencies=currencies)
    notes += [] if sign else money.thousands_note(name, [rows.cells[field] for field in there])
    read = {field: money.read_money(rows.cells[field], decimal=sign) for field in there}
    amounts = {
        field: np.abs(column.amounts) if field in _DISCOUNTS else column.amounts
        for field, column in read.items()
    }
    orders, blank = len(rows.ids), np.full(len(rows.codes), np.nan)
    out = {field: grouping.sums(rows.codes, amounts.get(field, blank), orders) for field in _LINE_AMOUNTS}
    for field, parts in _ORDER_AMOUNTS.items():
        values = grouping.added([amounts.get(part, blank) for part in parts])
        out[field] = grouping.first_of(rows.codes, values, orders)
        count = grouping.disagreeing(rows.codes, values, out[field])
        told = f"{name}: {counted(count, 'order')} with several values of {field}; the first was taken."
        notes += [Note("warning", told)] if count else []
    notes += unreadable(name, [column.unread for column in read.values()], "amount")
    if "amount" not in rows.cells:
        notes.append(Note("warning", f"{name} has no column Order Amount: amounts are missing."))
    if "refunded" in rows.cells:
        out["refunded"] = np.nan_to_num(out["refunded"], nan=0.0)
    out["currency"] = _currencies(name, rows, read, notes)
    amount = amounts.get("amount", blank)
    line = np.where(grouping.own_rows(rows.codes, amount, orders), "in_frame", "further_lines")
    lost = money.read_money(rows.left_out["amount"], decimal=sign)
    lost_in = np.where(rows.left_out["currency"].astype(bool), rows.left_out["currency"], lost.currencies)
    counts += count_rows(
        name,
        np.concatenate([line, rows.left_out["line"]]),
        np.concatenate([out["currency"][rows.codes], lost_in]),
        np.concatenate([amount, lost.amounts]),
    )
    return out


def _currencies(name: str, rows: _Rows, read: Mapping[str, money.Money], notes: list[Note]) -> np.ndarray:
    named = grouping.as_cells([text.upper() for text in _column(rows, "currency").tolist()])
    for column in read.values():
        named = np.where(pd.isna(named), column.currencies, named)
    currencies = grouping.first_of(rows.codes, named, len(rows.ids))
    several = sorted(set(currencies[pd.notna(currencies)].tolist()))
    if len(several) > 1:
        notes.append(Note("warning", f"{name} holds amounts in {', '.join(several)}."))
    return currencies


def _cancelled(rows: _Rows, texts: Cells) -> np.ndarray:
    """An order is cancelled when the status of a row says so and no row has another status."""
    said = _rows_where(texts, CANCELLED_WORDS.__contains__) | _column(rows, "cancelled_at").astype(bool)
    otherwise = ~said & texts.astype(bool)
    cancelled: np.ndarray = _orders_with(rows, said) & ~_orders_with(rows, otherwise)
    return cancelled


def _facts(rows: _Rows, out: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Tell of each order what may have kept it from Shopify."""
    held = np.logical_or.reduce(
        [_rows_where(_column(rows, field), ON_HOLD_WORDS.__contains__) for field in ("status", "substatus")]
    )
    # What TikTok paid for in full has a price, though the buyer paid nothing.
    paid_by_tiktok = (out["platform_discount"] > 0) | (out["payment_platform_discount"] > 0)
    return {
        "fulfilled_by_tiktok": _orders_with(
            rows, _rows_where(_column(rows, "fulfillment"), lambda text: "tiktok" in text)
        ),
        "sample": (out["amount"] == 0) & ~out["cancelled"] & ~paid_by_tiktok,
        "on_hold": _orders_with(rows, held) & ~out["cancelled"],
    }


def _rows_where(texts: Cells, says: Callable[[str], bool]) -> np.ndarray:
    """Tell the rows whose text, in lower case and with blanks for underscores, says it."""
    codes, distinct = pd.factorize(texts)
    words = [unicodedata.normalize("NFC", text).casefold().replace("_", " ") for text in distinct.tolist()]
    said: np.ndarray = np.array([says(word) for word in words], dtype=bool)[codes]
    return said


def _orders_with(rows: _Rows, said: np.ndarray) -> np.ndarray:
    """Tell the orders of which a row is among those."""
    some: np.ndarray = np.bincount(rows.codes[said], minlength=len(rows.ids)) > 0
    return some


def _quantities(name: str, rows: _Rows, notes: list[Note]) -> pd.Series:
    read = money.read_money(_column(rows, "quantity"), decimal=None)
    notes += unreadable(name, [read.unread], "item count")
    whole = np.round(grouping.sums(rows.codes, read.amounts, len(rows.ids)))
    return pd.Series(np.where(np.abs(whole) <= ids.FLOAT_EXACT_UP_TO, whole, np.nan)).astype("Int64")


def _zoned(orders: pd.DataFrame, tz: str | None, notes: list[Note]) -> dict[str, Any]:
    """Return the columns, their times in UTC where the zone is known."""
    out: dict[str, Any] = {str(name): orders[name] for name in orders.columns}
    if tz is None:
        return out
    for field in _TIMES:
        out[field] = out[field].dt.tz_localize("UTC")
    notes.append(Note("decision", f"Times without an offset were taken to be of {tz}; all are given in UTC."))
    return out
