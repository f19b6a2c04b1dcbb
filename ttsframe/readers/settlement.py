"""Settlement ("income") exports → one row per order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ttsframe import columns as words
from ttsframe import ids
from ttsframe.readers import dates, detect, grouping, headers, money, tables
from ttsframe.readers.counted import count_rows, in_currency
from ttsframe.readers.notes import unreadable, with_notes
from ttsframe.readers.shapes import not_totals, trimmed
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ttsframe.readers.counted import Counted
    from ttsframe.readers.dates import DateOrder
    from ttsframe.readers.shapes import Cells, Table


def read_tiktok_settlement(
    paths: Any,  # noqa: ANN401
    *,
    date_order: DateOrder | None = None,
    columns: Mapping[str, str] | None = None,
    currency: str | None = None,
) -> pd.DataFrame:
    r"""Read TikTok Shop settlement ("income") exports.

    Parameters
    ----------
    paths
        A path, a glob, a file object (text or binary), or several of them; CSV or XLSX. A row
        that stands in two files is counted once.
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
        `ttsframe.columns.SETTLEMENTS`: the amounts of an order's rows are summed, and an
        adjustment is added to the order it is related to. What was decided, dropped or
        guessed stands in ``frame.attrs["notes"]``.

    Raises
    ------
    InputError
        If a file is missing, unreadable or of another kind, has no column of ids or of
        settlement amounts, lacks a column that `columns` names, or every id in it has lost its last
        digits.

    Examples
    --------
    >>> import io
    >>> import ttsframe as tts
    >>> head, order = "Order/adjustment ID,Type,Total settlement amount", "577092126219211281"
    >>> file = io.StringIO(f"{head}\n{order},Order,21.40\n{order},Refund,-2.00\n")
    >>> tts.read_tiktok_settlement(file)[["order_id", "settled_amount", "types"]]
                 order_id  settled_amount          types
    0  577092126219211281            19.4  Order; Refund
    """
    given = money.checked_currency(currency)
    counts: list[Counted] = []
    rows, notes, sources = tables.read_each(
        paths,
        lambda table: _read_table(table, date_order, given, counts),
        columns=columns,
        fields=headers.SETTLEMENT_FIELDS,
    )
    repeated = rows.duplicated().to_numpy()
    if repeated.any():
        notes.append(
            Note(
                "decision",
                f"{counted(int(repeated.sum()), 'row')} standing in more than one file, counted once.",
            )
        )
    once = rows[~repeated]
    counts += _count(rows[repeated], "in_later_file")
    counts += _count(once[once.duplicated("order_id")].assign(settled_amount=0.0), "added_lines")
    settled = words.conform(_by_order(once, given, notes), words.SETTLEMENTS)
    return with_notes(settled, notes, sources, in_currency(counts, given))


def _count(rows: pd.DataFrame, line: str) -> list[Counted]:
    amounts = rows["settled_amount"].to_numpy(dtype=float)
    return count_rows("", np.full(len(rows), line), rows["currency"].to_numpy(dtype=object), amounts)


def _by_order(rows: pd.DataFrame, currency: str | None, notes: list[Note]) -> dict[str, Any]:
    codes, orders = pd.factorize(rows["order_id"].to_numpy(dtype=object))
    count = len(orders)
    currencies = rows["currency"].to_numpy(dtype=object)
    first = grouping.first_of(codes, currencies, count)
    if mixed := grouping.disagreeing(codes, currencies, first):
        notes.append(
            Note(
                "warning",
                f"{counted(mixed, 'order')} settled in several currencies, and added up: check them.",
            )
        )
    times = pd.Series(rows["settled_at"].to_numpy())
    latest = times.groupby(codes).max()
    if several := int(times.dt.normalize().groupby(codes).nunique().gt(1).sum()):
        orders_were = counted(several, "order was", "orders were")
        notes.append(
            Note("decision", f"{orders_were} settled on several days: all of it is counted on the last.")
        )
    return {
        "order_id": orders,
        "settled_amount": grouping.sums(codes, rows["settled_amount"].to_numpy(), count),
        "currency": money.named_or(first, currency, "settled order", notes),
        "settled_at": latest.reindex(range(count)).to_numpy(),
        "types": grouping.joined(codes, rows["type"].to_numpy(dtype=object), count),
    }


def _read_table(
    table: Table, date_order: str | None, currency: str | None, counts: list[Counted]
) -> tuple[pd.DataFrame, list[Note]]:
    """Return the rows of one file; a row that it holds twice is told apart by `occurrence`."""
    notes = list(table.notes)
    detect.refuse_other_types(table.name, table.header, detect.SETTLEMENT)
    fields = headers.SETTLEMENT_FIELDS
    names = (*fields["settled_amount"], *fields["estimated_amount"])
    detect.require_columns(
        table.name,
        table.header,
        {"Order/adjustment ID": fields["order_id"], "Total settlement amount": names},
        "settlement",
    )
    cells = _cells(table, notes)
    order_ids, line = _order_ids(table.name, cells, notes)
    kept = line == "in_frame"
    amounts, currencies = _amounts(table.name, cells, kept, currency, notes)
    counts += count_rows(table.name, line[line != ""], currencies[line != ""], amounts[line != ""])
    cells = {field: column[kept] for field, column in cells.items()}
    out: dict[str, Any] = {"order_id": order_ids, "type": cells["type"], "own_id": cells["order_id"]}
    out |= {"settled_amount": amounts[kept], "currency": currencies[kept]}
    out["settled_at"] = _times(table.name, cells, date_order, notes)
    frame = pd.DataFrame(out)
    frame["occurrence"] = frame.groupby(list(frame.columns), dropna=False, sort=False).cumcount()
    orders = counted(frame["order_id"].nunique(), "order")
    notes.insert(0, Note("count", f"{table.name}: {counted(len(frame), 'row')}, {orders}."))
    return frame, notes


def _cells(table: Table, notes: list[Note]) -> dict[str, Cells]:
    places = headers.locate(table.header, headers.SETTLEMENT_FIELDS)
    if "settled_amount" not in places:
        places["settled_amount"] = places["estimated_amount"]
        notes.append(
            Note("warning", f"{table.name} holds estimates: nothing of these amounts has been paid out yet.")
        )
    places.pop("estimated_amount", None)
    raw = table.columns(list(places.values()))
    cells = {field: trimmed(column, without_dashes=True) for field, column in zip(places, raw, strict=True)}
    blank = np.full(len(raw[0]), "", dtype=object)
    return {field: cells.get(field, blank) for field in headers.SETTLEMENT_FIELDS}


def _order_ids(name: str, cells: dict[str, Cells], notes: list[Note]) -> tuple[Cells, np.ndarray]:
    """Return the orders (an adjustment's related one), and the line of each row; blank for a blank row."""
    filled = np.logical_or.reduce([column.astype(bool) for column in cells.values()])
    is_total = filled & ~not_totals(name, cells["order_id"], notes)
    filled &= ~is_total
    related = cells["related_id"]
    wanted = np.where(related.astype(bool), related, cells["order_id"])
    order_ids, usable, more = ids.clean_export(name, wanted[filled])
    notes += more
    line = np.where(is_total, "totals", "").astype(object)
    line[filled] = np.where(usable, "in_frame", "no_order_id")
    return order_ids[usable], line


def _amounts(
    name: str, cells: dict[str, Cells], kept: np.ndarray, currency: str | None, notes: list[Note]
) -> tuple[np.ndarray, np.ndarray]:
    """Read the amounts and currencies of all rows; the notes tell of those that are kept."""
    column, named = cells["settled_amount"], cells["currency"]
    sign = money.decimal_sign([column[kept]], currencies=np.where(named == "", currency or "", named)[kept])
    notes += [] if sign else money.thousands_note(name, [column[kept]])
    read = money.read_money(column, decimal=sign)
    notes += unreadable(name, [read.unread[kept]], "amount")
    upper = grouping.as_cells([text.upper() for text in named.tolist()])
    return read.amounts, np.where(pd.isna(upper), read.currencies, upper)


def _times(name: str, cells: dict[str, Cells], date_order: str | None, notes: list[Note]) -> np.ndarray:
    column = cells["settled_at"]
    guess = dates.guess_date_order(name, [column], date_order)
    notes += dates.date_order_note(name, guess)
    times = dates.read_times(column, guess.order)
    notes += unreadable(name, [times.unread], "time")
    return times.local
