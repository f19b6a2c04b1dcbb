"""What a person sees while a look-up runs: a bar on a terminal and in a notebook, else a line in the log."""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGER = "ttsframe.progress"
_LOG = logging.getLogger(LOGGER)
_TELL_ABOVE_SECONDS = 300


class Estimate(NamedTuple):
    """How long a look-up will take."""

    seconds: float
    basis: str
    """The pace that this rests on, in words."""

    def __str__(self) -> str:
        return f"about {duration(self.seconds)} at {self.basis}"


class Progress:
    """Shows done, linked, failed, the rate and the time left; of long runs, how long they take.

    Parameters
    ----------
    total
        How many orders will be asked.
    estimate
        How long that will take; told before it begins where it is over five minutes.
    shown
        True or False to force a bar or silence. None shows a bar where a person watches;
        elsewhere the start and the end of a run of over five minutes are logged.
    rate_per_second
        Tells the pace now.
    """

    def __init__(
        self, total: int, estimate: Estimate, *, shown: bool | None, rate_per_second: Callable[[], float]
    ) -> None:
        self._total = total
        self._estimate = estimate
        self._silent = shown is False
        self._rate_per_second = rate_per_second
        self._counts = Counter(linked=0, failed=0)
        self._done = 0
        self._is_long = estimate.seconds > _TELL_ABOVE_SECONDS
        self._began = time.monotonic()
        self._bar: Any = _bar(total) if total and (_is_watched() if shown is None else shown) else None

    def __enter__(self) -> Self:
        if self._is_long:
            self._tell(
                f"ttsframe will ask about {self._total:,} orders: {self._estimate}. "
                "Ctrl-C keeps every answer, and the same call goes on."
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._show()
            self._bar.close()
            return
        seconds = time.monotonic() - self._began
        if self._is_long or seconds > _TELL_ABOVE_SECONDS:
            counts = ", ".join(f"{count:,} {status}" for status, count in self._counts.items())
            self._tell(f"{self._done:,} of {self._total:,} orders asked in {duration(seconds)}: {counts}.")

    def count(self, status: str) -> None:
        """Note the end of one order."""
        self._done += 1
        self._counts[status] += 1
        if self._bar is not None and self._bar.update(1):
            self._show()

    def _show(self) -> None:
        linked, failed = self._counts["linked"], self._counts["failed"]
        self._bar.set_postfix(
            linked=linked, failed=failed, pace=f"{self._rate_per_second():.0f}/s", refresh=False
        )

    def _tell(self, line: str) -> None:
        """Say a line where the bar is; where nobody watches, only to the log."""
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        elif not self._silent:
            _LOG.info("%s", line)


def duration(seconds: float) -> str:
    """Return seconds as a person says them, as `2 h 05 min`."""
    minutes = round(seconds / 60)
    if minutes >= 60:  # noqa: PLR2004
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min" if seconds >= 90 else f"{max(1, round(seconds))} s"  # noqa: PLR2004


def _bar(total: int) -> Any:  # noqa: ANN401
    import tqdm  # noqa: PLC0415 - only where a bar is shown

    with warnings.catch_warnings():
        # Without ipywidgets, tqdm says so and falls back to the plain bar, which is what we want.
        warnings.simplefilter("ignore")
        import tqdm.auto  # noqa: PLC0415
    return tqdm.auto.tqdm(total=total, unit="order", desc="looking up", mininterval=0.2, dynamic_ncols=True)


def _is_watched() -> bool:
    return sys.stderr.isatty() or _in_notebook()


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
