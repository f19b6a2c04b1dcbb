"""The options of every command, as a table tested against the verbs' signatures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import ttsframe
from ttsframe.tiktok import DEFAULT_PLATFORM, PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Callable

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name

_EXITS = "exit status: 0 all well, 1 some rows are not {}, 2 an error, 130 interrupted by Ctrl-C"


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
    for add in (_lookup, _reconcile, _demo, _doctor, _shops, _cache, _sandbox):
        add(commands)
    return made


def _command(commands: Commands, name: str, text: str, epilog: str = "") -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".", epilog=epilog, allow_abbrev=False
    )
    return made


def _lookup(commands: Commands) -> None:
    text = "look up the external references of the order ids in files"
    add = _command(commands, "lookup", text, _EXITS.format("answered")).add_argument
    add(
        "files",
        nargs="+",
        metavar="FILE",
        help="CSV or XLSX with order ids, or a bare list; - for standard input",
    )
    add(
        "--column",
        metavar="C",
        help="the column of the order ids (order_id and Order ID are found by themselves)",
    )
    _platform(add)
    add(
        "--level",
        choices=("order", "line-item"),
        default="order",
        help="a row an external order, or a line of it",
    )
    add(
        "-o",
        "--output",
        default="-",
        metavar="OUT",
        help=".csv, .xlsx or .parquet; - for CSV on standard output",
    )
    add(
        "--ids",
        choices=("plain", "excel"),
        default="plain",
        help='in CSV: plain digits, or ="…" so Excel keeps them',
    )
    add("--offline", action="store_true", help="send nothing: give what is stored")
    add(
        "--max-age",
        metavar="AGE",
        help="ask again for stored answers older than this, as 7d or 1h; 0s asks all again",
    )
    add("--plan", action="store_true", help="tell what would be asked and how long it takes, then stop")


def _reconcile(commands: Commands) -> None:
    text = "match TikTok Shop orders to Shopify orders, and report where they disagree"
    add = _command(commands, "reconcile", text, _EXITS.format("matched")).add_argument
    add("--tiktok", nargs="+", required=True, metavar="FILE", help="Seller Center order exports, CSV or XLSX")
    add("--shopify", nargs="+", required=True, metavar="FILE", help="Shopify order exports, CSV")
    add(
        "--settlement",
        nargs="+",
        metavar="FILE",
        help="settlement (income) exports, to add what was paid out",
    )
    add("--refs", metavar="FILE", help="references looked up before (the output of ttsframe lookup)")
    add(
        "--no-lookup",
        action="store_true",
        help="use only the marks in the Shopify orders: needs no credentials",
    )
    _platform(add)
    add(
        "-o",
        "--output",
        type=Path,
        default=Path("report"),
        metavar="DIR",
        help="the report's folder (report)",
    )
    add(
        "--tolerance",
        type=float,
        default=0.01,
        metavar="X",
        help="the largest difference that still agrees (0.01)",
    )
    add("--tz", metavar="ZONE", help="the time zone of the TikTok export, as America/Los_Angeles")
    add(
        "--date-order",
        choices=("dmy", "mdy"),
        help="how the TikTok export writes dates, where it does not tell",
    )
    add(
        "--probable",
        action="store_true",
        help="also pair what is left by amount and time, marked as probable",
    )
    add(
        "--ids",
        choices=("plain", "excel"),
        default="plain",
        help='in CSV: plain digits, or ="…" so Excel keeps them',
    )
    add("--exit-zero", action="store_true", help="exit with 0 even if there are differences")


def _demo(commands: Commands) -> None:
    add = _command(commands, "demo", "run the whole job on samples: no credentials, no network").add_argument
    add(
        "-o",
        "--output",
        type=Path,
        default=Path("ttsframe-demo"),
        metavar="DIR",
        help="where to leave the files",
    )


def _doctor(commands: Commands) -> None:
    _command(commands, "doctor", "check settings, clock, gateway, token, scope, shop and store, one a line")


def _shops(commands: Commands) -> None:
    _command(commands, "shops", "list the shops that the token may act for, with their ciphers")


def _cache(commands: Commands) -> None:
    add = _command(commands, "cache", "look at the stored answers, or delete them").add_argument
    add("action", choices=("info", "prune", "clear"), help="count them; delete the expired; delete all")


def _sandbox(commands: Commands) -> None:
    text = "serve a make-believe gateway on this machine, and print the settings that reach it"
    add = _command(commands, "sandbox", text).add_argument
    add("--port", type=int, default=0, metavar="N", help="the port; a free one by default")
    add(
        "--links",
        type=Path,
        metavar="FILE",
        help="CSV of order_id, platform, external_order_id[, line items]",
    )
    add("--rate", type=float, metavar="N", help="refuse more requests a second than this")
    add("--latency", type=float, default=0.0, metavar="S", help="seconds to wait before each answer")
    add("--faults", type=float, default=0.0, metavar="SHARE", help="share of requests that fail, 0 to 1")
    add(
        "--shape", choices=("official", "reference"), default="official", help="which of the two answer forms"
    )


def _platform(add: Callable[..., object]) -> None:
    text = f"one of {', '.join(PLATFORMS)}; may be given several times ({DEFAULT_PLATFORM})"
    add("--platform", action="append", metavar="P", help=text)
