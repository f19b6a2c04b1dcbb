"""`ttsframe compare`: what changed between two reports."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ttsframe.columns import MATCH_COMPARED
from ttsframe.errors import EXIT_DIFFERENCES, EXIT_OK
from ttsframe.matching import compare
from ttsframe.report import check_target, save_frame

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Run `ttsframe compare`."""
    if options.output != "-":
        check_target(options.output)
    changes = compare(options.before, options.after)
    target = sys.stdout if options.output == "-" else options.output
    save_frame(changes, target, columns=MATCH_COMPARED, ids=options.ids, sheet="Changes")
    counts = changes["change"].value_counts(sort=False)
    told = ", ".join(
        f"{count:,} {str(change).replace('_', ' ')}" for change, count in counts.items() if count
    )
    where = "" if options.output == "-" else f" → {options.output}"
    sys.stderr.write(f"{told or 'nothing has changed'}{where}\n")
    return EXIT_DIFFERENCES if len(changes) else EXIT_OK
