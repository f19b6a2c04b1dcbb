"""A text for the support of TikTok Shop or of the connector: ids, states and times, and no person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttsframe.columns import MATCH_ORDERS
from ttsframe.report.cells import as_text, decimals_of
from ttsframe.report.one_order import aligned
from ttsframe.report.wording import MOST_IN_TICKET, TICKET_HEADS, TICKET_OTHERWISE, TICKET_SUBJECTS
from ttsframe.text import counted, one_line

if TYPE_CHECKING:
    import pandas as pd

    from ttsframe.report.summary import ReportData


def write_ticket(data: ReportData, rows: pd.DataFrame) -> str:
    """Write the ticket about rows of one status, or of one order."""
    noun, phrase, question = TICKET_SUBJECTS.get(str(rows["status"].iloc[0]), TICKET_OTHERWISE)
    shown = rows.head(MOST_IN_TICKET)
    lines = [f"Subject: {counted(len(rows), noun)} {phrase}", "", question, "", *_table(data, shown)]
    if more := len(rows) - len(shown):
        lines += [f"  and {counted(more, 'more row')}, which we can send as a file"]
    made = data.provenance.get("made at")
    return "\n".join([*lines, *(["", f"As of {made}."] if made else [])])


def _table(data: ReportData, rows: pd.DataFrame) -> list[str]:
    columns = [column for column in MATCH_ORDERS if column.name in TICKET_HEADS]
    texts = {
        TICKET_HEADS[column.name]: as_text(rows[column.name], column, decimals=decimals_of(rows, column))
        for column in columns
    }
    if data.details is not None and "request_id" in data.details:
        texts["request id"] = data.details.loc[rows.index, "request_id"].fillna("").tolist()
    told = {head: [one_line(text) for text in column] for head, column in texts.items() if any(column)}
    return aligned([tuple(told), *zip(*told.values(), strict=True)], "<" * len(told))
