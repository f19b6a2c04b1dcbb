"""A made-up shop to try ttsframe on: its downloads, and a simulated gateway that knows its orders."""

from __future__ import annotations

import atexit
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ttsframe.matching.reconcile import match
from ttsframe.readers import read_shopify_orders, read_tiktok_orders
from ttsframe.references.lookup import lookup
from ttsframe.sandbox import two_months
from ttsframe.sandbox.sandbox import run

if TYPE_CHECKING:
    import os
    from types import TracebackType
    from typing import Self

_LAST_PERIOD = "2026-09-01", "2026-09-30"


class Demo:
    """Sample files and a running simulated gateway; `demo` makes one.

    It closes with the program or the notebook's kernel, and may be used in a ``with`` block.

    Attributes
    ----------
    folder
        Where the files are.
    tiktok
        A Seller Center export.
    shopify
        Two Shopify order exports that overlap.
    settlement
        A settlement export.
    gateway
        The simulated gateway, a `Sandbox`.
    shop
        A `Shop` that asks this gateway. Its cache is deleted at the end.
    """

    def __init__(self, folder: str | os.PathLike[str] | None) -> None:
        self._own = tempfile.TemporaryDirectory(prefix="ttsframe-demo-") if folder is None else None
        self.folder = Path(self._own.name if self._own else folder or "")
        made = two_months.write(self.folder)
        self.tiktok, self.shopify, self.settlement = made.tiktok, made.shopify, made.settlement
        self.gateway = run(made.links)
        self.shop = self.gateway.shop()
        atexit.register(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        names = (path.name for path in (self.tiktok, *self.shopify, self.settlement))
        return f"<ttsframe demo: {', '.join(names)}>"

    @cached_property
    def last_report(self) -> Path:
        """The folder of the last month's report, as it was made from the downloads of that time."""
        with tempfile.TemporaryDirectory(prefix="ttsframe-demo-") as folder:
            made = two_months.write(Path(folder), at=two_months.CLOSED_BEFORE)
            tiktok, shopify = read_tiktok_orders(made.tiktok), read_shopify_orders(made.shopify)
            with run(made.links) as gateway, gateway.shop() as shop:
                refs = lookup(tiktok, shop=shop, progress=False)
        report = self.folder / f"report-{_LAST_PERIOD[0][:7]}"
        match(tiktok, shopify, refs, period=_LAST_PERIOD).to_csv(report)
        return report

    def close(self) -> None:
        """Close the gateway, and delete the files if they are in no folder of yours."""
        atexit.unregister(self.close)
        self.shop.close()
        self.gateway.close()
        if self._own:
            self._own.cleanup()


def demo(folder: str | os.PathLike[str] | None = None) -> Demo:
    """Set up a made-up shop: two months of downloads, and a simulated gateway that knows its orders.

    It needs no credentials and no network. It leaves the environment as it is: only what is given
    ``shop=demo.shop`` asks the simulated gateway, so a real shop's orders never go there by accident.

    Parameters
    ----------
    folder
        Where to write the files; by default a folder that is deleted when the demo closes.

    Returns
    -------
    Demo
        Already serving. It closes when the program or the notebook's kernel ends.

    Examples
    --------
    >>> import ttsframe as tts
    >>> with tts.sandbox.demo() as demo:
    ...     tiktok = tts.read_tiktok_orders(demo.tiktok)
    ...     refs = tts.lookup(tiktok.head(3), shop=demo.shop, progress=False)
    >>> refs["status"].tolist()
    ['linked', 'linked', 'linked']
    """
    return Demo(folder)
