"""`attach`: the caller's own rows, with the columns of a look-up beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import pandas as pd

from ttsframe import ids
from ttsframe.columns import STATUSES
from ttsframe.errors import InputError
from ttsframe.references.arguments import check_choice, order_ids, to_pandas

if TYPE_CHECKING:
    import numpy as np

_SEPARATOR = "; "
_PREFIX = "reference_"
_JOINED = ("platform", "external_order_id", "line_item_id", "line_item_origin_id")
How: TypeAlias = Literal["left", "explode"]
_HOWS: tuple[How, ...] = get_args(How)
_KEY, _ROW = "__order_id", "__row"


def attach(
    orders: pd.DataFrame, refs: pd.DataFrame, *, column: str | None = None, how: How = "left"
) -> pd.DataFrame:
    """Join references to the caller's rows.

    Parameters
    ----------
    orders
        The caller's frame: any rows, with ids as messy as they are. It is not changed.
    refs
        The frame that `lookup` returned.
    column
        The column of the order ids in `orders`; by default `order_id` or `Order ID`.
    how
        `left`: one row per row of `orders`. If an order has several rows in `refs`, those of its
        best status (in the order of `columns.STATUSES`) count: their platforms and references
        are joined by `; `, the other columns are taken from the first. `explode`: one row per
        reference, with the index repeated.

    Returns
    -------
    pandas.DataFrame
        The caller's rows, index and order, then the columns of `refs` without the id. A column
        that `orders` has already gets the prefix `reference_`, as often as it takes. Rows whose
        id is not in `refs` get missing values.

    Raises
    ------
    InputError
        If there is no column of ids, `refs` is not the frame of a look-up, or `how` is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> import ttsframe as tts
    >>> orders = pd.DataFrame({"Order ID": ["'577092126219211281", "577092126219211282"], "units": [2, 1]})
    >>> refs = pd.DataFrame(
    ...     {"order_id": ["577092126219211281"], "external_order_id": ["5312"], "status": ["linked"]}
    ... )
    >>> tts.attach(orders, refs)[["units", "external_order_id", "status"]]
       units external_order_id  status
    0      2              5312  linked
    1      1               NaN     NaN
    """
    check_choice("how", how, _HOWS)
    orders, refs = to_pandas(orders), to_pandas(refs, parameter="refs")
    if not isinstance(orders, pd.DataFrame):
        raise InputError("must be a DataFrame: attach returns its rows.", parameter="orders")
    if not {"order_id", "status"} <= set(getattr(refs, "columns", ())):
        raise InputError("must be the frame that lookup returned.", parameter="refs")
    if not refs.columns.is_unique:
        raise InputError(
            "two columns have the same name; give the frame that lookup returned.", parameter="refs"
        )
    # Both sides by their cleaned ids; the rows of `orders` by their position.
    keys = ids.clean(order_ids(orders, column=column)).ids
    beside = refs.drop(columns="order_id").assign(**{_KEY: ids.clean(refs["order_id"]).ids})
    if how == "left":
        beside = _one_row_per_order(beside)
    beside = beside.rename(columns={name: _free_name(name, orders.columns) for name in refs.columns})
    left = pd.DataFrame({_KEY: keys.to_numpy(), _ROW: range(len(orders))})
    validate: Any = "many_to_one" if how == "left" else "many_to_many"
    joined = left.merge(beside, on=_KEY, how="left", sort=False, validate=validate)
    rows = joined.pop(_ROW).to_numpy()
    added = joined.drop(columns=_KEY).set_axis(orders.index[rows], axis=0)
    if orders.columns.nlevels > 1:
        blanks = [""] * (orders.columns.nlevels - 1)
        labels = [(name, *blanks) for name in added.columns]
        added.columns = pd.MultiIndex.from_tuples(labels, names=orders.columns.names)
    return pd.concat([orders if how == "left" else _repeated(orders, rows), added], axis=1)


def _repeated(orders: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    try:
        return orders.iloc[rows]
    except NotImplementedError as error:  # pyarrow cannot take rows of a string_view
        raise InputError(
            f"pandas cannot repeat the rows of one of its columns ({error}). Convert that column, as with "
            "pd.Series(column.tolist(), dtype='str'), or use how='left'.",
            parameter="orders",
        ) from None


def _free_name(name: str, taken: pd.Index) -> str:
    while name in taken:
        name = f"{_PREFIX}{name}"
    return name


def _one_row_per_order(beside: pd.DataFrame) -> pd.DataFrame:
    """Join the rows of each order into one; most orders have one already."""
    several = beside[_KEY].duplicated(keep=False)
    if not several.any():
        return beside
    rank = beside["status"].astype("object").map({status: rank for rank, status in enumerate(STATUSES)})
    rank = rank.fillna(len(STATUSES)).astype("int64")  # a status that is none of ours comes last
    is_best = several & (rank == rank.groupby(beside[_KEY], dropna=False).transform("min"))
    rows = beside[is_best]
    joined = [name for name in _JOINED if name in beside.columns]
    texts = rows.groupby(_KEY, sort=False, dropna=False)[joined].agg(_join)
    first = rows.drop(columns=joined).drop_duplicates(_KEY)
    best = first.merge(texts, left_on=_KEY, right_index=True, validate="one_to_one")
    return pd.concat([beside[~several], best[beside.columns]], ignore_index=True)


def _join(values: pd.Series) -> Any:  # noqa: ANN401
    distinct = dict.fromkeys(map(str, values.dropna()))
    return _SEPARATOR.join(distinct) if len(distinct) else None
