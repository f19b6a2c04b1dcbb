"""A match → the figures of its report as JSON, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd

from ttsframe import money
from ttsframe.report.cells import money_text
from ttsframe.report.summary import AMOUNT_SECTIONS

if TYPE_CHECKING:
    from ttsframe.report.summary import ReportData


def json_figures(data: ReportData) -> bytes:
    """Return the figures as JSON: amounts are texts with their currency's decimals, null where not known.

    The keys are `title`, `provenance`, `sources` (input, file, sha256, oldest,
    newest), `counts`, `needs_review`, `figures` (the rows of the summary that are
    no text: section, side, currency, name, value) and `notes` (kind, text).
    """
    summary = data.summary[~data.summary["section"].isin(["source", "sha256", "note"])]
    figures = {
        "title": data.title,
        "provenance": dict(data.provenance),
        "sources": data.sources.astype("object").to_dict("records"),
        "counts": data.counts,
        "needs_review": data.exception_count,
        "figures": [_figure(row) for row in summary.to_dict("records")],
        "notes": [{"kind": note.kind, "text": note.text} for note in data.notes_in_order],
    }
    return orjson.dumps(figures, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _figure(row: dict[Any, Any]) -> dict[str, Any]:
    value = row["value"]
    if row["section"] in AMOUNT_SECTIONS:
        (text,) = money_text(pd.Series([value]), np.array([money.decimals(row["currency"])]))
        value = text or None
    else:
        value = int(value)
    return {**{name: row[name] or None for name in ("section", "side", "currency", "name")}, "value": value}
