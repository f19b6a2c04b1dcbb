"""Outcomes → the frame that `lookup` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.columns import LINE_ITEMS, REFERENCES, STATUSES, typed
from ttsframe.gateway.outcomes import LineItem, Outcome, Reference

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVELS = ("order", "line_item")


class LookupKeys(NamedTuple):
    """What is asked: question ``i`` is `order_ids[i]` on `platforms[i]`."""

    order_ids: np.ndarray
    platforms: np.ndarray


def to_frame(questions: LookupKeys, outcomes: Sequence[Outcome], *, level: str = "order") -> pd.DataFrame:
    """Make the tidy frame of outcomes.

    Parameters
    ----------
    questions
        The orders and platforms, in the order of the frame.
    outcomes
        One for each question.
    level
        `order`: a row an external order; `line_item`: a row a line of it.

    Returns
    -------
    pandas.DataFrame
        At least one row for every question; columns as `columns.REFERENCES`, or
        `columns.LINE_ITEMS` for lines.
    """
    statuses, reasons, references, *answer = (
        zip(*outcomes, strict=True) if outcomes else ([] for _ in Outcome._fields)
    )
    counts = np.fromiter(map(len, references), dtype=np.int64, count=len(references))
    several = bool((counts > 1).any())
    if level == "order" and not several:
        rows: np.ndarray | None = None
        ids: Any = [found[0].external_order_id if found else None for found in references]
        lines: dict[str, Any] = {}
    else:
        rows, ids, lines = _spread(references, lines=level == "line_item")
    data = _columns(questions, statuses, reasons, answer)
    if rows is not None:
        data = {name: np.asarray(values, dtype=object)[rows] for name, values in data.items()}
    data["external_order_id"] = ids
    return _frame(data | lines, level)


def _columns(questions: LookupKeys, statuses: Any, reasons: Any, answer: list[Any]) -> dict[str, Any]:  # noqa: ANN401
    codes, messages, http_statuses, request_ids, fetched, cached = answer
    return {
        "order_id": questions.order_ids,
        "platform": questions.platforms,
        "status": statuses,
        "reason": reasons,
        "error_code": codes,
        "error_message": messages,
        "http_status": http_statuses,
        "request_id": request_ids,
        "fetched_at": fetched,
        "from_cache": cached,
    }


def _spread(references: Sequence[Any], *, lines: bool) -> tuple[np.ndarray, list[Any], dict[str, Any]]:
    """A row a reference (or a line of it), and one where there is none."""
    rows: list[int] = []
    ids: list[str | None] = []
    items: list[LineItem] = []
    nothing = (Reference(None),)  # type: ignore[arg-type]
    for place, found in enumerate(references):
        for reference in found or nothing:
            entries = (reference.line_items if lines else ()) or (LineItem(None, None),)
            for entry in entries:
                rows.append(place)
                ids.append(reference.external_order_id)
                items.append(entry)
    spread = {
        "line_item_id": [item.id for item in items],
        "line_item_origin_id": [item.origin_id for item in items],
    }
    return np.asarray(rows, dtype=np.int64), ids, spread if lines else {}


def _frame(data: dict[str, Any], level: str) -> pd.DataFrame:
    places = {status: place for place, status in enumerate(STATUSES)}
    codes = np.fromiter(
        (places[status] for status in data["status"]), dtype=np.int8, count=len(data["status"])
    )
    data["status"] = pd.Categorical.from_codes(codes, categories=pd.Index(list(STATUSES)))
    data["http_status"] = pd.array(_floats(data["http_status"]), dtype="Int16")
    micros = np.round(_floats(data["fetched_at"]) * 1e6)
    times = np.where(np.isnan(micros), np.iinfo(np.int64).min, micros).astype("int64").view("datetime64[us]")
    data["fetched_at"] = pd.Series(times).dt.tz_localize("UTC")
    data["from_cache"] = np.asarray(data["from_cache"], dtype=bool)
    return typed(data, LINE_ITEMS if level == "line_item" else REFERENCES)


def _floats(values: Any) -> np.ndarray:  # noqa: ANN401
    """Numbers with None as NaN."""
    return np.asarray(values, dtype=object).astype("float64")
