"""`ttsframe explain`: one order of two exports, in words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ttsframe.cli.reconcile import read_exports, read_saved
from ttsframe.errors import EXIT_OK
from ttsframe.matching import match

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Run `ttsframe explain`; nothing is looked up."""
    tiktok, shopify, settlement = read_exports(options)
    refs = read_saved(options) if options.refs else None
    result = match(tiktok, shopify, refs, tolerance=options.tolerance, settlement=settlement)
    text = result.ticket(order=options.order) if options.ticket else repr(result.explain(options.order))
    sys.stdout.write(f"{text}\n")
    return EXIT_OK
