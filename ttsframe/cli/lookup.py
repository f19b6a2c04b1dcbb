"""`ttsframe lookup`: files of order ids → a file of references."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from ttsframe.cli.options import given_as
from ttsframe.columns import LINE_ITEMS, REFERENCES
from ttsframe.errors import EXIT_DIFFERENCES, EXIT_OK, InputError
from ttsframe.gateway import DEFAULT_PLATFORM, platforms
from ttsframe.readers import read_ids
from ttsframe.references.lookup import lookup, plan
from ttsframe.report import check_target, save_frame

if TYPE_CHECKING:
    import argparse

_ANSWERED = ("linked", "unlinked")


def run(options: argparse.Namespace) -> int:
    """Run `ttsframe lookup`."""
    asked = platforms(options.platform or DEFAULT_PLATFORM)
    if options.output != "-" and not options.plan:
        check_target(options.output)
    with given_as("files"):
        orders = read_ids([_source(name) for name in options.files], column=options.column)
    for note in orders.attrs["notes"]:
        sys.stderr.write(f"ttsframe: note: {note}\n")
    if options.plan:
        planned = plan(orders, platform=asked, max_age=options.max_age, offline=options.offline)
        sys.stdout.write(f"{planned}\n")
        return EXIT_OK
    level = options.level.replace("-", "_")
    refs = lookup(orders, platform=asked, level=level, max_age=options.max_age, offline=options.offline)
    columns = LINE_ITEMS if level == "line_item" else REFERENCES
    target = sys.stdout if options.output == "-" else options.output
    save_frame(refs, target, columns=columns, ids=options.ids)
    counts = refs.drop_duplicates(["order_id", "platform"])["status"].value_counts()
    summary = ", ".join(f"{count:,} {status}" for status, count in counts.items() if count)
    sys.stderr.write(f"{summary or 'no orders'}{'' if options.output == '-' else f' → {options.output}'}\n")
    fresh = refs["status"].isin(_ANSWERED) & (options.offline | refs["reason"].ne("stale"))
    return EXIT_OK if fresh.all() else EXIT_DIFFERENCES


class _StandardInput(io.BytesIO):
    name = "standard input"


def _source(file: str) -> str | _StandardInput:
    """Return a path or glob as it is, and for `-` the content of standard input."""
    if file != "-":
        return file
    content = sys.stdin.buffer.read()
    if not content.strip():
        raise InputError(
            "Standard input is empty. Pipe in order ids, one per line, or a CSV file with a header: "
            "ttsframe lookup - < ids.txt"
        )
    return _StandardInput(content)
