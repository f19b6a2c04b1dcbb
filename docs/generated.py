"""What the manual takes from the code: tables, help texts and pictures.

A page names what it wants between two comments, `<!-- table: statuses -->` and `<!-- end -->`. Tables are
also written between them, so that the pages can be read on a code host:

python -m docs.generated     # writes them anew
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import os
import re
import tempfile
from pathlib import Path
from unittest import mock

import orjson
import pandas as pd
from python_calamine import CalamineWorkbook

import ttsframe as tts
from docs import pictures
from ttsframe import columns, config, errors
from ttsframe.cli import options
from ttsframe.cli.reconcile import write
from ttsframe.gateway import PLATFORMS
from ttsframe.readers import detect, headers
from ttsframe.report import exceptions, json_figures
from ttsframe.sandbox import behaviour as parts
from ttsframe.sandbox import samples

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs").rglob("*.md"))
_MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_DTYPES = {
    "text": "str",
    "category": "category",
    "flag": "bool",
    "count": "Int64",
    "http_status": "Int16",
    "money": "float64",
    "time": "datetime64[us]",
    "utc": "datetime64[us, UTC]",
}
_UNITS = {86400: "d", 3600: "h", 60: "m", 1: "s"}


def filled(page):
    """A page of the site, with all that it wants in place of the comments."""
    return _MARKED.sub(lambda found: GENERATED[found[2]](), page)


def with_tables(text):
    """Write the tables of a page anew, between the comments that name them."""
    return _MARKED.sub(
        lambda found: found[0] if found[2] in SITE_ONLY else f"{found[1]}{GENERATED[found[2]]()}\n{found[3]}",
        text,
    )


def marked(text):
    """The names of what a text wants."""
    return [name for _, name, _ in _MARKED.findall(text)]


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def code(word):
    return "" if word in ("", None) else f"`{word}`"


def column_table(described):
    return table(
        ["column", "dtype", "meaning"],
        [[code(column.name), _DTYPES[column.type], column.description] for column in described],
    )


def word_table(head, words):
    return table(head, [[code(word), meaning] for word, meaning in words.items()])


def advised(words):
    """Statuses or reasons with what to do about them."""
    return table(
        ["word", "meaning", "what to do"],
        [[code(word), meaning, columns.MATCH_ADVICE.get(word, "")] for word, meaning in words.items()],
    )


def match_statuses():
    return table(
        ["status", "when", "needs review", "what to do"],
        [
            [
                code(status),
                when,
                "" if status in exceptions.RECONCILED else "yes",
                exceptions.advice(status, None),
            ]
            for status, when in (columns.MATCH_STATUSES | columns.MATCH_GUESSED).items()
        ],
    )


def settings():
    described = dict(re.findall(r"(\w+)\n        ?(.+?) \(`TTSFRAME_\w+`\)", config.Settings.__doc__))
    return table(
        ["environment", "`Shop.from_env(…)`", "default", "meaning"],
        [
            [code(field.metadata["name"]), code(f"{field.name}="), _default(field), described[field.name]]
            for field in dataclasses.fields(config.Settings)
        ],
    )


def _default(field):
    """A default as it would be typed."""
    if field.default is None:
        return ""
    if field.metadata["read"] not in (config.seconds, config._positive_seconds):
        return code(field.default)
    seconds = next(seconds for seconds in _UNITS if field.default % seconds == 0)
    return code(f"{field.default / seconds:g}{_UNITS[seconds]}")


def credentials():
    described = dict(re.findall(r"    (\w+)\n        (.+)", config.Credentials.__doc__))
    return table(
        ["environment", "`Credentials(…)`", "meaning"],
        [
            [code(name), code(f"{field}="), described[field]]
            for field, name in config._CREDENTIAL_NAMES.items()
        ],
    )


def command_names():
    return table(
        ["command", "what it does"], [[code(f"ttsframe {each.name}"), each.help] for each in options.COMMANDS]
    )


def commands():
    """Every command with its `--help` text."""
    with mock.patch.dict(os.environ, {"COLUMNS": "80", "NO_COLOR": "1"}):
        parser = options.parser()
        (choices,) = (action.choices for action in parser._actions if isinstance(action.choices, dict))
        texts = {"ttsframe": parser.format_help()}
        texts |= {f"ttsframe {name}": command.format_help() for name, command in choices.items()}
    return "\n\n".join(f"## `{name}`\n\n```text\n{text}```" for name, text in texts.items())


def exit_codes():
    ends = {code: {} for code in (errors.EXIT_DIFFERENCES, errors.EXIT_INCOMPLETE)}
    for command in options.COMMANDS:
        for exit_code, meaning in zip(ends, (command.exit_1, command.exit_3), strict=True):
            if meaning:
                ends[exit_code].setdefault(meaning, []).append(f"`{command.name}`")
    told = {
        exit_code: "; ".join(f"{', '.join(names)}: {meaning}" for meaning, names in meanings.items())
        for exit_code, meanings in ends.items()
    }
    rows = {
        errors.EXIT_OK: "success",
        **told,
        errors.EXIT_ERROR: "an error; the message says what to do",
        errors.EXIT_INTERRUPTED: "interrupted by Ctrl-C; every answer received is kept",
    }
    return table(["exit code", "meaning"], [[code(number), rows[number]] for number in sorted(rows)])


def error_classes():
    subclasses = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return table(
        ["class", "meaning"],
        [
            [code(f"tts.errors.{kind.__name__}"), kind.__doc__.split("\n\n")[0].replace("\n    ", " ")]
            for kind in subclasses
        ],
    )


def header_table(fields):
    return table(
        ["what is read", "columns that it is read from"],
        [[code(field), ", ".join(map(code, names))] for field, names in fields.items()],
    )


def export_types():
    return table(
        ["file", "what to do with it"],
        [[known.words.removeprefix("a "), known.advice] for known in detect.EXPORT_TYPES],
    )


def platforms():
    return ", ".join(map(code, PLATFORMS))


@functools.cache
def _sample():
    """A report on the demo's sample orders: its JSON, and the files of its folder."""
    with tempfile.TemporaryDirectory() as folder:
        made = samples.write(Path(folder) / "samples", count=60)
        tiktok, shopify = tts.read_tiktok_orders(made.tiktok), tts.read_shopify_orders(made.shopify)
        with tts.sandbox.run(made.links) as gateway, gateway.shop() as shop:
            refs = tts.lookup(tiktok, shop=shop, progress=False)
        report = Path(folder) / "report"
        result = tts.match(tiktok, shopify, refs).with_comments(tts.read_comments(report))
        write(result, report, ids="plain")
        names = sorted(path.name for path in report.iterdir())
        workbook = CalamineWorkbook.from_path(report / "report.xlsx")
        figures = orjson.loads(json_figures(result.report))
        figures["provenance"]["made at"] = "2026-11-23 18:40:00 UTC"  # the same in every copy of the page
        return figures, names, workbook.sheet_names


def sample_rows(name, *wanted, rows):
    """Some rows of a sample export, as they stand in the file."""
    with tempfile.TemporaryDirectory() as folder:
        export = pd.read_csv(getattr(samples.write(Path(folder)), name), dtype=str).fillna("")
    return table(wanted, [list(map(str.strip, row)) for row in export.loc[rows, wanted].to_numpy()])


def report_files():
    _, names, _ = _sample()
    per_status = [name for name in names if name.removesuffix(".csv") in columns.MATCH_STATUSES]
    told = {
        "report.html": "the page: summary, chart, and tables to search, sort and filter; needs no network",
        "report.xlsx": "the workbook: summary, all orders, and a sheet per status that needs review",
        "orders.csv": "one row per order or pair",
        "summary.csv": "the figures: section, side, currency, name, value",
        "comments.json": "the comments that the other files hold, so that the next report can carry them on",
    }
    assert sorted([*told, *per_status]) == names, names
    rows = [[code(name), meaning] for name, meaning in told.items()]
    rows.append([", ".join(map(code, per_status)), "one file per status that needs review and has rows"])
    return table(["file", "what it holds"], rows)


def sheets():
    return ", ".join(f"“{name}”" for name in _sample()[2])


def json_keys():
    return table(
        ["key", "type", "example"],
        [[code(key), kind, code(example)] for key, kind, example in _walk(_sample()[0])],
    )


def json_sections():
    found = {}
    for figure in _sample()[0]["figures"]:
        found.setdefault(figure["section"], {})[figure["name"]] = None
    return table(
        ["section", "names in the sample"],
        [[code(section), ", ".join(map(code, names))] for section, names in found.items()],
    )


def _walk(value, key=""):
    """Every key of a JSON value, with type and first example."""
    kinds = {
        dict: "object",
        list: "list",
        str: "text",
        int: "whole number",
        float: "number",
        type(None): "null",
    }
    open_keys = ("provenance", "counts")
    for name, held in value.items():
        path = f"{key}{name}"
        if isinstance(held, list):
            yield f"{path}[]", "list of objects", ""
            examples = {}
            for entry in held:
                for inner, item in entry.items():
                    examples.setdefault(inner, {}).setdefault(kinds[type(item)], item)
            for inner, by_kind in examples.items():
                example = next((str(item) for item in by_kind.values() if item is not None), "")
                yield f"{path}[].{inner}", " or ".join(sorted(by_kind, key="null".__eq__)), example
        elif isinstance(held, dict):
            yield path, "object", ""
            shown = itertools.islice(held.items(), 2 if name in open_keys else None)
            yield from _walk(dict(shown), f"{path}.")
        else:
            yield path, kinds[type(held)], str(held)


def api():
    """Every public name, as mkdocstrings documents it."""
    names = [name for name in tts.__all__ if not name.startswith("_") and name != "sandbox"]
    verbs = [name for name in names if name[0].islower()]
    classes = [name for name in names if name[0].isupper() and name != "TtsframeError"]
    return "\n\n".join(f"::: ttsframe.{name}" for name in (*verbs, *classes))


def sandbox_options():
    rows = []
    for part in (parts.Answers, parts.Latency, parts.Limit, parts.Faults, parts.Access):
        text = Path(parts.__file__).read_text()
        body = text.split(f"class {part.__name__}:")[1].split("\n@dataclass")[0]
        for name, default, meaning in re.findall(r'    (\w+): [^=]+ = (.+)\n    """((?s:.+?))"""', body):
            shown = "{}" if default.startswith("field") else default
            rows.append([code(f"{name}="), code(shown), re.sub(r"\s+", " ", meaning)])
    return table(["option", "default", "meaning"], rows)


def file_of_the_repository(name):
    """A Markdown file of the repository as a page; links to other files become plain text."""
    text = (ROOT / name).read_text()
    text = re.sub(r"\]\(docs/([^)]+)\)", r"](\1)", text)
    return re.sub(r"\[([^\]]+)\]\((?!architecture)[^):]+\)", r"\1", text)


GENERATED = {
    "references": lambda: column_table(columns.REFERENCES),
    "line_items": lambda: column_table(columns.LINE_ITEMS[3:5]),
    "statuses": lambda: word_table(["status", "when"], columns.STATUSES),
    "reasons": lambda: advised(columns.REASONS),
    "tiktok_orders": lambda: column_table(columns.TIKTOK_ORDERS),
    "shopify_orders": lambda: column_table(columns.SHOPIFY_ORDERS),
    "settlements": lambda: column_table(columns.SETTLEMENTS),
    "match": lambda: column_table(columns.MATCH_ORDERS),
    "match_settlement": lambda: column_table(columns.MATCH_SETTLEMENT),
    "match_statuses_advised": match_statuses,
    "match_reasons": lambda: advised(columns.MATCH_REASONS),
    "components": lambda: word_table(["component", "meaning"], columns.COMPONENTS),
    "exceptions": lambda: column_table(columns.EXCEPTIONS),
    "match_comments": lambda: column_table(columns.MATCH_COMMENTS),
    "totals_by_day": lambda: column_table(columns.TOTALS_BY["day"]),
    "totals_by_payout": lambda: column_table(columns.TOTALS_BY["payout"]),
    "bridge": lambda: column_table(columns.BRIDGE),
    "bridge_lines": lambda: word_table(["line", "meaning"], columns.BRIDGE_LINES),
    "only_settlement": lambda: column_table(columns.ONLY_SETTLEMENT),
    "settlement_statuses": lambda: word_table(["status", "when"], columns.SETTLEMENT_STATUSES),
    "cut_off": lambda: column_table(columns.CUT_OFF),
    "tie_out": lambda: column_table(columns.TIE_OUT),
    "tie_out_lines": lambda: word_table(["line", "meaning"], columns.TIE_OUT_LINES),
    "sources": lambda: column_table(columns.SOURCES),
    "compared": lambda: column_table(columns.MATCH_COMPARED),
    "changes": lambda: word_table(["change", "meaning"], columns.MATCH_CHANGES),
    "settings": settings,
    "credentials": credentials,
    "command_names": command_names,
    "commands": commands,
    "exit_codes": exit_codes,
    "errors": error_classes,
    "tiktok_headers": lambda: header_table(headers.TIKTOK_FIELDS),
    "shopify_headers": lambda: header_table(headers.SHOPIFY_FIELDS),
    "settlement_headers": lambda: header_table(headers.SETTLEMENT_FIELDS),
    "export_types": export_types,
    "tiktok_rows": lambda: sample_rows(
        "tiktok", "Order ID", "Order Status", "Seller SKU", "Order Amount", "Created Time", rows=[1, 3]
    ),
    "shopify_rows": lambda: sample_rows(
        "shopify", "Name", "Financial Status", "Total", "Created at", "Tags", rows=[0, 2]
    ),
    "report_files": report_files,
    "sheets": sheets,
    "json_keys": json_keys,
    "json_sections": json_sections,
    "platforms": platforms,
    "api": api,
    "sandbox_options": sandbox_options,
    "status_pictures": pictures.every_status,
    "contributing": lambda: file_of_the_repository("CONTRIBUTING.md"),
    "changelog": lambda: file_of_the_repository("CHANGELOG.md"),
}
"""By name: what makes it."""
SITE_ONLY = ("api", "changelog", "commands", "contributing", "status_pictures")
"""Pictures, docstrings, help texts (which differ by the version of Python), and copies of other files."""

if __name__ == "__main__":
    for page in PAGES:
        page.write_text(with_tables(page.read_text()))
