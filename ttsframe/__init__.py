"""Match TikTok Shop orders to Shopify orders, and show where the two disagree.

>>> import ttsframe as tts
>>> tiktok = tts.read_tiktok_orders("All order.csv")  # doctest: +SKIP
>>> refs = tts.lookup(tiktok)  # doctest: +SKIP
>>> shopify = tts.read_shopify_orders("orders_export_*.csv")  # doctest: +SKIP
>>> tts.match(tiktok, shopify, refs).to_csv("report/")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ttsframe import starting as _starting

_starting.begin()

from ttsframe import accessor as _accessor  # noqa: F401 - registers df.tts
from ttsframe.config import Credentials
from ttsframe.errors import TtsframeError
from ttsframe.matching import Match, compare, match
from ttsframe.readers import read_shopify_orders, read_tiktok_orders, read_tiktok_settlement
from ttsframe.references.attach import attach
from ttsframe.references.lookup import lookup, plan
from ttsframe.references.shop import Shop

if TYPE_CHECKING:
    from ttsframe import sandbox

__version__ = "0.1.0"

__all__ = [
    "Credentials",
    "Match",
    "Shop",
    "TtsframeError",
    "__version__",
    "attach",
    "compare",
    "lookup",
    "match",
    "plan",
    "read_shopify_orders",
    "read_tiktok_orders",
    "read_tiktok_settlement",
    "sandbox",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Load the sandbox when it is first used: most programs never do."""
    if name == "sandbox":
        return import_module("ttsframe.sandbox")
    raise AttributeError(f"module 'ttsframe' has no attribute {name!r}")
