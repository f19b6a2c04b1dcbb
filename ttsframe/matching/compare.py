"""What changed between two results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ttsframe import ids
from ttsframe.columns import MATCH_CHANGES, MATCH_COMPARED, conform
from ttsframe.errors import InputError
from ttsframe.matching.result import Match
from ttsframe.money import MOST_DECIMALS, POWERS
from ttsframe.readers import money, tables_csv
from ttsframe.readers.files import Source, read_bytes
from ttsframe.report.comments import order_keys, read_back

if TYPE_CHECKING:
    import os

_COMPARED = ("status", "shopify", "tiktok_amount", "shopify_total", "reason")
_KEY = ["order", "order_id"]
_NEEDED = ("order_id", "shopify_id", "shopify_name", "status", "tiktok_amount", "shopify_total", "reason")


def compare(before: Match | str | os.PathLike[str], after: Match | str | os.PathLike[str]) -> pd.DataFrame:
    """Tell what changed from one result to a later one.

    Parameters
    ----------
    before, after
        Each a `Match`, or a folder that `Match.to_csv` wrote, for its `orders.csv`.

    Returns
    -------
    pandas.DataFrame
        `columns.MATCH_COMPARED`, one row per order that has changed; the others are
        left out. An order is a TikTok order, with all its Shopify orders, or a Shopify order
        that names none.

    Raises
    ------
    InputError
        If a folder holds no `orders.csv` of `Match.to_csv`.

    Examples
    --------
    >>> import pandas as pd
    >>> import ttsframe as tts
    >>> tiktok = pd.DataFrame({"order_id": ["577000000000000001"], "amount": [20.0]})
    >>> shopify = pd.DataFrame({"name": ["#1001"], "total": [20.0], "tiktok_order_id": tiktok["order_id"]})
    >>> before = tts.match(tiktok, shopify)
    >>> after = tts.match(tiktok, shopify.assign(total=18.0))
    >>> tts.compare(before, after)[["order_id", "change", "status_before", "status_after"]]
                 order_id   change status_before    status_after
    0  577000000000000001  changed       matched  amount_differs
    """
    sides = _by_order(_orders(before)), _by_order(_orders(after))
    both = sides[0].merge(
        sides[1],
        on=_KEY,
        how="outer",
        suffixes=("_before", "_after"),
        indicator=True,
        validate="1:1",
        sort=False,
    )
    change = _change(both)
    differs = change != ""
    data = {
        column.name: both.loc[differs, column.name] for column in MATCH_COMPARED if column.name != "change"
    }
    data["change"] = pd.Categorical(change[differs], list(MATCH_CHANGES))
    return conform(
        {
            name: values.reset_index(drop=True) if isinstance(values, pd.Series) else values
            for name, values in data.items()
        },
        MATCH_COMPARED,
    )


def _orders(result: Match | str | os.PathLike[str]) -> pd.DataFrame:
    return result.orders if isinstance(result, Match) else _read_folder(Path(result))


def _read_folder(folder: Path) -> pd.DataFrame:
    """Read `orders.csv` back, also as a spreadsheet has saved it, ids plain or wrapped for Excel."""
    path = folder / "orders.csv" if folder.is_dir() else folder
    if not path.is_file():
        raise InputError(f"there is no file {path}: name the report's folder.")
    table = tables_csv.open_text(str(path), read_bytes(Source(str(path), path, None)), id_names=_NEEDED)
    missing = [name for name in _NEEDED if name not in table.header]
    if missing:
        raise InputError(f"{path} is not the orders.csv of a report: it has no column {', '.join(missing)}.")
    texts = read_back(table, _NEEDED)
    frame = texts.where(texts != "")
    for name in ("order_id", "shopify_id"):
        # `ids="excel"` wraps every run of digits, also one too long for an order id.
        cleaned = ids.clean(frame[name].str.replace(r'^="([0-9]+)"$', r"\1", regex=True))
        if cleaned.reasons.eq("digits_lost").any():
            raise InputError(f"{path}: ids in the column {name} {ids.LOST}; write the report again.")
        ids.refuse_rounded(
            f"{path}: the ids in the column {name}", cleaned.ids.dropna(), "write the report again"
        )
        frame[name] = cleaned.ids
    amounts = {name: ids.objects(texts[name]) for name in ("tiktok_amount", "shopify_total")}
    # Amounts of ours have no thousands: what could be either is a decimal sign, as of `12.500` dinars.
    sign = money.decimal_sign([*amounts.values()]) or "."
    read = {name: money.read_money(cells, decimal=sign).amounts for name, cells in amounts.items()}
    return frame.assign(**read)


def _by_order(orders: pd.DataFrame) -> pd.DataFrame:
    """Gather the rows of each order into one."""
    shopify = (
        orders["shopify_id"].astype("object").where(orders["shopify_id"].notna(), orders["shopify_name"])
    )
    rows = pd.DataFrame(
        {
            "order": order_keys(orders),
            "order_id": orders["order_id"].astype("object"),
            "status": orders["status"].astype("object"),
            "shopify": shopify,
            "tiktok_amount": orders["tiktok_amount"],
            "shopify_total": orders["shopify_total"],
            "reason": orders["reason"].astype("object"),
        }
    ).dropna(subset="order")
    rows = rows.sort_values("shopify", kind="stable", na_position="last")
    single = ~rows.duplicated("order", keep=False)
    several = [_gathered(group) for _, group in rows[~single].groupby("order", sort=False)]
    parts = [rows[single], pd.DataFrame(several)] if several else [rows[single]]
    return pd.concat(parts, ignore_index=True)


def _gathered(group: pd.DataFrame) -> dict[Any, Any]:
    """Make one row of an order's several."""
    text = {
        column: "; ".join(group[column].dropna().drop_duplicates()) or None
        for column in ("status", "shopify", "reason")
    }
    total = group["shopify_total"].sum(min_count=1)
    return {**group.iloc[0].to_dict(), **text, "shopify_total": total}


def _change(both: pd.DataFrame) -> np.ndarray:
    """Name the change of each order; blank for none."""
    linked = [_is_linked(both, when) for when in ("before", "after")]
    changed = np.zeros(len(both), dtype=bool)
    for name in _COMPARED:
        one, other = both[f"{name}_before"], both[f"{name}_after"]
        if name in ("tiktok_amount", "shopify_total"):
            # The finest units hold the minor units of every currency.
            one, other = (side.mul(POWERS[MOST_DECIMALS]).round() for side in (one, other))
        changed |= ((one != other) & ~(one.isna() & other.isna())).to_numpy(dtype=bool)
    return np.select(
        [both["_merge"] == "right_only", both["_merge"] == "left_only", ~linked[0] & linked[1], changed],
        ["new", "gone", "newly_linked", "changed"],
        "",
    )


def _is_linked(both: pd.DataFrame, when: str) -> np.ndarray:
    """Tell which TikTok orders stood beside a Shopify order."""
    lone = both[f"status_{when}"].isin(["only_tiktok", "only_shopify", "not_expected", "unknown", "probable"])
    return (both[f"shopify_{when}"].notna() & ~lone).to_numpy(dtype=bool)
