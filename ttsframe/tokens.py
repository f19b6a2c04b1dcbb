"""The pair of tokens that a renewal gave, kept between runs.

API.md: whether a refresh token can be used twice is not known, so the pair that a renewal
returns is kept at once, for as long as the environment still holds the pair it came from.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import platformdirs

from ttsframe.config import Credentials, shop_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK_SECONDS = 30.0
_LOCK_LOOK_SECONDS = 0.05

_log = logging.getLogger("ttsframe")


class Pair(NamedTuple):
    """An access token and what renews it."""

    access_token: str
    refresh_token: str | None

    def __repr__(self) -> str:
        return "Pair(hidden)"


def default_file() -> Path:
    """Return `tokens.json` in the user's config folder."""
    return Path(platformdirs.user_config_dir("ttsframe", appauthor=False)) / "tokens.json"


class Tokens:
    """The file of renewed pairs: one entry an app and shop, readable by the user alone.

    Parameters
    ----------
    path
        The file; the folder is made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, credentials: Credentials) -> Pair | None:
        """Return the pair renewed from these credentials, or None."""
        entry = self._entries().get(_name(credentials))
        if not isinstance(entry, dict) or entry.get("from") != _origin(credentials):
            return None
        access, refresh = entry.get("access_token"), entry.get("refresh_token")
        if not access or not isinstance(access, str) or not isinstance(refresh, str | None):
            return None
        return Pair(access, refresh)

    def write(self, credentials: Credentials, pair: Pair) -> None:
        """Keep a pair: the whole file is replaced at once, so it is never half written.

        A folder that cannot be written costs the next run its renewed token, not this run its
        answers: it is logged.
        """
        try:
            self._replace(credentials, pair)
        except OSError as error:
            _log.warning("the renewed token cannot be kept in %s: %s", self._path, error.strerror)

    def _replace(self, credentials: Credentials, pair: Pair) -> None:
        entries = self._entries() | {
            _name(credentials): {
                "from": _origin(credentials),
                "access_token": pair.access_token,
                "refresh_token": pair.refresh_token,
            }
        }
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A name of its own (mode 0600), so that nobody else's file is written into.
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f"{self._path.name}.")
        new = Path(name)
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump(entries, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        finally:
            new.unlink(missing_ok=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Let one process renew at a time; a lock left by one that died is passed over."""
        lock = self._path.with_name(f"{self._path.name}.lock")
        until = time.monotonic() + _LOCK_SECONDS
        while not _lock_made(lock) and time.monotonic() < until:
            time.sleep(_LOCK_LOOK_SECONDS)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                lock.unlink(missing_ok=True)

    def _entries(self) -> dict[str, object]:
        try:
            entries = json.loads(self._path.read_text())
        except (OSError, ValueError, RecursionError):
            return {}
        return entries if isinstance(entries, dict) else {}


def _lock_made(lock: Path) -> bool:
    """Whether the lock is ours; where no lock can be made there is nobody to lock out."""
    try:
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return True
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        return not isinstance(error, FileExistsError)
    return True


def _name(credentials: Credentials) -> str:
    return f"{shop_digest(credentials.app_key)}/{shop_digest(credentials.shop_cipher)}"


def _origin(credentials: Credentials) -> str:
    """A digest of the pair in the environment: a new pair there takes the kept one's place."""
    pair = f"{credentials.access_token}\n{credentials.refresh_token}"
    return hashlib.sha256(pair.encode()).hexdigest()
