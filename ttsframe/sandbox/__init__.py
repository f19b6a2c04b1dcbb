"""A simulated gateway that checks requests as TikTok Shop does, and can misbehave on demand.

    with ttsframe.sandbox.run(rate_per_second=20, fault_share=0.3) as sandbox, sandbox.shop() as shop:
        refs = ttsframe.lookup(orders, shop=shop)

It listens on 127.0.0.1 only, and its credentials open nothing. Its answers are marked by their request
ids, and a report made from them says so.
"""

from ttsframe.sandbox.behaviour import FAULT_KINDS, Behaviour
from ttsframe.sandbox.generate import Generated
from ttsframe.sandbox.sandbox import CREDENTIALS, Sandbox, run, serve_forever
from ttsframe.sandbox.server import Entry

__all__ = [
    "CREDENTIALS",
    "FAULT_KINDS",
    "Behaviour",
    "Entry",
    "Generated",
    "Sandbox",
    "run",
    "serve_forever",
]
