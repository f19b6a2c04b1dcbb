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

from ttsframe import accessor as _accessor  # noqa: F401 - registers df.tts

if TYPE_CHECKING:
    from ttsframe import errors, sandbox
    from ttsframe.config import Credentials
    from ttsframe.errors import TtsframeError
    from ttsframe.matching.compare import compare
    from ttsframe.matching.reconcile import match
    from ttsframe.matching.result import Match
    from ttsframe.readers import read_shopify_orders, read_tiktok_orders, read_tiktok_settlement
    from ttsframe.references.attach import attach
    from ttsframe.references.lookup import lookup, plan
    from ttsframe.references.shop import Shop
    from ttsframe.report.comments import read_comments

__version__ = "0.1.0"

__all__ = [
    "Credentials",
    "Match",
    "Shop",
    "TtsframeError",
    "__version__",
    "attach",
    "compare",
    "errors",
    "lookup",
    "match",
    "plan",
    "read_comments",
    "read_shopify_orders",
    "read_tiktok_orders",
    "read_tiktok_settlement",
    "sandbox",
]

_HOMES = {
    "Credentials": "ttsframe.config",
    "Match": "ttsframe.matching.result",
    "Shop": "ttsframe.references.shop",
    "TtsframeError": "ttsframe.errors",
    "attach": "ttsframe.references.attach",
    "compare": "ttsframe.matching.compare",
    "lookup": "ttsframe.references.lookup",
    "match": "ttsframe.matching.reconcile",
    "plan": "ttsframe.references.lookup",
    "read_comments": "ttsframe.report.comments",
    "read_shopify_orders": "ttsframe.readers",
    "read_tiktok_orders": "ttsframe.readers",
    "read_tiktok_settlement": "ttsframe.readers",
}

if not TYPE_CHECKING:  # a type checker sees the names above, and no others

    def __getattr__(name: str) -> Any:  # noqa: ANN401
        """Load a public name when it is first used (PEP 562): importing ttsframe stays as fast as pandas."""
        if name in ("errors", "sandbox"):
            return import_module(f"ttsframe.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module 'ttsframe' has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
