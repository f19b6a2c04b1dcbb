"""A simulated gateway that checks requests as TikTok Shop does, and can misbehave on demand.

    with ttsframe.sandbox.run(rate_per_second=20, fault_share=0.3) as sandbox, sandbox.shop() as shop:
        refs = ttsframe.lookup(orders, shop=shop)

`demo` also gives sample files, and is all that a notebook needs to try ttsframe.

It listens on 127.0.0.1 only, and its credentials open nothing. Its answers are marked by their request
ids, and a report made from them says so.
"""

from ttsframe.sandbox.behaviour import FAULT_KINDS, Behaviour
from ttsframe.sandbox.demo import Demo, demo
from ttsframe.sandbox.generate import Generated
from ttsframe.sandbox.sandbox import CREDENTIALS, Sandbox, run, serve_forever
from ttsframe.sandbox.server import Entry

__all__ = [
    "CREDENTIALS",
    "FAULT_KINDS",
    "Behaviour",
    "Demo",
    "Entry",
    "Generated",
    "Sandbox",
    "demo",
    "run",
    "serve_forever",
]
