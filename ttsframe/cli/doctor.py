"""`ttsframe doctor`: one line per check, and what to do about the first that fails."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from ttsframe import gateway
from ttsframe.cache import Cache
from ttsframe.errors import EXIT_ERROR, EXIT_OK, CacheError, SettingsError, TtsframeError
from ttsframe.gateway import ResponseKind
from ttsframe.references.shop import Shop

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from ttsframe.client import CallResult

_EARLY_SECONDS, _LATE_SECONDS = 300, 30  # the window of the timestamp
# No order has this id: the answer shows the permission, and nothing about an order.
_NO_ORDER = "1"


CHECKS = (
    "settings",
    "cache",
    "gateway reachable",
    "clock",
    "signature and token",
    "shop cipher",
    f"scope {gateway.READ_SCOPE}",
)


def run(options: argparse.Namespace) -> int:
    """Run `ttsframe doctor`."""
    del options
    checks = _checks()
    for name in CHECKS:
        try:
            seen = next(checks)
        except TtsframeError as error:
            _print_failure(name, str(error))
            return EXIT_ERROR
        sys.stdout.write(f"  ok   {name}: {seen}\n")
        sys.stdout.flush()
    sys.stdout.write("all checks passed\n")
    return EXIT_OK


def _print_failure(name: str, what_to_do: str) -> None:
    sys.stdout.write(f"  FAIL {name}\n")
    for later in CHECKS[CHECKS.index(name) + 1 :]:
        sys.stdout.write(f"  –    {later}: not checked\n")
    sys.stdout.write(f"\nwhat to do: {what_to_do}\n")


def _checks() -> Iterator[str]:
    """Yield what each of `CHECKS` found; raise at the first that fails."""
    with Shop.from_env() as shop:
        yield "all variables are set"
        yield _cache(shop.settings.cache_file)
        result = shop.client.request(gateway.shops_request())
        yield shop.settings.base_url
        yield _clock(result)
        result.raise_for_status()
        yield "accepted, after the access token was refreshed" if result.refreshed else "accepted"
        yield _cipher(shop)
        yield _scope(shop)


def _cache(path: Path) -> str:
    with Cache(path) as cache:
        problem = cache.check()
    if problem:
        raise CacheError(
            f"answers cannot be cached in {path}: {problem}. Name another file in TTSFRAME_CACHE."
        )
    return str(path)


def _clock(result: CallResult) -> str:
    if result.date_seconds is None:
        return "the gateway does not send its time"
    ahead = time.time() - result.date_seconds
    if not -_EARLY_SECONDS <= ahead <= _LATE_SECONDS:
        where = "ahead of" if ahead > 0 else "behind"
        raise SettingsError(
            f"this computer's clock is {abs(ahead):.0f} s {where} the gateway's. "
            "Correct date, time and time zone."
        )
    return f"{abs(ahead):.0f} s from the gateway's"


def _cipher(shop: Shop) -> str:
    shops = shop.shops()
    mine = shops[shops["cipher"] == shop.credentials.shop_cipher]
    if mine.empty:
        raise SettingsError(
            "TIKTOK_SHOP_CIPHER is not one of the token's shops. Set it to one that `ttsframe shops` lists."
        )
    return f"{mine['name'].iloc[0]} ({mine['region'].iloc[0]})"


def _scope(shop: Shop) -> str:
    result = shop.client.request(gateway.reference_request(_NO_ORDER, gateway.DEFAULT_PLATFORM))
    if result.kind is not ResponseKind.ROW:
        result.raise_for_status()
    return "granted"
