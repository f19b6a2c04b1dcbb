"""A report → one self-contained HTML page.

The page loads nothing: style, script and data stand in it, and its content security policy
forbids everything else. Data reaches the script as JSON and the page as text, never as markup.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pandas as pd

from ttsframe.report import cells, chart, figures, palette
from ttsframe.report.files import replacing
from ttsframe.report.model import LONG_NUMBERS_IN_EXCEL
from ttsframe.text import one_line

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from ttsframe.columns import Column
    from ttsframe.report.model import Report

CHART = chart.Size(760, 410)
_SLOT = re.compile(r"\{\{(\w+)\}\}")
_CODE = re.compile("`([^`]+)`")
_REPEATS = 0.5  # a column of fewer distinct values than this share of its rows is written as a list and codes


def write_html(report: Report, path: str | os.PathLike[str]) -> Path:
    """Write a report as one self-contained page.

    Parameters
    ----------
    report
        What to write.
    path
        The `.html` file, replaced as a whole.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    target = Path(path)
    page = page_html(report)
    with replacing(target) as part:
        part.write_bytes(page)
    return target


def page_html(report: Report) -> bytes:
    """Return the page, in UTF-8."""
    script = _template("page.js")
    parts: dict[str, str] = {
        "title": escape(one_line(report.title)),
        "policy": _policy(script),
        "style": _status_css(report) + _template("page.css"),
        "script": script,
        "lead": _lead(report),
        "share": chart.share_bar(report),
        "tiles": _tiles(report),
        "chart": _chart(report),
        "totals": _totals(report),
        "about": _about(report),
        "made": escape(_made(report)),
        "data": _json(_data(report)),
    }
    page = _SLOT.sub(lambda slot: parts[slot[1]], _template("page.html"))
    return page.encode("utf-8", errors="replace")


def totals_table(report: Report, currency: str, lines: list[figures.Line]) -> str:
    """Write the totals of one currency as a `<table>`."""
    heads = [*report.amounts, *figures.difference_heads(report)]
    cells_of_head = "".join(f'<th scope="col" class="num">{escape(head)}</th>' for head in ["Rows", *heads])
    name = escape(f"Amounts in {currency}" if currency else figures.headed("Amounts", currency))
    body = "".join(_totals_row(report, line) for line in lines) + _apart(lines[-1])
    return (
        f'<table class="totals"><thead><tr><th scope="col">{name}</th>{cells_of_head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def amount(value: float) -> str:
    """Write an amount for reading: thousands apart, a true minus sign; in words if it is not known."""
    if math.isnan(value):
        return figures.NOT_KNOWN
    text = f"{value:,.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "\u2212")


def _totals_row(report: Report, line: figures.Line) -> str:
    values = (*line.amounts, *figures.differences(line))
    numbers = "".join(f'<td class="num">{amount(value)}</td>' for value in values)
    if line.status is None:
        head = '<th scope="row">All</th>'
        return f'<tr class="all">{head}<td class="num">{line.rows:,}</td>{numbers}</tr>'
    dot = f'<span class="dot" style="background:{chart.colour(report, line.status)}"></span>'
    head = f'<th scope="row">{dot}{escape(palette.label(line.status))}</th>'
    return f'<tr>{head}<td class="num">{line.rows:,}</td>{numbers}</tr>'


def _apart(total: figures.Line) -> str:
    """The rows beneath the sum: what it leaves out, without a difference."""
    rows = []
    for name, held in figures.beneath(total).items():
        numbers = "".join(f'<td class="num">{amount(value)}</td>' for value in held)
        rows.append(
            f'<tr class="apart"><th scope="row">{escape(palette.label(name))}</th><td></td>{numbers}</tr>'
        )
    return "".join(rows)


def _template(name: str) -> str:
    return resources.files("ttsframe.report").joinpath(name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    """Allow this one script by its digest, inline style, and nothing from anywhere."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = ("default-src 'none'", f"script-src 'sha256-{digest}'", "style-src 'unsafe-inline'")
    return "; ".join((*rules, "img-src data:", "base-uri 'none'", "form-action 'none'"))


def _status_css(report: Report) -> str:
    """The status colours as variables, for both themes."""
    shades = list(palette.colours(figures.counts(report)).values())
    light = "".join(
        f"--tts-s{n}:{shade.solid};--tts-f{n}:{shade.light_fill};--tts-t{n}:{shade.light_text};"
        for n, shade in enumerate(shades)
    )
    dark = "".join(
        f"--tts-f{n}:{shade.dark_fill};--tts-t{n}:{shade.dark_text};" for n, shade in enumerate(shades)
    )
    classes = "".join(
        f".s{n}{{--dot:var(--tts-s{n});--fill:var(--tts-f{n});--ink:var(--tts-t{n})}}"
        for n in range(len(shades))
    )
    return (
        f":root{{{light}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
        f"@media screen{{:root[data-theme=dark]{{{dark}}}}}{classes}\n"
    )


def _lead(report: Report) -> str:
    whole, work = len(report.rows), figures.to_look_at(report)
    rest = whole - work
    if not whole:
        return "There are no orders in this report."
    if not work:
        return (
            "The only row is as it should be."
            if whole == 1
            else f"All <b>{whole:,}</b> rows are as they should be."
        )
    fine = "1 is as it should be" if rest == 1 else f"{rest:,} are as they should be"
    return (
        f"<b>{work:,}</b> of <b>{whole:,}</b> {'row' if whole == 1 else 'rows'} {cells.wants(work)}; {fine}."
    )


def _tiles(report: Report) -> str:
    found = figures.counts(report)
    whole = sum(found.values())
    work = figures.to_look_at(report)
    head = '<span class="tile-head">All rows</span>'
    tiles = [
        (
            f'<button type="button" class="tile" data-status="" aria-pressed="true">{head}'
            f'<span class="tile-count">{whole:,}</span><span class="tile-share"></span>'
            f'<span class="tile-meaning">{work:,} {cells.wants(work)}</span></button>'
        )
    ]
    for place, (status, count) in enumerate(found.items()):
        badge = '<span class="work">to do</span>' if count and status not in report.good else ""
        meaning = escape(report.statuses.get(status, ""))
        tiles.append(
            f'<button type="button" class="tile s{place}" data-status="{place}" aria-pressed="false" '
            f'title="{meaning}"{"" if count else " disabled"}>'
            f'<span class="tile-head"><span class="dot"></span>'
            f"{escape(palette.label(status))}{badge}</span>"
            f'<span class="tile-count">{count:,}</span>'
            f'<span class="tile-share">{figures.share(count, whole):.1f} %</span>'
            f'<span class="tile-meaning">{meaning}</span></button>'
        )
    return "".join(tiles)


def _chart(report: Report) -> str:
    days = figures.per_day(report)
    if days is None:
        return ""
    shown = [status for status in figures.counts(report) if status in days.table.columns]
    legend = "".join(
        f'<li><span class="dot" style="background:{chart.colour(report, status)}"></span>'
        f"{escape(palette.label(status))}</li>"
        for status in shown
    )
    return (
        f'<section class="card chart"><h2>Rows by {days.unit}</h2>{chart.days_svg(report, CHART)}'
        f'<ul class="legend">{legend}</ul></section>'
    )


def _totals(report: Report) -> str:
    if not report.amounts:
        return ""
    lines = figures.total_lines(report)
    blocks = [totals_table(report, currency, block) for currency, block in lines.items()]
    tables = f'<div class="scroll-x">{"".join(blocks)}</div>'
    said = figures.said_beneath(report, lines.values())
    told = "".join(f'<p class="told">{escape(sentence)}</p>' for sentence in said)
    return f'<section class="card"><h2>Totals per side</h2>{tables}{told}</section>'


def _about(report: Report) -> str:
    notes = "".join(f"<li>{escape(one_line(note))}</li>" for note in report.notes)
    blocks = [
        f"<section><h3>Made from</h3>{_definitions(report.provenance)}</section>",
        *_further(report),
        f"<section><h3>Notes</h3><ul>{notes}</ul></section>" if notes else "",
        f"<section><h3>Statuses</h3>{_definitions(_labelled(report.statuses.items()))}</section>",
        f"<section><h3>Columns</h3>{_definitions(_labelled(_meanings(report)))}</section>",
        f"<section><h3>Long numbers in Excel</h3><p>{escape(LONG_NUMBERS_IN_EXCEL)}</p></section>",
    ]
    return "".join(blocks)


def _further(report: Report) -> list[str]:
    """The figures that only the maker of the report knows, a block a section."""
    sections: dict[str, dict[str, str]] = {}
    for section, name, value in figures.further(report):
        text = amount(value) if isinstance(value, float) else str(value)
        sections.setdefault(section, {})[name] = text
    return [
        f"<section><h3>{escape(palette.label(section))}</h3>{_definitions(_labelled(pairs.items()))}</section>"
        for section, pairs in sections.items()
    ]


def _definitions(pairs: Mapping[str, str]) -> str:
    items = (
        f"<dt>{escape(one_line(str(name)))}</dt><dd>{_with_code(str(text))}</dd>"
        for name, text in pairs.items()
    )
    return f"<dl>{''.join(items)}</dl>"


def _with_code(text: str) -> str:
    """Escape a text, and show what stands between backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(one_line(text)))


def _labelled(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {palette.label(name): text for name, text in pairs}


def _meanings(report: Report) -> list[tuple[str, str]]:
    return [(column.name, column.meaning) for column in report.columns]


def _made(report: Report) -> str:
    return " · ".join(f"{name}: {value}" for name, value in list(report.provenance.items())[:2])


def _data(report: Report) -> dict[str, Any]:
    columns = cells.described(report.rows, report.columns)
    statuses = list(figures.counts(report))
    return {
        "count": len(report.rows),
        "status": [column.name for column in columns].index(report.status),
        "statuses": [
            {"name": status, "label": palette.label(status), "work": status not in report.good}
            for status in statuses
        ],
        "shown": _shown(report, [column.name for column in columns]),
        "columns": [
            _column(report.rows.iloc[:, place], column, statuses if column.name == report.status else None)
            for place, column in enumerate(columns)
        ],
    }


def _shown(report: Report, names: list[str]) -> list[int]:
    """Places of the columns in the order that the page shows them."""
    return sorted(range(len(names)), key=lambda place: names[place] in report.last)


def _column(values: pd.Series, column: Column, statuses: list[str] | None) -> dict[str, Any]:
    """A column for the script: its values, or its distinct values and a code for each row."""
    head = {
        "name": column.name,
        "label": palette.label(column.name),
        "meaning": column.meaning,
        "kind": "id" if cells.holds_ids(column) else column.kind,
    }
    if column.kind == "money":
        amounts = values.astype("object").where(values.notna(), None)
        return {**head, "values": [None if value is None else float(value) for value in amounts]}
    texts = (
        values.astype("object") if column.kind in ("text", "category") else pd.Series(_plain(values, column))
    )
    if statuses is not None:
        return {**head, "list": statuses, "codes": pd.Categorical(texts, categories=statuses).codes.tolist()}
    codes, distinct = pd.factorize(texts)
    words = [one_line(str(value)) for value in distinct]
    if len(words) <= _REPEATS * len(values):
        return {**head, "list": words, "codes": codes.tolist()}
    words.append("")  # the code of what is missing is -1
    return {**head, "values": [words[code] for code in codes]}


def _plain(values: pd.Series, column: Column) -> list[str | None]:
    return [text or None for text in cells.as_text(values, column)]


def _json(data: dict[str, Any]) -> str:
    """Encode for a `<script>` element: no `<`, `>`, `&` or line separator stands in it."""
    text = orjson.dumps(data).decode()
    for sign in ("<", ">", "&", "\u2028", "\u2029"):
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
