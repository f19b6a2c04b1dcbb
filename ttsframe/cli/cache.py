"""`ttsframe cache`: look at the stored answers, or delete them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ttsframe import config
from ttsframe.cache import Cache
from ttsframe.errors import EXIT_OK

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Look or delete; see `ttsframe cache --help`."""
    with Cache(config.read_settings(config.environment()).cache_file) as store:
        if options.action == "info":
            path, answers, expired, size_bytes = store.info()
            sys.stdout.write(
                f"{path}\n{answers:,} answers, {expired:,} expired, {size_bytes / 1e6:,.1f} MB\n"
            )
        else:
            deleted = store.prune() if options.action == "prune" else store.clear()
            sys.stdout.write(f"{deleted:,} answers deleted from {store.path}\n")
    return EXIT_OK
