"""`ttsframe demo`: the whole job on samples, over real HTTP, without credentials or network."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ttsframe.cli.reconcile import FILES, write
from ttsframe.errors import EXIT_OK
from ttsframe.matching import match
from ttsframe.readers import read_shopify_orders, read_tiktok_orders
from ttsframe.references.lookup import lookup
from ttsframe.report import check_folder, read_comments, save_frame, text_summary

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def run(options: argparse.Namespace) -> int:
    """Run `ttsframe demo`."""
    from ttsframe import sandbox  # noqa: PLC0415 - loaded on first use
    from ttsframe.sandbox import samples  # noqa: PLC0415

    folder: Path = options.output
    check_folder(folder, ("references.csv", *FILES))
    made = samples.write(folder / "samples")
    _say(f"sample exports, with typical data-quality problems: {made.tiktok.name}, {made.shopify.name}")
    tiktok, shopify = read_tiktok_orders(made.tiktok), read_shopify_orders(made.shopify)
    with sandbox.run(made.links) as gateway, gateway.shop() as shop:
        _say(f"querying a simulated gateway at {gateway.base_url} about {len(tiktok):,} orders …")
        refs = lookup(tiktok, shop=shop)
    save_frame(refs, folder / "references.csv")
    result = match(tiktok, shopify, refs).with_comments(read_comments(folder))
    write(result, folder, ids="plain")
    sys.stdout.write(f"\n{text_summary(result.report)}\n\n")
    _say(f"open {folder / 'report.html'} in a browser, or {folder / 'report.xlsx'} in Excel")
    return EXIT_OK


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
