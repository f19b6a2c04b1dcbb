"""`ttsframe reconcile`: two platforms' exports → a report."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ttsframe.cli.options import given_as
from ttsframe.errors import EXIT_DIFFERENCES, EXIT_INCOMPLETE, EXIT_OK, InputError, SettingsError
from ttsframe.gateway import DEFAULT_PLATFORM, platforms
from ttsframe.matching import Match, match
from ttsframe.readers import read_references, read_shopify_orders, read_tiktok_orders, read_tiktok_settlement
from ttsframe.references.lookup import lookup, plan
from ttsframe.references.progress import duration
from ttsframe.references.shop import Shop
from ttsframe.report import check_folder, json_figures, read_comments, text_summary
from ttsframe.report.files import atomic_write, check_writable
from ttsframe.text import counted

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from ttsframe.report.cells import Ids

FILES = ("orders.csv", "summary.csv", "report.xlsx", "report.html")
"""What `write` leaves in the folder, besides one file per status."""
_MOSTLY = 0.8
_LONG_SECONDS = 600
_HINT = "To use only the TikTok order ids in the Shopify orders, which needs no credentials, add --ask none."


def run(options: argparse.Namespace) -> int:
    """Run `ttsframe reconcile`."""
    if options.refs and options.ask != "all":
        raise InputError("--refs and --ask exclude each other. Give one of them.")
    first, last = vars(options)["from"], options.to
    if (first is None) != (last is None):
        raise InputError("--from and --to belong together: give both days.")
    asked = platforms(options.platform or DEFAULT_PLATFORM)
    check_folder(options.output, FILES)
    if options.json and options.json != "-":
        check_writable(Path(options.json))
    comments = [read_comments(folder) for folder in (options.comments, options.output) if folder]
    tiktok, shopify, settlement = read_exports(options)
    refs = _references(options, tiktok, shopify, asked)
    result = match(
        tiktok,
        shopify,
        refs,
        tolerance=options.tolerance,
        settlement=settlement,
        probable=options.probable,
        period=None if first is None else (first, last),
    )
    result = result.with_header(
        client=options.client,
        prepared_by=options.prepared_by,
        reviewed_by=options.reviewed_by,
        reference=options.reference,
    )
    for each in comments:
        result = result.with_comments(each)
    write(result, options.output, ids=options.ids)
    return _conclude(options, result, refs)


def _conclude(options: argparse.Namespace, result: Match, refs: pd.DataFrame | None) -> int:
    """Print the summary, with the figures as JSON if asked, and return the exit code."""
    incomplete, review = _incomplete(refs), result.report.exception_count
    exit_code = EXIT_INCOMPLETE if incomplete else EXIT_DIFFERENCES if review else EXIT_OK
    exit_code = EXIT_OK if exit_code == EXIT_DIFFERENCES and options.exit_zero else exit_code
    lines = [text_summary(result.report), f"report: {options.output / 'report.html'}"]
    if review:
        told = counted(review, "row needs", "rows need")
        lines.append(f"{told} review" + ("." if incomplete else f" (exit status {exit_code})."))
    if incomplete:
        told = counted(incomplete, "look-up is", "look-ups are")
        lines.append(f"{told} incomplete: run the same command again (exit status {exit_code}).")
    figures = {"rows": len(result.orders), "needs_review": review, "incomplete": incomplete, **result.counts}
    known = 0 if refs is None else int(refs["reason"].eq("known").sum())
    figures |= {"not_looked_up": known, "exit": exit_code}
    lines.append(f"SUMMARY {' '.join(f'{name}={figure}' for name, figure in figures.items())}")
    text = "\n".join(lines) + "\n"
    if options.json == "-":
        sys.stdout.write(json_figures(result.report).decode())
        sys.stderr.write(text)
        return exit_code
    if options.json:
        with atomic_write(Path(options.json)) as part:
            part.write_bytes(json_figures(result.report))
    sys.stdout.write(text)
    return exit_code


def _incomplete(refs: pd.DataFrame | None) -> int:
    """Count the orders that another run may answer, or answer anew."""
    if refs is None:
        return 0
    unanswered = refs["status"].eq("failed") | (refs["status"].eq("skipped") & refs["reason"].ne("known"))
    return int(refs.loc[unanswered | refs["reason"].eq("stale"), "order_id"].nunique())


def read_exports(options: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]:
    """Read the files of both platforms, and the settlement if there is one."""
    with given_as("tiktok"):
        tiktok = read_tiktok_orders(
            options.tiktok,
            tz=options.tz,
            date_order=options.date_order,
            columns=dict(options.tiktok_columns or ()),
            currency=options.tiktok_currency,
        )
    with given_as("shopify"):
        shopify = read_shopify_orders(
            options.shopify,
            columns=dict(options.shopify_columns or ()),
            currency=options.shopify_currency,
        )
    settlement = None
    if options.settlement:
        with given_as("settlement"):
            settlement = read_tiktok_settlement(
                options.settlement,
                columns=dict(options.settlement_columns or ()),
                currency=options.settlement_currency,
            )
    return tiktok, shopify, settlement


def read_saved(options: argparse.Namespace) -> pd.DataFrame:
    """Read the references of an earlier run."""
    with given_as("refs"):
        return read_references(options.refs)


def write(result: Match, folder: Path, *, ids: Ids) -> None:
    """Write the whole report to a folder: CSV files, the workbook and the page."""
    result.to_csv(folder, ids=ids)
    result.to_excel(folder)
    result.to_html(folder)


def _references(
    options: argparse.Namespace, tiktok: pd.DataFrame, shopify: pd.DataFrame, asked: list[str]
) -> pd.DataFrame | None:
    if options.ask == "none":
        return None
    if options.refs:
        return read_saved(options)
    try:
        with Shop.from_env() as shop:
            if options.ask == "unmarked":
                return lookup(tiktok, platform=asked, shop=shop, known=shopify)
            _say_what_marks_would_save(tiktok, shopify, asked, shop)
            return lookup(tiktok, platform=asked, shop=shop)
    except SettingsError as error:
        raise SettingsError(f"{error}\n{_HINT}") from None


def _say_what_marks_would_save(
    tiktok: pd.DataFrame, shopify: pd.DataFrame, asked: list[str], shop: Shop
) -> None:
    """Say once what `--ask unmarked` would save, where it is most of a long wait."""
    with warnings.catch_warnings(action="ignore"):  # `lookup` warns of the same things
        planned = plan(tiktok, platform=asked, shop=shop, known=shopify)
    if planned.seconds_for_all > _LONG_SECONDS and planned.known > _MOSTLY * planned.unique:
        saved = duration(planned.seconds_for_all - planned.seconds)
        sys.stderr.write(
            f"ttsframe: note: Shopify orders name {planned.known:,} of {planned.unique:,} orders: "
            f"--ask unmarked would save about {saved}.\n"
        )
