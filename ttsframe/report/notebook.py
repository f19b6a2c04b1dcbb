"""A report → a compact summary for a notebook: plain HTML and SVG, no script, no outside style."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ttsframe.report import cells, chart, figures, palette
from ttsframe.report.html import amount
from ttsframe.text import counted, one_line

if TYPE_CHECKING:
    from ttsframe.report.model import Report

CHART = chart.Size(460, 230, left=34)
_FRAME = (
    "max-width:1000px;font:13px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;"
    "font-variant-numeric:tabular-nums"
)
_RULE = "border:0;border-bottom:1px solid rgba(128,128,128,.25)"
_CELL = f"{_RULE};padding:3px 14px 3px 0;background:none"


def html_summary(report: Report) -> str:
    """Summarise a report for a notebook.

    Parameters
    ----------
    report
        What to summarise.

    Returns
    -------
    str
        HTML that suits light and dark notebooks: counts, totals per side, a small chart.
    """
    columns = f"<div>{''.join(_tables(report))}</div>{_chart(report)}"
    beside = f'<div style="display:flex;flex-wrap:wrap;gap:4px 32px;align-items:flex-start">{columns}</div>'
    parts = [_heading(report), _bar(report), beside, _foot(report)]
    return f'<div class="ttsframe-report" style="{_FRAME}">{"".join(parts)}</div>'


def _heading(report: Report) -> str:
    whole, work = len(report.rows), figures.to_look_at(report)
    want = f"{work:,} {cells.wants(work)}" if work else "all as they should be"
    says = f"{counted(whole, 'row')}, {want}"
    return (
        f'<div style="margin:4px 0 8px"><b style="font-size:15px">{escape(one_line(report.title))}</b>'
        f'<span style="opacity:.7;margin-left:10px">{says}</span></div>'
    )


def _bar(report: Report) -> str:
    style = "display:flex;gap:2px;height:8px;border-radius:4px;overflow:hidden;margin:0 0 10px"
    return f'<div style="{style}">{chart.share_bar(report)}</div>'


def _tables(report: Report) -> list[str]:
    heads = [*report.amounts, *figures.difference_heads(report)]
    blocks = figures.total_lines(report)
    told = "".join(f"<li>{escape(said)}</li>" for said in figures.said_beneath(report, blocks.values()))
    style = "opacity:.7;font-size:12px;max-width:520px;margin:0 0 12px;padding-left:16px"
    tables = [_table(report, currency, heads, lines) for currency, lines in blocks.items()]
    return [*tables, f'<ul style="{style}">{told}</ul>'] if told and report.amounts else tables


def _table(report: Report, currency: str, heads: list[str], lines: list[figures.Line]) -> str:
    tops = "".join(_number(escape(f"{head} {currency}".strip()), bold=False, quiet=True) for head in heads)
    rows = "".join(_row(report, line) for line in lines) + _apart(lines[-1])
    style = "border-collapse:collapse;margin:0 0 12px;font-size:13px"
    name = "Status" if currency else figures.headed("Status", currency)
    first = f'<td style="{_CELL};text-align:left;opacity:.7">{name}</td>'
    head = f'<tr style="background:none">{first}{_number("Rows", bold=False, quiet=True)}{tops}</tr>'
    return f'<table style="{style}"><thead>{head}</thead><tbody>{rows}</tbody></table>'


def _row(report: Report, line: figures.Line) -> str:
    bold = line.status is None
    name = "<b>All</b>" if line.status is None else _status(report, line.status)
    values = [f"{line.rows:,}", *(amount(value) for value in (*line.amounts, *figures.differences(line)))]
    numbers = "".join(_number(value, bold=bold) for value in values)
    return f'<tr style="background:none"><td style="{_CELL};text-align:left">{name}</td>{numbers}</tr>'


def _apart(total: figures.Line) -> str:
    """The rows beneath the sum: what it leaves out, without a difference."""
    rows = []
    for name, held in figures.beneath(total).items():
        head = f'<td style="{_CELL};text-align:left;opacity:.7">{escape(palette.label(name))}</td>'
        numbers = "".join(_number(amount(value), bold=False, quiet=True) for value in held)
        blank = f'<td style="{_CELL}"></td>'
        numbers += blank * len(figures.differences(total))
        rows.append(f'<tr style="background:none">{head}{blank}{numbers}</tr>')
    return "".join(rows)


def _status(report: Report, status: str) -> str:
    dot = "display:inline-block;width:9px;height:9px;border-radius:50%;margin-right:8px"
    colour = chart.colour(report, status)
    return f'<span style="{dot};background:{colour}"></span>{escape(palette.label(status))}'


def _number(text: str, *, bold: bool, quiet: bool = False) -> str:
    weight = ";font-weight:600" if bold else ""
    opacity = ";opacity:.7" if quiet else ""
    return f'<td style="{_CELL};text-align:right;white-space:nowrap{weight}{opacity}">{text}</td>'


def _chart(report: Report) -> str:
    drawn = chart.days_svg(report, CHART)
    return f'<div style="flex:1 1 320px;max-width:{CHART.width}px">{drawn}</div>' if drawn else ""


def _foot(report: Report) -> str:
    lines = [f"{name}: {value}" for name, value in report.provenance.items()]
    items = "".join(f"<li>{escape(one_line(line))}</li>" for line in [*lines, *report.notes])
    if not items:
        return ""
    return f'<details style="opacity:.8"><summary>Where from, and notes</summary><ul>{items}</ul></details>'
