"""The handle of a running sandbox, and the ways to start one."""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Unpack

from ttsframe.config import Credentials, Settings, SettingsGiven
from ttsframe.errors import EXIT_OK
from ttsframe.gateway import DEFAULT_PLATFORM
from ttsframe.references.shop import Shop
from ttsframe.sandbox.behaviour import Behaviour
from ttsframe.sandbox.gateway import Gateway
from ttsframe.sandbox.orders import read_table
from ttsframe.sandbox.server import HOST, Entry, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType
    from typing import Self, TextIO

    import pandas as pd

    from ttsframe.sandbox.generate import Generated
    from ttsframe.sandbox.orders import Table

CREDENTIALS = Credentials(
    app_key="sandbox-app-key",
    app_secret="sandbox-app-secret-that-opens-nothing-0",  # noqa: S106 - made up, opens nothing
    access_token="SANDBOX_access_token_that_opens_nothing_at_all",  # noqa: S106 - made up, opens nothing
    shop_cipher="SANDBOX_shop_cipher_of_no_shop",
    refresh_token="SANDBOX_refresh_token_that_opens_nothing_at_all",  # noqa: S106 - made up, opens nothing
)


class Sandbox:
    """A running sandbox; a context manager that closes it. `run` makes one."""

    def __init__(self, server: Server, credentials: Credentials) -> None:
        self._server = server
        self.credentials = credentials
        self.base_url = f"http://{HOST}:{server.port}"
        self.auth_url = self.base_url
        self.example_order_id = _example(server.gateway.table)
        self._folder = tempfile.TemporaryDirectory(prefix="ttsframe-sandbox-")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ttsframe sandbox at {self.base_url}>"

    def shop(self, **settings: Unpack[SettingsGiven]) -> Shop:
        """Make a shop that asks this sandbox, with a cache that is deleted when the sandbox closes."""
        own: dict[str, Any] = {
            "base_url": self.base_url,
            "auth_url": self.auth_url,
            "cache": Path(self._folder.name) / "answers.sqlite",
            **settings,
        }
        return Shop(self.credentials, Settings(**own))

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that lead ttsframe to this sandbox, and `EXAMPLE_ORDER_ID`."""
        return {
            "TIKTOK_APP_KEY": self.credentials.app_key,
            "TIKTOK_APP_SECRET": self.credentials.app_secret,
            "TIKTOK_APP_ACCESS_KEY": self.credentials.access_token,
            "TIKTOK_SHOP_CIPHER": self.credentials.shop_cipher,
            "TIKTOK_APP_REFRESH_KEY": self.credentials.refresh_token or "",
            "TTSFRAME_BASE_URL": self.base_url,
            "TTSFRAME_AUTH_URL": self.auth_url,
            "EXAMPLE_ORDER_ID": self.example_order_id,
        }

    @property
    def orders(self) -> pd.DataFrame:
        """Every order: `order_id`, `kind` (`linked` on any platform, `unlinked`, `denied`, `refused`)."""
        return self._server.gateway.table.orders()

    @property
    def links(self) -> pd.DataFrame:
        """Every reference, one row per line item; the columns of a links file."""
        return self._server.gateway.table.links()

    @property
    def log(self) -> list[Entry]:
        """Every request until now."""
        return self._server.log or []

    @property
    def behaviour(self) -> Behaviour:
        """The options as they are; `change` changes them."""
        return self._server.gateway.behaviour

    @property
    def rate(self) -> float | None:
        """The limit in requests a second; None for no limit. May be set while running."""
        return self.behaviour.rate_per_second

    @rate.setter
    def rate(self, rate_per_second: float | None) -> None:
        self.change(rate_per_second=rate_per_second, rate_schedule=())

    def change(self, **options: Any) -> None:  # noqa: ANN401 - the fields of Behaviour
        """Change options while running."""
        self._server.call(self._server.gateway.change, self.behaviour.replace(options))

    def close(self) -> None:
        """Drop every connection, free the port and delete the cache of `shop`; nothing is left."""
        self._server.close()
        self._folder.cleanup()


def run(
    orders: str | Path | pd.DataFrame | Generated | None = None,
    *,
    port: int = 0,
    credentials: Credentials = CREDENTIALS,
    behaviour: Behaviour | None = None,
    **options: Any,  # noqa: ANN401 - the fields of Behaviour
) -> Sandbox:
    """Start a sandbox on 127.0.0.1.

    Parameters
    ----------
    orders
        A CSV file or DataFrame of `order_id`, `platform`, `external_order_id`, `line_item_id`,
        `line_item_origin_id` and `kind`, of which only the first is needed: a row without
        external id is an order without reference, `kind` marks another shop's orders (`denied`)
        and refused ids (`refused`). Or a `Generated`; 1000 generated orders if None.
    port
        The port; a free one if 0.
    credentials
        What requests must be signed with.
    behaviour
        The options; `Behaviour()` if None.
    **options
        Fields of `Behaviour` that go before `behaviour`, e.g. ``rate_per_second=20``.

    Returns
    -------
    Sandbox
        Already serving.

    Raises
    ------
    InputError
        If the orders cannot be read, or an option is unknown or holds what it cannot.
    SettingsError
        If the port cannot be had.
    """
    gateway = Gateway(read_table(orders), credentials, (behaviour or Behaviour()).replace(options))
    return Sandbox(Server(gateway, [], port=port), credentials)


def serve_forever(
    orders: str | Path | pd.DataFrame | Generated | None = None,
    *,
    port: int = 0,
    behaviour: Behaviour | None = None,
    out: TextIO | None = None,
    started: Callable[[Sandbox], None] | None = None,
) -> int:
    """Start a sandbox, print how to reach it, and serve until interrupted."""
    gateway = Gateway(read_table(orders), CREDENTIALS, behaviour or Behaviour())
    # The log is not kept in memory: this sandbox may run for weeks.
    server = Server(gateway, None, port=port)
    try:
        with _sigterm_as_interrupt(), Sandbox(server, CREDENTIALS) as sandbox:
            for name, value in sandbox.environment.items():
                print(f"{name}={value}", file=out or sys.stdout, flush=True)
            if started:
                started(sandbox)
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        return EXIT_OK


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Take SIGTERM as Ctrl-C, so that connections are dropped; only a main thread may."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - as signal calls it
    raise KeyboardInterrupt


def _example(table: Table) -> str:
    """Choose a linked order, on the commonest platform if there is one."""
    linked = [(order_id, found) for order_id, found in table.references.items() if found]
    on_default = (
        order_id for order_id, found in linked if any(entry.platform == DEFAULT_PLATFORM for entry in found)
    )
    return next(on_default, linked[0][0] if linked else "")
