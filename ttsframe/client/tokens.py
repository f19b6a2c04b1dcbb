"""Refreshed tokens, kept between runs.

Whether a refresh token can be used twice is not published, so the pair that a refresh returns
is written at once, and found by everyone whose environment holds the pair it came from: a pair
is the seller's authorization of an app, good for all of the seller's shops.
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
from typing import TYPE_CHECKING, Any, NamedTuple

import filelock
import platformdirs

from ttsframe.config import Credentials, shop_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK_SECONDS = 30.0
# An access token lives 7 days, so a pair that is in use is written again within them.
_KEPT_SECONDS = 365 * 86_400

_log = logging.getLogger("ttsframe")


class TokenPair(NamedTuple):
    """An access token and the token that refreshes it."""

    access_token: str
    refresh_token: str | None

    def __repr__(self) -> str:
        return "TokenPair(hidden)"


def default_file() -> Path:
    """Return `tokens.json` in the user's config folder."""
    return Path(platformdirs.user_config_dir("ttsframe", appauthor=False)) / "tokens.json"


class TokenStore:
    """The file of refreshed pairs: one entry per app and original pair, readable by the user alone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, credentials: Credentials) -> TokenPair | None:
        """Return the pair refreshed from these credentials, or None."""
        return _pair(self._entries().get(_name(credentials)))

    def find_by_refresh_token(self, credentials: Credentials) -> TokenPair | None:
        """Return the pair last refreshed with the refresh token of these credentials, or None.

        The access token beside it may have been another, such as a mistyped one: the refresh
        token was used up all the same.
        """
        digest = _digest(credentials.refresh_token or "")
        same = [entry for entry in self._entries().values() if entry.get("refresh_digest") == digest]
        return _pair(max(same, key=_written_at, default=None))

    def write(self, credentials: Credentials, pair: TokenPair) -> None:
        """Keep a pair; where the folder cannot be written that is logged, and the run goes on."""
        try:
            self._replace(credentials, pair)
        except OSError as error:
            _log.warning("the refreshed token cannot be saved in %s: %s", self._path, error.strerror)

    def _replace(self, credentials: Credentials, pair: TokenPair) -> None:
        """Write a new file in the place of the old one, which is never half written."""
        now = time.time()
        entries = {
            name: entry
            for name, entry in self._entries().items()
            if now - _written_at(entry) <= _KEPT_SECONDS
        }
        entries[_name(credentials)] = {
            **pair._asdict(),
            "refresh_digest": _digest(credentials.refresh_token or ""),
            "written_at": now,
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
        """Let one process refresh at a time; where the lock cannot be had, go on without it."""
        # A lock that is only a file would outlive a process that is killed.
        lock = filelock.FileLock(
            f"{self._path}.lock", timeout=_LOCK_SECONDS, mode=0o600, fallback_to_soft=False
        )
        with contextlib.ExitStack() as held:
            # A folder that cannot be written, a disk without locks, or a holder that never ends (Timeout).
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                held.enter_context(lock)
            yield

    def _entries(self) -> dict[str, dict[str, Any]]:
        try:
            entries = json.loads(self._path.read_text())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(entries, dict):
            return {}
        return {name: entry for name, entry in entries.items() if isinstance(entry, dict)}


def _name(credentials: Credentials) -> str:
    """The app, and a digest of the pair in the environment: a new pair there is another entry."""
    pair = _digest(f"{credentials.access_token}\n{credentials.refresh_token}")
    return f"{shop_digest(credentials.app_key)}/{pair}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _pair(entry: dict[str, Any] | None) -> TokenPair | None:
    """Read an entry; None where it does not have our form."""
    access, refresh = (entry or {}).get("access_token"), (entry or {}).get("refresh_token")
    if not access or not isinstance(access, str) or not isinstance(refresh, str | None):
        return None
    return TokenPair(access, refresh)


def _written_at(entry: dict[str, Any]) -> float:
    """When a pair was written; 0 where the entry does not say."""
    written_at = entry.get("written_at")
    return written_at if isinstance(written_at, int | float) else 0.0
