"""The handle of a shop, used by several threads at once."""

from __future__ import annotations

import threading

from ttsframe import Shop, sandbox
from ttsframe.client import GatewayClient
from ttsframe.references import shop as module


def test_session__is_one_for_threads_that_come_first_together(monkeypatch):
    shop = Shop(sandbox.CREDENTIALS)
    got = []
    made = []
    second = threading.Thread(target=lambda: got.append(shop.client), daemon=True)

    class Slow(GatewayClient):
        def __init__(self, *values, **options):
            made.append(self)
            if len(made) == 1:
                # While the first is being made, a second thread asks for it, and may not get its own.
                second.start()
                second.join(0.3)
            super().__init__(*values, **options)

    monkeypatch.setattr(module, "GatewayClient", Slow)
    got.append(shop.client)
    second.join(10)
    assert len(made) == 1
    assert got == made * 2
    shop.close()


def test_session__after_closing_is_a_new_one():
    with Shop(sandbox.CREDENTIALS) as shop:
        first = shop.client
        assert shop.client is first
        shop.close()
        shop.close()
        assert shop.client is not first
