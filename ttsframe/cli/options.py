"""The options of every command, as a table tested against the verbs' signatures."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, NamedTuple

import ttsframe
from ttsframe.gateway import DEFAULT_PLATFORM, PLATFORMS


class Option(NamedTuple):
    """One option or argument of a command."""

    flags: tuple[str, ...]
    """As it is typed; a bare word is an argument that stands without a flag."""
    help: str
    how: dict[str, Any]
    """What else `argparse` is told of it."""

    @property
    def name(self) -> str:
        """Its name in the parsed options, and in the verb's signature where the verb has it."""
        return self.flags[-1].lstrip("-").replace("-", "_")


class Command(NamedTuple):
    """One command."""

    name: str
    help: str
    options: tuple[Option, ...] = ()
    exit_1: str = ""
    """What some rows are not where the exit status is 1; blank where it never is."""


# A name, and what shows that an argument is meant: `name=`, `name=True`, `name='x'`; not in a file's name.
_NAME = re.compile(r"""(?<![\w./\\'"-])([a-z_]+)(?![\w./\\'"-])(=True\b|=['"]|=)?""")


def _option(*flags: str, help: str, **how: Any) -> Option:  # noqa: A002, ANN401 - as argparse calls it
    return Option(flags, help, how)


_PLATFORM = _option(
    "--platform",
    action="append",
    metavar="P",
    help=f"one of {', '.join(PLATFORMS)}; may be given several times ({DEFAULT_PLATFORM})",
)
_IDS = _option(
    "--ids",
    choices=("plain", "excel"),
    default="plain",
    help='in CSV: plain digits, or ="…" so Excel keeps them',
)

LOOKUP = Command(
    "lookup",
    "look up the external references of the order ids in files",
    (
        _option(
            "files",
            nargs="+",
            metavar="FILE",
            help="CSV or XLSX with order ids, or a bare list; - for standard input",
        ),
        _option(
            "--column",
            metavar="C",
            help="the column of the order ids (order_id and Order ID are found by themselves)",
        ),
        _PLATFORM,
        _option(
            "--level",
            choices=("order", "line-item"),
            default="order",
            help="a row an external order, or a line of it",
        ),
        _option(
            "-o",
            "--output",
            default="-",
            metavar="OUT",
            help=".csv, .xlsx or .parquet; - for CSV on standard output",
        ),
        _IDS,
        _option("--offline", action="store_true", help="send nothing: give what is stored"),
        _option(
            "--max-age",
            metavar="AGE",
            help="ask again for stored answers older than this, as 7d or 1h; 0s asks all again",
        ),
        _option(
            "--plan",
            action="store_true",
            help="tell what would be asked and how long it takes, then stop: needs only the shop cipher",
        ),
    ),
    exit_1="answered",
)

RECONCILE = Command(
    "reconcile",
    "match TikTok Shop orders to Shopify orders, and report where they disagree",
    (
        _option(
            "--tiktok",
            nargs="+",
            required=True,
            metavar="FILE",
            help="Seller Center order exports, CSV or XLSX",
        ),
        _option("--shopify", nargs="+", required=True, metavar="FILE", help="Shopify order exports, CSV"),
        _option(
            "--settlement",
            nargs="+",
            metavar="FILE",
            help="settlement (income) exports, to add what was paid out",
        ),
        _option("--refs", metavar="FILE", help="references looked up before (the output of ttsframe lookup)"),
        _option(
            "--no-lookup",
            action="store_true",
            help="use only the marks in the Shopify orders: needs no credentials",
        ),
        _PLATFORM,
        _option(
            "-o",
            "--output",
            type=Path,
            default=Path("report"),
            metavar="DIR",
            help="the report's folder (report)",
        ),
        _option(
            "--tolerance",
            type=float,
            default=0.01,
            metavar="X",
            help="the largest difference that still agrees (0.01)",
        ),
        _option("--tz", metavar="ZONE", help="the time zone of the TikTok export, as America/Los_Angeles"),
        _option(
            "--date-order",
            choices=("dmy", "mdy"),
            help="how the TikTok export writes dates, where it does not tell",
        ),
        _option(
            "--probable",
            action="store_true",
            help="also pair what is left by amount and time, marked as probable",
        ),
        _IDS,
        _option("--exit-zero", action="store_true", help="exit with 0 even if there are differences"),
    ),
    exit_1="matched",
)

DEMO = Command(
    "demo",
    "run the whole job on samples: no credentials, no network",
    (
        _option(
            "-o",
            "--output",
            type=Path,
            default=Path("ttsframe-demo"),
            metavar="DIR",
            help="where to leave the files",
        ),
    ),
)

SANDBOX = Command(
    "sandbox",
    "serve a make-believe gateway on this machine, and print the settings that reach it",
    (
        _option("--port", type=int, default=0, metavar="N", help="the port; a free one by default"),
        _option(
            "--links",
            type=Path,
            metavar="FILE",
            help="CSV of order_id, platform, external_order_id[, line items]; the demo leaves one",
        ),
        _option("--rate", type=float, metavar="N", help="refuse more requests a second than this"),
        _option("--latency", type=float, default=0.0, metavar="S", help="seconds to wait before each answer"),
        _option(
            "--faults", type=float, default=0.0, metavar="SHARE", help="share of requests that fail, 0 to 1"
        ),
        _option(
            "--shape",
            choices=("official", "reference"),
            default="official",
            help="which of the two answer forms",
        ),
        _option(
            "command_line",
            nargs="*",
            metavar="-- COMMAND",
            help="run this with the settings that reach it; stop and exit as it does",
        ),
    ),
)

COMMANDS = (
    LOOKUP,
    RECONCILE,
    DEMO,
    Command("doctor", "check settings, clock, gateway, token, scope, shop and store, one a line"),
    Command("shops", "list the shops that the token may act for, with their ciphers"),
    Command(
        "cache",
        "look at the stored answers, or delete them",
        (
            _option(
                "action",
                choices=("info", "prune", "clear"),
                help="count them; delete the expired; delete all",
            ),
        ),
    ),
    SANDBOX,
)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the whole command line."""
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
            epilog=_exits(command.exit_1),
            allow_abbrev=False,
        ).add_argument
        for option in command.options:
            add(*option.flags, help=option.help, **option.how)
    return made


def as_typed(message: str, command: str) -> str:
    """Return a verb's message with the names of options as the shell has them.

    Parameters
    ----------
    message
        What a verb says, as ``max_age is not a duration`` or ``name it (column=)``.
    command
        The command that was given.

    Returns
    -------
    str
        The same with ``--max-age`` and ``--column``.
    """
    options = next(made.options for made in COMMANDS if made.name == command)
    flags = {option.name: option.flags[-1] for option in options if option.flags[-1].startswith("--")}

    def typed(found: re.Match[str]) -> str:
        name, value = found.groups()
        # Without a value only a name of two words is surely no word of the sentence.
        if name not in flags or (value is None and "_" not in name):
            return found[0]
        return f"{flags[name]} {value[1:]}" if value in ("='", '="') else flags[name]

    return _NAME.sub(typed, message)


def _exits(exit_1: str) -> str:
    if not exit_1:
        return ""
    return f"exit status: 0 all well, 1 some rows are not {exit_1}, 2 an error, 130 interrupted by Ctrl-C"
