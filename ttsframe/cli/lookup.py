"""`ttsframe lookup`: files of order ids → a file of references."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from ttsframe.cli.options import as_typed
from ttsframe.columns import LINE_ITEMS, REFERENCES
from ttsframe.errors import EXIT_DIFFERENCES, EXIT_OK, InputError
from ttsframe.gateway import DEFAULT_PLATFORM, platforms
from ttsframe.readers import read_ids
from ttsframe.references.lookup import Plan, lookup, plan
from ttsframe.references.progress import Estimate
from ttsframe.report import check_target, save_frame

if TYPE_CHECKING:
    import argparse

_ANSWERED = ("linked", "unlinked")


def run(options: argparse.Namespace) -> int:
    """Look up; see `ttsframe lookup --help`."""
    asked = platforms(options.platform or DEFAULT_PLATFORM)
    if options.output != "-" and not options.plan:
        check_target(options.output)
    orders = read_ids([_source(name) for name in options.files], column=options.column)
    for note in orders.attrs["notes"]:
        sys.stderr.write(f"ttsframe: note: {as_typed(note, 'lookup')}\n")
    if options.plan:
        _tell(plan(orders, platform=asked, max_age=options.max_age, offline=options.offline))
        return EXIT_OK
    level = options.level.replace("-", "_")
    found = lookup(orders, platform=asked, level=level, max_age=options.max_age, offline=options.offline)
    columns = LINE_ITEMS if level == "line_item" else REFERENCES
    target = sys.stdout if options.output == "-" else options.output
    save_frame(found, target, columns=columns, ids=options.ids)
    counts = found.drop_duplicates(["order_id", "platform"])["status"].value_counts()
    said = ", ".join(f"{count:,} {status}" for status, count in counts.items() if count)
    sys.stderr.write(f"{said or 'no orders'}{'' if options.output == '-' else f' → {options.output}'}\n")
    return EXIT_OK if found["status"].isin(_ANSWERED).all() else EXIT_DIFFERENCES


class _StandardInput(io.BytesIO):
    name = "standard input"


def _source(file: str) -> str | _StandardInput:
    """A path or a glob as given; what was piped in for `-`."""
    if file != "-":
        return file
    content = sys.stdin.buffer.read()
    if not content.strip():
        raise InputError(
            "nothing came on standard input: pipe order ids in, one a line or a CSV with a header, as in: "
            "ttsframe lookup - < ids.txt"
        )
    return _StandardInput(content)


def _tell(planned: Plan) -> None:
    sys.stdout.write(
        f"{planned.unique:,} distinct: {planned.cached:,} stored, {planned.to_fetch:,} to ask, "
        f"{planned.invalid:,} not order ids\n"
        + (f"{Estimate(planned.seconds, planned.basis)}\n" if planned.to_fetch else "")
    )
