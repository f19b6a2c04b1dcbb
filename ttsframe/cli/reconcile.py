"""`ttsframe reconcile`: two platforms' exports → a report."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

from ttsframe.cli.options import given_as
from ttsframe.errors import EXIT_DIFFERENCES, EXIT_OK, InputError, SettingsError
from ttsframe.gateway import DEFAULT_PLATFORM, platforms
from ttsframe.matching import Match, match
from ttsframe.readers import read_references, read_shopify_orders, read_tiktok_orders, read_tiktok_settlement
from ttsframe.references.lookup import lookup, plan
from ttsframe.references.progress import duration
from ttsframe.report import check_folder, text_summary

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    import pandas as pd

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
    write(result, options.output, ids=options.ids)
    sys.stdout.write(f"{text_summary(result.report)}\nreport: {options.output / 'report.html'}\n")
    return EXIT_OK if options.exit_zero or not result.report.exception_count else EXIT_DIFFERENCES


def read_exports(options: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]:
    """Read the files of both platforms, and the settlement if there is one."""
    with given_as("tiktok"):
        tiktok = read_tiktok_orders(options.tiktok, tz=options.tz, date_order=options.date_order)
    with given_as("shopify"):
        shopify = read_shopify_orders(options.shopify)
    with given_as("settlement"):
        settlement = read_tiktok_settlement(options.settlement) if options.settlement else None
    return tiktok, shopify, settlement


def read_saved(options: argparse.Namespace) -> pd.DataFrame:
    """Read the references of an earlier run."""
    with given_as("refs"):
        return read_references(options.refs)


def write(result: Match, folder: Path, *, ids: str) -> None:
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
        if options.ask == "unmarked":
            return lookup(tiktok, platform=asked, known=shopify)
        _say_what_marks_would_save(tiktok, shopify, asked)
        return lookup(tiktok, platform=asked)
    except SettingsError as error:
        raise SettingsError(f"{error}\n{_HINT}") from None


def _say_what_marks_would_save(tiktok: pd.DataFrame, shopify: pd.DataFrame, asked: list[str]) -> None:
    """Say once what `--ask unmarked` would save, where it is most of a long wait."""
    with warnings.catch_warnings(action="ignore"):  # `lookup` warns of the same things
        planned = plan(tiktok, platform=asked, known=shopify)
    if planned.seconds_for_all > _LONG_SECONDS and planned.known > _MOSTLY * planned.unique:
        saved = duration(planned.seconds_for_all - planned.seconds)
        sys.stderr.write(
            f"ttsframe: note: Shopify orders name {planned.known:,} of {planned.unique:,} orders: "
            f"--ask unmarked would save about {saved}.\n"
        )
