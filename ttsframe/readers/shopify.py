"""Shopify order exports → one row per order, and the TikTok order ids written into them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ttsframe import columns as words
from ttsframe import ids
from ttsframe.readers import dates, detect, grouping, headers, money, tables
from ttsframe.readers.counted import count_rows, in_currency
from ttsframe.readers.embedded_ids import find_embedded_ids
from ttsframe.readers.notes import unreadable, with_notes
from ttsframe.readers.shapes import not_totals, trimmed
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ttsframe.readers.counted import Counted
    from ttsframe.readers.dates import DateOrder
    from ttsframe.readers.shapes import Cells, Table

_TIMES = ("created_at", "cancelled_at")
_AMOUNTS = ("total", "refunded", "taxes", "shipping", "discount")
_TEXTS = ("name", "financial_status", "fulfillment_status", "source", "tags")
# A continuation row may repeat these; anything else in a row makes it an order's own.
_ON_EVERY_ROW = frozenset({"name", "created_at", "email", "sku"})
# Sellers ship orders of every channel, so `Shipped by Seller` tells nothing.
_TIKTOK_TAG = re.compile(
    r"(?:^|,)\s*(?:tiktok[\s_-]*order[\s_-]*id|shipped by tiktok\s*(?:,|$))", re.IGNORECASE
)
# Of TikTok's own app in the US, of SKU IQ, and of CedCommerce.
_TIKTOK_DOMAINS = ("scs.tiktokw.us", "chat-seller-us.tiktok.com", "tiktok.com")


def read_shopify_orders(
    paths: Any,  # noqa: ANN401
    *,
    date_order: DateOrder | None = None,
    columns: Mapping[str, str] | None = None,
    currency: str | None = None,
) -> pd.DataFrame:
    r"""Read Shopify order exports.

    Parameters
    ----------
    paths
        A path, a glob, a file object (text or binary), or several of them; CSV, XLSX made of
        it, or the JSON lines of a GraphQL bulk operation on orders. An existing file wins over
        a glob. Where files overlap, the later file's order stands.
    date_order
        ``dmy`` or ``mdy``, for dates that a spreadsheet has rewritten. By default the file's
        dates settle it; where they do not, month first.
    columns
        The files' own headers for known ones, as ``{"Order number": "Name"}``.
    currency
        The currency of orders that name none, such as ``EUR``; where a file names one, that stands.

    Returns
    -------
    pandas.DataFrame
        One row per order, in order of first appearance, with the columns of
        `ttsframe.columns.SHOPIFY_ORDERS`. `shopify_id` is missing where a spreadsheet has
        rounded it; orders are then told apart by name. What was decided, dropped or guessed
        stands in ``frame.attrs["notes"]``.

    Raises
    ------
    InputError
        If a file is missing, unreadable or of another kind, has neither `Name` nor `Id`, or lacks a column
        that `columns` names.

    Notes
    -----
    Of a buyer's e-mail only the domain is looked at, and it is not kept.

    A bulk operation gives what its query asks for; the rest is missing. These fields of `orders` are
    read: `id`, `name`, `createdAt`, `cancelledAt`, `currencyCode`, `totalPriceSet`,
    `totalRefundedSet`, `totalTaxSet`, `totalShippingPriceSet`, `totalDiscountsSet` (each with
    `shopMoney`), `displayFinancialStatus`, `displayFulfillmentStatus`, `sourceName`,
    `sourceIdentifier`, `tags`, `note`, `customAttributes`, `email`, and `sku` of its `lineItems`.

    Examples
    --------
    >>> import io
    >>> import ttsframe as tts
    >>> file = io.StringIO("Name,Total,Tags\n#1001,25.90,TikTokOrderID:577092126219211281\n")
    >>> tts.read_shopify_orders(file)[["name", "total", "tiktok_order_id", "tiktok_order_id_from"]]
        name  total     tiktok_order_id tiktok_order_id_from
    0  #1001   25.9  577092126219211281                  tag
    """
    given = money.checked_currency(currency)
    counts: list[Counted] = []
    every, notes, sources = tables.read_each(
        paths,
        lambda table: _read_table(table, date_order, counts),
        columns=columns,
        fields=headers.SHOPIFY_FIELDS,
    )
    every["shopify_id"], keys = _keys(every["shopify_id"], every["name"])
    orders = grouping.last_file_wins(every, keys, "total", notes, counts)
    orders["currency"] = money.named_or(
        orders["currency"].to_numpy(dtype=object), given, "Shopify order", notes
    )
    data = {str(name): column for name, column in orders.items()}
    return with_notes(words.conform(data, words.SHOPIFY_ORDERS), notes, sources, in_currency(counts, given))


def _read_table(
    table: Table, date_order: str | None, counts: list[Counted]
) -> tuple[pd.DataFrame, list[Note]]:
    notes = list(table.notes)
    detect.refuse_other_types(table.name, table.header, detect.SHOPIFY_ORDERS)
    needed = (*headers.SHOPIFY_FIELDS["name"], *headers.SHOPIFY_FIELDS["shopify_id"])
    detect.require_columns(table.name, table.header, {"Name or Id": needed}, "shopify")
    cells, rows = _order_rows(table, notes)
    count = len(cells["name"])
    notes.insert(
        0, Note("count", f"{table.name}: {counted(len(rows.line), 'row')}, {counted(count, 'order')}.")
    )
    out: dict[str, Any] = {field: grouping.as_cells(cells[field].tolist()) for field in _TEXTS}
    out["shopify_id"] = cells["shopify_id"]
    out["skus"] = cells["sku"]
    out["currency"] = grouping.as_cells([text.upper() for text in cells["currency"].tolist()])
    out |= _times(table.name, cells, date_order, notes)
    out["cancelled"] = cells["cancelled_at"].astype(bool)
    out |= _money(table.name, cells, notes, rows, counts)
    out |= _embedded_ids(table.name, cells, notes)
    out["from_tiktok"] = _came_from_tiktok(cells) | pd.notna(out["tiktok_order_id"])
    return pd.DataFrame(out).assign(source_file=table.name), notes


class _Rows(NamedTuple):
    """All rows of a file."""

    line: np.ndarray
    """What becomes of each: `columns.TIE_OUT_LINES`."""
    total: Cells
    currency: Cells


def _order_rows(table: Table, notes: list[Note]) -> tuple[dict[str, Cells], _Rows]:
    """Return the cells of each order's own row, with all its SKUs, and what becomes of every row."""
    places = headers.locate(table.header, headers.SHOPIFY_FIELDS)
    raw = table.columns(list(places.values()))
    cells = {field: trimmed(column) for field, column in zip(places, raw, strict=True)}
    count = len(raw[0])
    blank = np.full(count, "", dtype=object)
    cells = {field: cells.get(field, blank) for field in headers.SHOPIFY_FIELDS}
    cells["shopify_id"] = _numeric_ids(table.name, cells["shopify_id"], notes)
    is_order = not_totals(table.name, cells["name"], notes) | pd.notna(cells["shopify_id"])
    every = _Rows(
        np.where(is_order, "further_lines", "totals").astype(object), cells["total"], cells["currency"].copy()
    )
    cells = {field: column[is_order] for field, column in cells.items()}
    own = [column.astype(bool) for field, column in cells.items() if field not in _ON_EVERY_ROW]
    own_row = np.logical_or.reduce(own)
    named = ids.objects(ids.normalize_order_name(pd.Series(cells["name"], dtype="object")))
    keep = _first_of_each(named, cells["shopify_id"], own_row)
    nameless = own_row & ~named.astype(bool) & pd.isna(cells["shopify_id"])
    every.line[is_order] = np.select([keep, nameless], ["in_frame", "no_order_id"], "further_lines")
    if lost := int(nameless.sum()):
        notes.append(
            Note("left_out", f"{table.name}: {counted(lost, 'row')} with neither Name nor Id left out.")
        )
    if not keep.any():
        notes.append(Note("warning", f"{table.name} holds no orders."))
    numbers = _order_of_each_row(named, cells["shopify_id"], keep)
    # A further line leaves blank what the order's own row tells.
    of_order = np.append(cells["currency"][keep], "")[numbers]
    every.currency[is_order] = np.where(cells["currency"].astype(bool), cells["currency"], of_order)
    skus = grouping.joined(numbers[numbers >= 0], cells["sku"][numbers >= 0], int(keep.sum()))
    return {**{field: column[keep] for field, column in cells.items()}, "sku": skus}, every


def _first_of_each(names: np.ndarray, numbers: Cells, own_row: np.ndarray) -> np.ndarray:
    """Choose one row per order: its first own row, or its first row where it has no own one."""
    keys = pd.Series(np.where(pd.isna(numbers), names, numbers), dtype="object")
    known = keys.astype(bool).to_numpy()
    first_own = own_row & known
    first_own[first_own] = ~keys[first_own].duplicated().to_numpy()
    has_own = pd.Series(names, dtype="object").isin(names[own_row]).to_numpy()
    bare = ~own_row & known & ~has_own
    bare[bare] = ~keys[bare].duplicated().to_numpy()
    chosen: np.ndarray = first_own | bare
    return chosen


def _order_of_each_row(names: np.ndarray, numbers: Cells, own: np.ndarray) -> np.ndarray:
    """Number the rows by order: the last own row of that name above it, else the first below; -1 for none."""
    order = pd.Series(np.where(own, np.cumsum(own) - 1, np.nan))
    name = pd.factorize(names)[0]
    order = order.groupby(name).ffill()
    order = order.groupby(name).bfill().where(names.astype(bool) | pd.notna(numbers))
    found: np.ndarray = order.fillna(-1).to_numpy(dtype=np.intp)
    return found


def _numeric_ids(name: str, cells: Cells, notes: list[Note]) -> Cells:
    """Return the ids that are still whole, None for the others."""
    cleaned = ids.clean(ids.normalize_external_id(pd.Series(cells, dtype="object")))
    reasons = ids.objects(cleaned.reasons)
    if lost := int((reasons == "digits_lost").sum()):
        orders = counted(lost, "order")
        notes.append(
            Note(
                "decision",
                f"{name}: a spreadsheet has rounded the Id of {orders}; they are told apart by Name.",
            )
        )
    if odd := int(np.isin(reasons, ["not_digits", "too_long"]).sum()):
        notes.append(
            Note("warning", f"{name}: the Id of {counted(odd, 'order')} is not a number and was left out.")
        )
    whole = ids.objects(cleaned.ids)
    whole[pd.notna(reasons)] = None
    return whole


def _times(name: str, cells: dict[str, Cells], date_order: str | None, notes: list[Note]) -> dict[str, Any]:
    columns = [cells[field] for field in _TIMES]
    # Shopify writes the year first; year-last dates come from a spreadsheet, mostly an American one.
    guess = dates.guess_date_order(name, columns, date_order, otherwise="mdy")
    notes += dates.date_order_note(name, guess)
    read = {field: dates.read_times(cells[field], guess.order) for field in _TIMES}
    without = sum(
        int((~np.isnat(times.local) & np.isnan(times.offset_minutes)).sum()) for times in read.values()
    )
    if without:
        notes.append(Note("decision", f"{name}: {counted(without, 'time')} without an offset, taken as UTC."))
    notes += unreadable(name, [times.unread for times in read.values()], "time")
    return {field: dates.to_utc(times) for field, times in read.items()}


def _money(
    name: str, cells: dict[str, Cells], notes: list[Note], rows: _Rows, counts: list[Counted]
) -> dict[str, np.ndarray]:
    columns = [cells[field] for field in _AMOUNTS]
    # Shopify groups no thousands: what could be either is a decimal sign, as of `12.500` dinars.
    sign = money.decimal_sign(columns) or "."
    read = {field: money.read_money(cells[field], decimal=sign) for field in _AMOUNTS}
    notes += unreadable(name, [column.unread for column in read.values()], "amount")
    amounts = {field: column.amounts for field, column in read.items()}
    totals = money.read_money(rows.total, decimal=sign).amounts
    counts += count_rows(name, rows.line, rows.currency, totals)
    return amounts | {"discount": np.abs(amounts["discount"])}


def _embedded_ids(name: str, cells: dict[str, Cells], notes: list[Note]) -> dict[str, Cells]:
    embedded = find_embedded_ids({**cells, "tag": cells["tags"]}, len(cells["name"]))
    if embedded.contradicting:
        orders = counted(embedded.contradicting, "order")
        notes.append(
            Note("warning", f"{name}: {orders} naming more than one TikTok order; see tiktok_marks.")
        )
    return {
        "tiktok_order_id": embedded.ids,
        "tiktok_order_id_from": embedded.places,
        "tiktok_marks": embedded.every,
    }


def _came_from_tiktok(cells: dict[str, Cells]) -> np.ndarray:
    """Tell the orders that bear a sign of TikTok Shop; of an e-mail address only the domain is looked at."""
    channel = ["tiktok" in text.lower() for text in cells["source"].tolist()]
    tagged = [_TIKTOK_TAG.search(text) is not None for text in cells["tags"].tolist()]
    written = [text.rpartition("@")[2].lower() in _TIKTOK_DOMAINS for text in cells["email"].tolist()]
    signs: np.ndarray = np.logical_or.reduce(np.array([channel, tagged, written], dtype=bool))
    return signs


def _keys(numbers: pd.Series, names: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the ids, completed from other files by name, and one key per order: its id, else its name."""
    if numbers.notna().all():
        return numbers, numbers
    compared = ids.normalize_order_name(names.astype("object"))
    known = pd.DataFrame({"name": compared, "id": numbers}).dropna().drop_duplicates()
    # A name that two shops share tells nothing.
    unshared = known[~known["name"].duplicated(keep=False)].set_index("name")["id"]
    whole = numbers.where(numbers.notna(), compared.map(unshared))
    return whole, whole.where(whole.notna(), "#" + compared.astype("object"))
