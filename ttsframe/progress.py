"""What a person sees while a look-up runs: a bar on a terminal and in a notebook, else nothing."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

_TELL_ABOVE_SECONDS = 300


class Progress:
    """Shows done, linked, failed, the rate and the time left.

    Parameters
    ----------
    total
        How many orders will be asked.
    shown
        True or False to force a bar or silence; None shows one where a person watches.
    rate_per_second
        Tells the pace now.
    """

    def __init__(self, total: int, *, shown: bool | None, rate_per_second: Callable[[], float]) -> None:
        self._rate_per_second = rate_per_second
        self._counts = {"linked": 0, "failed": 0}
        self._bar: Any = _bar(total) if total and (_is_watched() if shown is None else shown) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._show()
            self._bar.close()

    def count(self, status: str) -> None:
        """Note the end of one order."""
        if status in self._counts:
            self._counts[status] += 1
        if self._bar is not None and self._bar.update(1):
            self._show()

    def _show(self) -> None:
        self._bar.set_postfix(**self._counts, pace=f"{self._rate_per_second():.0f}/s", refresh=False)


def tell_duration(orders: int, seconds: float, *, shown: bool | None) -> None:
    """Say how long it will take, before it begins, where that is over five minutes."""
    if seconds > _TELL_ABOVE_SECONDS and shown is not False:
        sys.stderr.write(
            f"ttsframe will ask about {orders:,} orders; at the pace known so far that takes about "
            f"{duration(seconds)}. Ctrl-C keeps every answer, and the same call goes on.\n"
        )
        sys.stderr.flush()


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
