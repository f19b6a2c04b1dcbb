"""The options of every command, as a table that is tested against the functions' signatures."""

from __future__ import annotations

import argparse
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import ttsframe
from ttsframe.errors import TtsframeError
from ttsframe.gateway import DEFAULT_PLATFORM, PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterator


class Option(NamedTuple):
    """One option or argument of a command."""

    flags: tuple[str, ...]
    """As typed; a bare word is a positional argument."""
    help: str
    kwargs: dict[str, Any]
    """Further arguments of `add_argument`."""

    @property
    def name(self) -> str:
        """Its name in the parsed options, and in the function's signature."""
        return self.flags[-1].lstrip("-").replace("-", "_")


class Command(NamedTuple):
    """One command."""

    name: str
    help: str
    options: tuple[Option, ...] = ()
    exit_1: str = ""
    """What exit status 1 means; blank if the command never exits with 1."""
    exit_3: str = ""
    """What exit status 3 means; likewise."""


def _option(*flags: str, help: str, **kwargs: Any) -> Option:  # noqa: A002, ANN401 - as argparse calls it
    return Option(flags, help, kwargs)


def _pair(text: str) -> tuple[str, str]:
    own, equals, known = text.rpartition("=")
    if not equals or not own.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form 'Order number=Order ID'")
    return own.strip(), known.strip()


_PLATFORM = _option(
    "--platform",
    action="append",
    metavar="P",
    help=f"one of {', '.join(PLATFORMS)}; repeat it for several (default: {DEFAULT_PLATFORM})",
)
_OUTPUT = _option(
    "-o",
    "--output",
    default="-",
    metavar="OUT",
    help="a .csv, .xlsx or .parquet file; - for CSV on standard output",
)
_IDS = _option(
    "--ids",
    choices=("plain", "excel"),
    default="plain",
    help='ids in CSV files: plain digits, or ="…", which Excel keeps as text',
)

_FILES = (
    _option(
        "--tiktok",
        nargs="+",
        required=True,
        metavar="FILE",
        help="Seller Center order exports, CSV or XLSX",
    ),
    _option(
        "--shopify",
        nargs="+",
        required=True,
        metavar="FILE",
        help="Shopify order exports, CSV, or the JSON lines of a bulk operation on orders",
    ),
    _option(
        "--settlement",
        nargs="+",
        metavar="FILE",
        help="settlement (income) exports, to add the payouts",
    ),
    _option("--refs", metavar="FILE", help="references from an earlier run (the output of ttsframe lookup)"),
)
"""What is matched."""
_SIDES = {
    "tiktok": ("TikTok orders", "Order number=Order ID"),
    "shopify": ("Shopify orders", "Order=Name"),
    "settlement": ("settled orders", "Order number=Order ID"),
}
"""Whose files: what they hold, and a header of theirs with the known one that it stands for."""
_READING = (
    _option(
        "--tolerance",
        type=float,
        default=0.01,
        metavar="X",
        help="largest difference that counts as equal (default: 0.01)",
    ),
    _option("--tz", metavar="ZONE", help="time zone of the TikTok export, such as America/Los_Angeles"),
    _option(
        "--date-order",
        choices=("dmy", "mdy"),
        help="day-first or month-first dates in the TikTok export, if the file does not settle it",
    ),
    *(
        _option(
            f"--{side}-columns",
            nargs="+",
            action="extend",
            type=_pair,
            metavar="OWN=KNOWN",
            help=f"headers of the {orders} with the known ones that they stand for, such as {example!r}",
        )
        for side, (orders, example) in _SIDES.items()
    ),
    *(
        _option(
            f"--{side}-currency",
            metavar="CODE",
            help=f"currency of the {orders} that name none, such as EUR",
        )
        for side, (orders, _) in _SIDES.items()
    ),
)
"""How it is read and compared."""

LOOKUP = Command(
    "lookup",
    "look up the external references of the order ids in files",
    (
        _option(
            "files",
            nargs="+",
            metavar="FILE",
            help="CSV or XLSX file with order ids, or one id per line; - for standard input",
        ),
        _option(
            "--column",
            metavar="C",
            help="column of the order ids (default: order_id or Order ID)",
        ),
        _PLATFORM,
        _option(
            "--level",
            choices=("order", "line-item"),
            default="order",
            help="one row per external order, or per line item of it",
        ),
        _OUTPUT,
        _IDS,
        _option("--offline", action="store_true", help="send nothing: use cached answers only"),
        _option(
            "--max-age",
            metavar="AGE",
            help="ask again for cached answers older than this, such as 7d or 1h; 0s asks for all again",
        ),
        _option(
            "--plan",
            action="store_true",
            help="print how many requests are needed and how long they take; needs only the shop cipher",
        ),
    ),
    exit_1="some orders have no answer",
)

RECONCILE = Command(
    "reconcile",
    "match TikTok Shop orders to Shopify orders, and report where they disagree",
    (
        *_FILES,
        _option(
            "--ask",
            choices=("all", "unmarked", "none"),
            default="all",
            help="which orders to look up: all; those that no Shopify order names, and a sample of the "
            "others; or none, which needs no credentials (default: all)",
        ),
        _option("--no-lookup", action="store_const", dest="ask", const="none", help="the same as --ask none"),
        _PLATFORM,
        _option(
            "-o",
            "--output",
            type=Path,
            default=Path("report"),
            metavar="DIR",
            help="folder for the report (default: report)",
        ),
        *_READING,
        _option("--from", metavar="DAY", help="first day to report, such as 2026-10-01; give --to as well"),
        _option("--to", metavar="DAY", help="last day to report; the files may hold more days"),
        *(
            _option(f"--{name}", metavar="TEXT", help=f"{words}, for the head of the report")
            for name, words in (
                ("client", "whose orders they are"),
                ("prepared-by", "who made the report"),
                ("reviewed-by", "who checked it"),
                ("reference", "the number of the working paper"),
            )
        ),
        _option(
            "--comments",
            type=Path,
            metavar="DIR",
            help="carry forward the comments of this earlier report; those in the folder of -o are always",
        ),
        _option(
            "--probable",
            action="store_true",
            help="also pair the remaining orders by amount and time, with status probable",
        ),
        _IDS,
        _option(
            "--json",
            metavar="FILE",
            help="also write counts, totals, bridge, exceptions and notes as JSON; - for standard output, "
            "instead of the text",
        ),
        _option("--exit-zero", action="store_true", help="exit with 0 even if some rows need review"),
    ),
    exit_1="some rows need review",
    exit_3="some look-ups are incomplete: run it again",
)

EXPLAIN = Command(
    "explain",
    "show one order on both sides: who names the pair, the difference, its cause and what to do",
    (
        _option("order", metavar="ORDER", help="a TikTok order id, or a Shopify id or order name"),
        *_FILES,
        *_READING,
        _option("--ticket", action="store_true", help="print a text for a support team instead"),
    ),
)

COMPARE = Command(
    "compare",
    "tell what changed between two reports",
    (
        _option("before", metavar="OLD", help="the folder of the earlier report, or its orders.csv"),
        _option("after", metavar="NEW", help="the folder of the later one"),
        _OUTPUT,
        _IDS,
    ),
    exit_1="something has changed",
)

DEMO = Command(
    "demo",
    "run the whole job on sample files; needs no credentials and no network",
    (
        _option(
            "-o",
            "--output",
            type=Path,
            default=Path("ttsframe-demo"),
            metavar="DIR",
            help="folder for the files (default: ttsframe-demo)",
        ),
    ),
)

SANDBOX = Command(
    "sandbox",
    "run a simulated gateway on this machine, and print the settings that reach it",
    (
        _option("--port", type=int, default=0, metavar="N", help="port (default: a free one)"),
        _option(
            "--links",
            type=Path,
            metavar="FILE",
            help="CSV with order_id, platform, external_order_id[, line items]; the demo writes one",
        ),
        _option("--rate", type=float, metavar="N", help="refuse more requests per second than this"),
        _option("--latency", type=float, default=0.0, metavar="S", help="seconds to wait before each answer"),
        _option(
            "--faults",
            type=float,
            default=0.0,
            metavar="SHARE",
            help="share of requests that fail, from 0 to 1",
        ),
        _option(
            "--shape",
            choices=("official", "reference"),
            default="official",
            help="which of the two documented answer forms to use",
        ),
        _option(
            "command_line",
            nargs="*",
            metavar="-- COMMAND",
            help="run this command with those settings; stop when it ends, with its exit code",
        ),
    ),
)

COMMANDS = (
    LOOKUP,
    RECONCILE,
    EXPLAIN,
    COMPARE,
    DEMO,
    Command("doctor", "check settings, cache, gateway, clock, token, shop and scope"),
    Command("shops", "list the shops that the token gives access to, with their ciphers"),
    Command(
        "cache",
        "show or delete cached answers",
        (
            _option(
                "action",
                choices=("info", "prune", "clear"),
                help="count them; delete those that expired too long ago to be used; delete all",
            ),
        ),
    ),
    SANDBOX,
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    made = argparse.ArgumentParser(
        prog="ttsframe",
        description="Which TikTok Shop order is which Shopify order, and where do they disagree?",
        epilog="Try it without credentials: ttsframe demo",
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"ttsframe {ttsframe.__version__}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        text = command.help
        add = commands.add_parser(
            command.name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=_exits(command),
            allow_abbrev=False,
        ).add_argument
        for option in command.options:
            add(*option.flags, help=option.help, **option.kwargs)
    return made


@contextmanager
def given_as(option: str) -> Iterator[None]:
    """Say of an error about an argument of a reader which option it came from."""
    try:
        yield
    except TtsframeError as error:
        if error.parameter == "paths":
            error.parameter = option
        elif error.parameter in ("columns", "currency"):
            error.parameter = f"{option}_{error.parameter}"
        raise


def in_cli_terms(error: TtsframeError, command: str) -> str:
    """Return an error's text with its parameter as the shell has it: `--max-age: …`."""
    options = next(made.options for made in COMMANDS if made.name == command)
    flags = {option.name: option.flags[-1] for option in options}
    parameter = error.parameter
    return f"{flags.get(parameter, parameter)}: {error.message}" if parameter else error.message


def _exits(command: Command) -> str:
    if not command.exit_1:
        return ""
    exit_3 = f", 3 {command.exit_3}" if command.exit_3 else ""
    return f"exit status: 0 success, 1 {command.exit_1}, 2 an error{exit_3}, 130 interrupted by Ctrl-C"
