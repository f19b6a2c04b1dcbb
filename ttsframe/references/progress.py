"""Progress of a look-up: a bar in a terminal or notebook; elsewhere long runs are logged."""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from ttsframe.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGER = "ttsframe.progress"
_LOG = logging.getLogger(LOGGER)
_LONG_RUN_SECONDS = 300


class Estimate(NamedTuple):
    """How long a look-up will take."""

    seconds: float
    basis: str
    """The rate that this rests on, in words."""

    def __str__(self) -> str:
        return f"about {duration(self.seconds)} at {self.basis}"


class Progress:
    """Counts orders as they end, and shows or logs how many, at which rate, and the time left.

    `shown` forces a bar (True) or silence (False). None shows a bar where a person watches; elsewhere
    the start and the end of a run of over five minutes are logged.
    """

    def __init__(
        self, total: int, estimate: Estimate, *, shown: bool | None, rate_per_second: Callable[[], float]
    ) -> None:
        self._total = total
        self._estimate = estimate
        self._is_silent = shown is False
        self._rate_per_second = rate_per_second
        self._counts = Counter(linked=0, failed=0)
        self._is_long = estimate.seconds > _LONG_RUN_SECONDS
        self._started_at = time.monotonic()
        self._bar: Any = _bar(total) if total and (_is_watched() if shown is None else shown) else None

    def __enter__(self) -> Self:
        if self._is_long:
            self._write(
                f"ttsframe will look up {counted(self._total, 'order')}: {self._estimate}. "
                "Ctrl-C keeps every answer; the same call continues from there."
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._update_bar()
            self._bar.close()
            return
        seconds = time.monotonic() - self._started_at
        if self._is_long or seconds > _LONG_RUN_SECONDS:
            counts = ", ".join(f"{count:,} {status}" for status, count in self._counts.items())
            self._write(
                f"Looked up {self._counts.total():,} of {counted(self._total, 'order')} "
                f"in {duration(seconds)}: {counts}."
            )

    def count(self, status: str) -> None:
        """Count one order that has ended."""
        self._counts[status] += 1
        if self._bar is not None and self._bar.update(1):
            self._update_bar()

    def _update_bar(self) -> None:
        linked, failed = self._counts["linked"], self._counts["failed"]
        self._bar.set_postfix(
            linked=linked, failed=failed, rate=f"{self._rate_per_second():.0f}/s", refresh=False
        )

    def _write(self, line: str) -> None:
        """Write a line above the bar; without a bar, log it."""
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        elif not self._is_silent:
            _LOG.info("%s", line)


def duration(seconds: float) -> str:
    """Return a duration for people, as `2 h 05 min`."""
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
    """Whether a person sees standard error now."""
    return sys.stderr.isatty() or _in_notebook()


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
