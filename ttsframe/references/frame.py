"""Outcomes → the frame that `lookup` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import pandas as pd

from ttsframe.columns import LINE_ITEMS, REFERENCES, STATUSES, conform
from ttsframe.gateway.outcomes import SIMULATED, LineItem, Outcome, Reference

if TYPE_CHECKING:
    from collections.abc import Sequence

Level: TypeAlias = Literal["order", "line_item"]
LEVELS: tuple[Level, ...] = get_args(Level)


class LookupKeys(NamedTuple):
    """What is looked up: key ``i`` is `order_ids[i]` on `platforms[i]`."""

    order_ids: np.ndarray
    platforms: np.ndarray


def to_frame(keys: LookupKeys, outcomes: Sequence[Outcome], *, level: str = "order") -> pd.DataFrame:
    """Make the frame of one outcome per key: at least one row per key, in their order."""
    by_field = zip(*outcomes, strict=True) if outcomes else ([] for _ in Outcome._fields)
    data: dict[str, Any] = dict(zip(Outcome._fields, by_field, strict=True))
    data |= {"order_id": keys.order_ids, "platform": keys.platforms}
    references = data.pop("references")
    if level == "order" and max(map(len, references), default=0) <= 1:
        data["external_order_id"] = [
            several[0].external_order_id if several else None for several in references
        ]
    else:
        rows, spread = _one_row_per_reference(references, lines=level == "line_item")
        data = {name: np.asarray(values, dtype=object)[rows] for name, values in data.items()} | spread
    codes = {status: code for code, status in enumerate(STATUSES)}
    status_codes = np.fromiter((codes[status] for status in data["status"]), dtype=np.int8)
    data["status"] = pd.Categorical.from_codes(status_codes, categories=pd.Index(list(STATUSES)))
    data["http_status"] = pd.array(_floats(data["http_status"]), dtype="Int16")
    micros = np.round(_floats(data["fetched_at"]) * 1e6)
    times = np.where(np.isnan(micros), np.iinfo(np.int64).min, micros).astype("int64").view("datetime64[us]")
    data["fetched_at"] = pd.Series(times).dt.tz_localize("UTC")
    data["from_cache"] = np.asarray(data["from_cache"], dtype=bool)
    return conform(data, LINE_ITEMS if level == "line_item" else REFERENCES)


def is_simulated(refs: pd.DataFrame) -> bool:
    """Tell whether answers of a simulated gateway are among these."""
    if "request_id" not in refs:
        return False
    return bool(refs["request_id"].astype("str").str.startswith(SIMULATED, na=False).any())


def _one_row_per_reference(
    references: Sequence[tuple[Reference, ...]], *, lines: bool
) -> tuple[np.ndarray, dict[str, list[str | None]]]:
    """Give each reference (or line of it) a row, and one row to a key without: of which key, and what."""
    rows: list[int] = []
    external_order_ids: list[str | None] = []
    line_items: list[LineItem] = []
    nothing = LineItem(None, None)
    for row, several in enumerate(references):
        for reference in several or (None,):
            items = reference.line_items if lines and reference else ()
            for item in items or (nothing,):
                rows.append(row)
                external_order_ids.append(reference.external_order_id if reference else None)
                line_items.append(item)
    return np.asarray(rows, dtype=np.int64), {
        "external_order_id": external_order_ids,
        "line_item_id": [item.id for item in line_items],
        "line_item_origin_id": [item.origin_id for item in line_items],
    }


def _floats(values: Any) -> np.ndarray:  # noqa: ANN401
    """Numbers, with None as NaN."""
    return np.asarray(values, dtype=object).astype("float64")
