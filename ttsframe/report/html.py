"""A match → one self-contained HTML page, and a compact summary for a notebook.

The page loads nothing: style, script and data are part of it, and its content security policy
forbids everything else. Every text is escaped by Jinja2; the script gets its data as JSON.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import orjson
import pandas as pd
from markupsafe import Markup

from ttsframe import money
from ttsframe.columns import MATCH_ADVICE, MATCH_SOURCES, TOTALS_BY
from ttsframe.report import cells, palette
from ttsframe.report.bridge import closing, spans
from ttsframe.report.exceptions import AGES, OF_SEVERAL_ORDERS, RECONCILED, reason_label
from ttsframe.report.files import atomic_write
from ttsframe.report.summary import (
    LISTED_APART,
    SIDES,
    extra_sections,
    footer_rows,
    footnotes,
    headline,
    payout_sections,
    period_label,
    section_title,
    share,
    timeline,
)
from ttsframe.report.tie_out import tied
from ttsframe.report.totals_by import all_totals
from ttsframe.report.wording import (
    BESIDE,
    MEANINGS,
    MOST_IN_TICKET,
    TICKET_HEADS,
    TICKET_OTHERWISE,
    TICKET_SUBJECTS,
)
from ttsframe.text import one_line

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from ttsframe.columns import Column
    from ttsframe.report.summary import ReportData, Section

_GRID_LINES = 5
_REPEATS = 0.5  # a column of fewer distinct values than this share of its rows is written as a list and codes
_MOST_ROWS = 500  # of a table besides the orders; the workbook and the CSV file hold all
_TITLES = {
    "only_settlement": "Settlement orders not in this report",
    "cut_off": "Pairs with one order inside the period and one outside",
}
_MIDNIGHT = "T00:00:00"
_SHOWN_LAST = ("matched_on", "evidence")  # people look first at what is wrong with a pair
# What a sheet of paper has no room for; the workbook and the CSV files hold it.
_NOT_PRINTED = (
    "tiktok_paid_at",
    "shopify_created_at",
    "days_apart",
    "tiktok_counted",
    "shopify_counted",
    "difference_counted",
    "tiktok_refunded",
    "shopify_refunded",
    "settled_counted",
    "settled_currency",
    "matched_on",
)


def write_html(data: ReportData, path: str | os.PathLike[str]) -> Path:
    """Write a match as one self-contained page, replacing the file as a whole."""
    target = Path(path)
    page = page_html(data)
    with atomic_write(target) as part:
        part.write_bytes(page)
    return target


def page_html(data: ReportData) -> bytes:
    """Return the page, in UTF-8."""
    script = _source("page.js")
    text = _TEMPLATES.get_template("page.html").render(
        _context(data),
        headline=Markup(headline(data, "<b>{:,}</b>".format)),  # noqa: S704 - our own words and numbers
        policy=_policy(script),
        style=Markup(_source("page.css")),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        meanings=[(palette.label(status), meaning) for status, meaning in data.statuses.items()],
        columns=[(palette.label(column.name), column.description) for column in data.columns],
        sections=_sections(extra_sections(data)),
        listed_apart=_listed_apart(data),
        totals_by=[_table(by, f"By {by}", table, TOTALS_BY[by]) for by, table in all_totals(data).items()],
        tie_outs=data.tie_outs,
        sources=data.sources.to_dict("records"),
        long_numbers=cells.LONG_NUMBERS_IN_EXCEL,
        data=_script_data(data),
    )
    return text.encode("utf-8", errors="replace")


def html_summary(data: ReportData) -> str:
    """Summarize a match for a light or dark notebook: counts, totals per side, a small chart, no script."""
    context = _context(data)
    template = _TEMPLATES.get_template("notebook.html")
    return template.render(context, headline=headline(data))


def render(template: str, **values: object) -> str:
    """Fill a template; every text in it is escaped."""
    return _TEMPLATES.get_template(template).render(**values)


def _context(data: ReportData) -> dict[str, Any]:
    """What both templates show."""
    statuses = _statuses(data)
    return {
        "title": one_line(data.title),
        "header": data.header,
        "made": [
            f"{name}: {data.provenance[name]}" for name in ("made at", "ttsframe") if name in data.provenance
        ],
        "rows": len(data.orders),
        "exceptions": data.exception_count,
        "statuses": statuses,
        "colours": {status["name"]: status["colour"] for status in statuses},
        "sides": list(SIDES),
        "totals": data.totals,
        "footnotes": footnotes(data),
        "needs_review": _needs_review(data),
        "bridges": [
            {
                "currency": bridge.currency,
                "lines": list(zip(bridge.lines, spans(bridge), strict=True)),
                "closing": closing(bridge, _amount),
                "open": bool(bridge.gap),
            }
            for bridge in data.bridges
        ],
        "tied": tied(data.tie_outs, _amount),
        "ties": not any(block.gap for block in data.tie_outs),
        "payouts": _sections(payout_sections(data)),
        "chart": _chart(data, statuses),
        "provenance": {str(name): str(value) for name, value in data.provenance.items()},
        "notes": data.notes_in_order,
    }


def _statuses(data: ReportData) -> list[dict[str, Any]]:
    shades = palette.colours(data.statuses)
    return [
        {
            "name": status,
            "label": palette.label(status),
            "meaning": data.statuses[status],
            "count": count,
            "share": share(count, len(data.orders)),
            "review": status not in RECONCILED,
            "shades": shades[status],
            # The page has this variable; a notebook has not, and takes the colour itself.
            "colour": f"var(--tts-s{index},{shades[status].solid})",
        }
        for index, (status, count) in enumerate(data.counts.items())
    ]


def _needs_review(data: ReportData) -> list[dict[str, Any]]:
    """What needs review, by cause, in words."""
    return [
        {
            "status": row["status"],
            "causes": reason_label(row["reason"]),
            "rows": row["rows"],
            "difference": _amount(row["difference"], row["currency"]),
            "currency": row["currency"],
            "ages": [row[age] for age in AGES],
            "advice": row["advice"],
        }
        for row in data.exceptions.fillna({"reason": "", "currency": ""}).to_dict("records")
    ]


def _chart(data: ReportData, statuses: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Lay out the rows over time: a bar per period, a part per status, and the scale beside them."""
    rows = timeline(data)
    if rows is None:
        return None
    tops = rows.table.cumsum(axis="columns")
    shown = [status for status in statuses if status["name"] in rows.table.columns]
    bars = [
        {
            "name": period_label(period, rows.unit),
            "short_name": period_label(period, rows.unit, short=True),
            "parts": [
                {"status": status, "count": count, "top": top}
                for status, count, top in zip(shown, counts, sums, strict=True)
                if count
            ],
        }
        for period, counts, sums in zip(
            rows.table.index, rows.table.to_numpy().tolist(), tops.to_numpy().tolist(), strict=True
        )
    ]
    highest = max(tops.iloc[:, -1])
    step = next(
        size * 10**power
        for power in range(20)
        for size in (1, 2, 5)
        if highest <= _GRID_LINES * size * 10**power
    )
    return {
        "unit": rows.unit,
        "statuses": shown,
        "bars": bars,
        "step": step,
        "ceiling": max(-(-int(highest) // step), 1) * step,
    }


def _sections(sections: Iterable[Section]) -> list[dict[str, Any]]:
    """The figures that stand in no table, as labels and texts."""
    return [
        {
            "title": title,
            "pairs": [
                (palette.label(name), f"{value:,}" if currency is None else _amount(value, currency))
                for name, value in figures.items()
            ],
        }
        for title, currency, figures in sections
    ]


def _listed_apart(data: ReportData) -> list[dict[str, Any]]:
    """The tables besides the orders: titles, heads, and the first rows as texts."""
    return [
        _table(name, _TITLES[name], table, LISTED_APART[name]) for name, table in data.listed_apart.items()
    ]


def _table(name: str, title: str, table: pd.DataFrame, columns: Sequence[Column]) -> dict[str, Any]:
    """Write the first rows of a table as texts, in words."""
    rows = table.head(_MOST_ROWS)
    texts = [
        [reason_label(text) or "(none)" for text in cells.objects(rows[column.name])]
        if column.type == "category" or column.name == "reason"
        else _times(rows[column.name], column)
        if column.type == "time"
        else cells.as_text(rows[column.name], column, decimals=cells.decimals_of(rows, column))
        for column in columns
    ]
    return {
        "name": name,
        "title": title,
        "columns": [(palette.label(column.name), column.type in ("money", "count")) for column in columns],
        "rows": list(zip(*texts, strict=True)),
        "more": len(table) - len(rows),
    }


def _script_data(data: ReportData) -> dict[str, Any]:
    """What the page's script searches, sorts and shows."""
    columns = cells.described(data.orders, data.columns)
    names = [column.name for column in columns]
    currencies = data.orders["currency"].dropna().unique()
    codes = {cells.side_currency(str(text), side) for text in currencies for side in SIDES}
    return {
        "count": len(data.orders),
        "status": names.index("status"),
        "statuses": [
            {
                "name": status,
                "label": palette.label(status),
                "meaning": data.statuses[status],
                "review": status not in RECONCILED,
                "several": status in OF_SEVERAL_ORDERS,
            }
            for status in data.statuses
        ],
        "meanings": MEANINGS,
        "labels": {code: palette.label(code) for code in (*MEANINGS, *MATCH_SOURCES)},
        "advice": MATCH_ADVICE,
        "sides": [
            [label, *(names.index(name) if name in names else -1 for name in pair)] for label, *pair in BESIDE
        ],
        "parts": {
            str(row): [(palette.label(name), amount) for name, amount in parts]
            for row, parts in data.explained_by(data.orders.index).items()
        },
        "ticket": {
            "heads": [(name, head) for name, head in TICKET_HEADS.items() if name in names],
            "subjects": TICKET_SUBJECTS,
            "otherwise": TICKET_OTHERWISE,
            "most": MOST_IN_TICKET,
        },
        "decimals": {code: money.decimals(code) for code in sorted(codes)},
        "shown": _shown(names),
        "columns": [
            _column(data.orders.iloc[:, index], column, names, list(data.statuses))
            for index, column in enumerate(columns)
        ],
    }


def _shown(names: list[str]) -> list[int]:
    """Order the columns as people look at them: the cause beside the status, how the pair was made last."""
    status = names.index("status") + 1
    order = dict.fromkeys([*names[:status], "reason", *names[status:]])
    return [names.index(name) for name in sorted(order, key=_SHOWN_LAST.__contains__)]


def _column(values: pd.Series, column: Column, names: list[str], statuses: list[str]) -> dict[str, Any]:
    """Write a column for the script: its values, or its distinct values and a code for each row."""
    head: dict[str, Any] = {
        "name": column.name,
        "label": palette.label(column.name),
        "meaning": column.description,
        "kind": "id" if cells.holds_ids(column) else column.type,
        "printed": column.name not in _NOT_PRINTED,
    }
    if column.type == "money":
        source = cells.currency_column(names, column.name)
        if source is not None:
            head |= {"currency": names.index(source), "side": cells.side_of(column.name)}
        return {**head, "values": cells.objects(values.astype("float64"))}
    texts = (
        values.astype("object")
        if column.type in ("text", "category")
        else pd.Series([text or None for text in _times(values, column)])
    )
    if column.name == "status":
        return {**head, "list": statuses, "codes": pd.Categorical(texts, categories=statuses).codes.tolist()}
    codes, distinct = pd.factorize(texts)
    words = [one_line(str(value)) for value in distinct]
    if len(words) <= _REPEATS * len(values):
        return {**head, "list": words, "codes": codes.tolist()}
    words.append("")  # the code of what is missing is -1
    return {**head, "values": [words[code] for code in codes]}


def _times(values: pd.Series, column: Column) -> list[str]:
    """Write times; without the time of day where they are all days."""
    texts = cells.as_text(values, column)
    are_days = all(text.endswith(_MIDNIGHT) for text in texts if text)
    return [text.removesuffix(_MIDNIGHT) for text in texts] if are_days else texts


def _policy(script: str) -> str:
    """Allow this one script by its digest, inline style, and nothing from anywhere."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = ("default-src 'none'", f"script-src 'sha256-{digest}'", "style-src 'unsafe-inline'")
    return "; ".join((*rules, "img-src data:", "base-uri 'none'", "form-action 'none'"))


def _amount(amount: float, currency: str, unknown: int = 0) -> str:
    return cells.amount_text(amount, currency, unknown).replace("-", "\u2212")


def _json(value: Any, **_: Any) -> str:  # noqa: ANN401
    return orjson.dumps(value).decode()


def _source(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ttsframe.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_function"] = _json  # tojson makes it safe in a <script>
    environment.filters.update(
        amount=_amount,
        thousands="{:,}".format,
        footer_rows=footer_rows,
        label=palette.label,
        one_line=one_line,
        section_title=section_title,
    )
    return environment


_TEMPLATES = _templates()
