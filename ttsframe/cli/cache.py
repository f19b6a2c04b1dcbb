"""`ttsframe cache`: show or delete cached answers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ttsframe import config
from ttsframe.cache import Cache
from ttsframe.errors import EXIT_OK

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Run `ttsframe cache`."""
    settings, _ = config.read(config.environment(), need=())
    with Cache(settings.cache_file) as cache:
        if options.action == "info":
            path, answers, expired, size_bytes = cache.info()
            sys.stdout.write(
                f"{path}\n{answers:,} answers, {expired:,} expired, {size_bytes / 1e6:,.1f} MB\n"
            )
        else:
            deleted = (
                cache.prune(expired_seconds=settings.stale) if options.action == "prune" else cache.clear()
            )
            sys.stdout.write(f"{deleted:,} answers deleted from {cache.path}\n")
    return EXIT_OK
