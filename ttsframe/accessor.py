"""`df.tts`: the look-up as methods of any DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from ttsframe.references.attach import How
    from ttsframe.references.frame import Level
    from ttsframe.references.lookup import Plan
    from ttsframe.references.shop import Shop


@pd.api.extensions.register_dataframe_accessor("tts")
class TtsAccessor:
    """The functions of ttsframe that take one frame of orders, as methods of that frame.

    Type checkers take `df.tts` for a column, of any type: neither they nor pandas know accessors that are
    registered. In code that is checked, call the functions, such as ``tts.lookup(df)``.

    Parameters
    ----------
    frame
        A frame with a column of order ids.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def lookup(
        self,
        *,
        column: str | None = None,
        platform: str | Sequence[str] = "SHOPIFY",
        level: Level = "order",
        shop: Shop | None = None,
        known: pd.DataFrame | None = None,
        verify: float = 0.02,
        max_age: str | float | dt.timedelta | None = None,
        offline: bool = False,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Look up this frame's orders; see `ttsframe.lookup`."""
        from ttsframe.references.lookup import lookup  # noqa: PLC0415 - loaded when first used

        return lookup(
            self._frame,
            column=column,
            platform=platform,
            level=level,
            shop=shop,
            known=known,
            verify=verify,
            max_age=max_age,
            offline=offline,
            progress=progress,
        )

    def plan(
        self,
        *,
        column: str | None = None,
        platform: str | Sequence[str] = "SHOPIFY",
        shop: Shop | None = None,
        known: pd.DataFrame | None = None,
        verify: float = 0.02,
        max_age: str | float | dt.timedelta | None = None,
        offline: bool = False,
    ) -> Plan:
        """Count what `lookup` would fetch; see `ttsframe.plan`."""
        from ttsframe.references.lookup import plan  # noqa: PLC0415 - loaded when first used

        return plan(
            self._frame,
            column=column,
            platform=platform,
            shop=shop,
            known=known,
            verify=verify,
            max_age=max_age,
            offline=offline,
        )

    def attach(self, refs: pd.DataFrame, *, column: str | None = None, how: How = "left") -> pd.DataFrame:
        """Join references to this frame's rows; see `ttsframe.attach`."""
        from ttsframe.references.attach import attach  # noqa: PLC0415 - loaded when first used

        return attach(self._frame, refs, column=column, how=how)
