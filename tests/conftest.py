"""What every test stands on: nothing of the user's environment, and no network past loopback."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import configuration, settings

from ttsframe.config import CREDENTIAL_NAMES, SETTING_NAMES

SCRATCH = Path(tempfile.gettempdir()) / "ttsframe-tests"
LOOPBACK = ("127.", "::1", "localhost")

os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("MPLCONFIGDIR", str(SCRATCH / "matplotlib"))  # its font list is slow to make
configuration.set_hypothesis_home_dir(SCRATCH / "hypothesis")
settings.register_profile("ttsframe", deadline=None, database=None, max_examples=100)
settings.register_profile("few", settings.get_profile("ttsframe"), max_examples=10)
settings.load_profile("ttsframe")
# What a shell runs in the background ignores Ctrl-C, and so would every program that the tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch, tmp_path):
    """Take away credentials, settings, proxies, `.env`, home and the folders of the user."""
    taken = {*CREDENTIAL_NAMES, *SETTING_NAMES}
    taken |= {
        name
        for name in os.environ
        if name.startswith(("TIKTOK_", "TTSFRAME_")) or name.lower().endswith("_proxy")
    }
    for name in taken:
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """Fail a test that connects to another machine, also where the code under test hides the error."""
    reached = []
    monkeypatch.setattr(socket.socket, "connect", _guarded(socket.socket.connect, reached))
    monkeypatch.setattr(socket.socket, "connect_ex", _guarded(socket.socket.connect_ex, reached))
    monkeypatch.setattr(socket, "getaddrinfo", _guarded_names(socket.getaddrinfo, reached))
    yield
    assert not reached, f"the test reached for the network: {reached}"


def _guarded(connect, reached):
    def guard(self, address):
        if self.family != getattr(socket, "AF_UNIX", None) and not address[0].startswith(LOOPBACK):
            reached.append(address)
            raise ConnectionRefusedError(f"tests may not connect to {address}")
        return connect(self, address)

    return guard


def _guarded_names(getaddrinfo, reached):
    """Names under `.invalid` are never known (RFC 2606), so asking for one is no reaching out."""

    def guard(host, *args, **kwargs):
        if host and not str(host).startswith(LOOPBACK):
            if not str(host).endswith(".invalid"):
                reached.append(host)
            raise socket.gaierror(socket.EAI_NONAME, "tests know no host but this one")
        return getaddrinfo(host, *args, **kwargs)

    return guard
