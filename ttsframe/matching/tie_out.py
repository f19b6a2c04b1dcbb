"""From what the files hold down to the report's totals, line by line, and whether it adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ttsframe import money
from ttsframe.columns import SOURCES, TIE_OUT, TIE_OUT_LINES, conform
from ttsframe.matching.keys import MISSING, take_or_fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ttsframe.matching.align import Aligned, Side
    from ttsframe.matching.inputs import Inputs, Settlement
    from ttsframe.matching.keys import Amounts, Flags, Nodes


def tie_out(
    given: Inputs, rows: Aligned, frames: Mapping[str, pd.DataFrame], beside: pd.DataFrame | None
) -> pd.DataFrame:
    """Tie the total of each side, in each currency, to the files that its frame was read from.

    With a settlement its payouts are tied as well; `beside` is what it holds beside the orders reported.

    The lines of the files are as the readers counted them, those of the orders as `match` decided, and the
    total is the sum over the rows of the result. What is missing between them is not accounted for.
    """
    words = ["", *rows.currencies]
    sides = (
        ("TikTok", given.tiktok.amount, rows.tiktok, rows.own_currencies[0]),
        ("Shopify", given.shopify.amount, rows.shopify, rows.own_currencies[1]),
    )
    tables = {
        name: _of_side(words, amounts, side, own, frames[name].attrs.get("counted"))
        for name, amounts, side, own in sides
    }
    if given.settlement is not None and rows.settled is not None and beside is not None:
        counted = frames["settlement"].attrs.get("counted")
        paid = rows.settled[rows.tiktok.first]
        tables["Settlement"] = _of_settlement(given.settlement, paid, beside, counted)
    return pd.concat([_written(name, table) for name, table in tables.items()], ignore_index=True)


def sources(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """List the files that the frames say they were read from."""
    told = [(name, *file) for name, frame in frames.items() for file in frame.attrs.get("sources", ())]
    columns = list(zip(*told, strict=True)) if told else [()] * len(SOURCES)
    return conform({column.name: list(each) for column, each in zip(SOURCES, columns, strict=True)}, SOURCES)


def _of_side(
    words: list[str], amounts: Amounts, side: Side, own: Nodes, counted: Iterable[tuple[Any, ...]] | None
) -> pd.DataFrame:
    """Return the lines of one side, with `rows` and `amount` of each currency."""
    code, line = _fates(side, own, amounts)
    digits = np.array([money.decimals(word) for word in words], dtype=np.int64)[code + 1]
    units = money.to_minor_units(amounts, digits)
    exact = money.to_major_units(np.where(np.isnan(units), 0.0, units), digits)
    first = _sums(words, own, exact).assign(line="given") if counted is None else _of_files(counted)
    taken = np.unique(code[own == MISSING])
    if len(taken) == 1:  # mostly the file names no currency at all: what is left out of it is in the same
        own = np.where(own == MISSING, taken[0], own)
        first["currency"] = first["currency"].replace("", words[taken[0] + 1])
    assumed = code != own
    parts = [
        first,
        _less(_sums(words, own[assumed], exact[assumed])).assign(line="assumed_currency"),
        _sums(words, code[assumed], exact[assumed]).assign(line="assumed_currency"),
        *(
            _less(_sums(words, code[out], exact[out])).assign(line=why)
            for why, out in line.items()
            if out.any()
        ),
    ]
    counts = side.first & side.there & ~side.excluded & ~np.isnan(side.amount)
    totals = money.to_major_units(side.counted[counts], side.digits[counts])
    return _closed(pd.concat(parts), _sums(words, side.currency[counts], totals))


def _of_settlement(
    given: Settlement, paid: pd.DataFrame, beside: pd.DataFrame, counted: Iterable[tuple[Any, ...]] | None
) -> pd.DataFrame:
    """Return the lines of the settlement; its total is what was paid out for the orders reported."""
    every = _paid("given", given.currency, given.amount)
    blank = np.isnan(given.amount)
    known = beside.dropna(subset="settled_amount")
    left_out = [
        _paid("without_amount", given.currency[blank], given.amount[blank]),
        _paid(known["status"], known["settled_currency"], known["settled_amount"]),
    ]
    parts = [every if counted is None else _of_files(counted), *map(_less, left_out)]
    paid = paid.dropna(subset="settled_counted")
    total = _paid("report_total", paid["settled_currency"], paid["settled_counted"])
    return _closed(pd.concat(parts), total.drop(columns="line"))


def _paid(
    line: pd.Series | str, currency: pd.Series | pd.Categorical, amount: pd.Series | np.ndarray
) -> pd.DataFrame:
    """Count and add up payouts by line and currency."""
    named = pd.Series(currency, dtype="object").fillna("")
    data = {"line": line, "currency": named, "rows": 1, "amount": amount}
    table = pd.DataFrame(data).astype({"line": "object", "amount": "float64"})
    return table.groupby(["line", "currency"], as_index=False)[["rows", "amount"]].sum()


def _closed(parts: pd.DataFrame, total: pd.DataFrame) -> pd.DataFrame:
    """Add the lines up, and write below them what is missing to the total, and the total."""
    table = parts.groupby(["currency", "line"], as_index=False)[["rows", "amount"]].sum()
    left = table.groupby("currency")[["rows", "amount"]].sum()
    totals = total.set_index("currency").reindex(left.index.union(pd.Index(total["currency"])), fill_value=0)
    gap = totals.sub(left, fill_value=0).round(money.MOST_DECIMALS)
    below = [gap.assign(line="unaccounted"), totals.assign(line="report_total")]
    return pd.concat([table, *(part.reset_index(names="currency") for part in below)], ignore_index=True)


def _written(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Put the lines of one side in order, without those that hold nothing."""
    holds = table["rows"].ne(0) | table["amount"].round(money.MOST_DECIMALS).ne(0)
    is_total = table["line"].eq("report_total") & table["currency"].isin(table.loc[holds, "currency"])
    table = table[holds | is_total]
    places = table.assign(place=table["line"].map(list(TIE_OUT_LINES).index))
    order = places.sort_values(["currency", "place"], ignore_index=True)
    data = {
        "side": [name] * len(order),
        "currency": order["currency"].replace("", None),
        "line": order["line"],
        "rows": order["rows"].astype("int64"),
        "amount": order["amount"].round(money.MOST_DECIMALS),
    }
    return conform(data, TIE_OUT)


def _fates(side: Side, own: Nodes, amounts: Amounts) -> tuple[Nodes, dict[str, Flags]]:
    """Return the currency of each order in the report, and by line which orders it leaves out."""
    row = np.full(len(own), MISSING)
    for which in (np.flatnonzero(side.there), np.flatnonzero(side.there & side.first)):
        row[side.node[which]] = which  # the row in which it counts, if there is one
    code = np.where(row == MISSING, own, take_or_fill(side.currency, row, MISSING))
    out: dict[str, Flags] = {}
    left = np.ones(len(own), dtype=bool)
    for line, flags in (
        ("no_link", row == MISSING),
        ("outside_period", ~take_or_fill(side.first, row, fill=False)),
        ("cancelled_or_refunded", take_or_fill(side.excluded, row, fill=False)),
        ("without_amount", np.isnan(amounts)),
    ):
        out[line] = left & flags
        left &= ~flags
    return code, out


def _of_files(counted: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """Return all rows of the files, and less those that hold no order's amount or stand in a later file."""
    told = pd.DataFrame(map(tuple, counted), columns=["file", "line", "currency", "rows", "amount"])
    told = told.astype({"rows": "int64", "amount": "float64"})
    of_rows = ~told["line"].isin(
        ["in_later_file", "added_lines"]
    )  # these tell of rows that stand there already
    return pd.concat([told[of_rows].assign(line="in_files"), _less(told[told["line"] != "in_frame"])])


def _sums(words: list[str], currency: Nodes, amounts: np.ndarray) -> pd.DataFrame:
    """Count and add up orders by currency; `words` begin with that of code -1, which is unknown."""
    rows = np.bincount(currency + 1, minlength=len(words))
    sums = np.bincount(currency + 1, weights=amounts, minlength=len(words))
    return pd.DataFrame({"currency": words, "rows": rows, "amount": sums})


def _less(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(rows=-table["rows"], amount=-table["amount"])
