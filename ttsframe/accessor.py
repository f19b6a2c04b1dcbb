"""`df.tts`: the look-up as methods of any DataFrame."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ttsframe.references.attach import attach
from ttsframe.references.lookup import Plan, lookup, plan


@pd.api.extensions.register_dataframe_accessor("tts")
class TtsAccessor:
    """The verbs of ttsframe over one frame of orders.

    Parameters
    ----------
    frame
        A frame with a column of order ids.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def lookup(self, **options: Any) -> pd.DataFrame:  # noqa: ANN401
        """Look up this frame's orders; options and result as `ttsframe.lookup`."""
        return lookup(self._frame, **options)

    def plan(self, **options: Any) -> Plan:  # noqa: ANN401
        """Tell what `lookup` would do; options and result as `ttsframe.plan`."""
        return plan(self._frame, **options)

    def attach(self, refs: pd.DataFrame, **options: Any) -> pd.DataFrame:  # noqa: ANN401
        """Join references to this frame's rows; options and result as `ttsframe.attach`."""
        return attach(self._frame, refs, **options)
