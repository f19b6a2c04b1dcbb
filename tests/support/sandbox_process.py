"""A sandbox in a process of its own, so as not to share the interpreter with the client under measure."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.managers import BaseManager

from ttsframe import sandbox


class _Box:
    """The sandbox, in the child."""

    def __init__(self, orders, options):
        self._box = sandbox.run(orders, **options)

    def get(self, name):
        return getattr(self._box, name)

    def call(self, name, options):
        getattr(self._box, name)(**options)


class _Manager(BaseManager):
    pass


_Manager.register("Box", _Box)


class SandboxProcess:
    """What `sandbox.run` gives, from another process; it ends with this one."""

    def __init__(self, orders, **options):
        self._manager = _Manager(ctx=multiprocessing.get_context("spawn"))
        self._manager.start(_begin)
        self._box = self._manager.Box(orders, options)
        self.credentials = sandbox.CREDENTIALS
        self.base_url = self._box.get("base_url")
        self.example_order_id = self._box.get("example_order_id")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __getattr__(self, name):
        return self._box.get(name)

    def change(self, **options):
        self._box.call("change", options)

    @property
    def rate(self):
        return self._box.get("rate")

    @rate.setter
    def rate(self, rate_per_second):
        self.change(rate_per_second=rate_per_second, rate_schedule=())

    def close(self):
        if self._box:
            self._box.call("close", {})
            self._box = None
            self._manager.shutdown()


def run(orders, *, process=False, **options):
    """Start a sandbox here or in a process of its own."""
    return SandboxProcess(orders, **options) if process else sandbox.run(orders, **options)


def _begin():
    """Leave Ctrl-C to the parent, and end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(0)), daemon=True).start()
