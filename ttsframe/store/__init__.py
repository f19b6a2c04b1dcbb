"""Disk: keys → answers and misses, with lifetimes. A requests-cache SQLite database.

Reading and writing go in bulk: one look-up a response would cost 1–3 ms.
"""

from __future__ import annotations

import math
import sqlite3
import time
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from ttsframe.errors import StoreError, StoreWarning
from ttsframe.store import file, rows
from ttsframe.store.rows import Stored
from ttsframe.store.writer import Row, Writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["Hit", "Info", "Store", "Stored", "key"]

_READ_AT_ONCE = 2000


class Hit(NamedTuple):
    """A stored answer, and the place of its key among those asked for."""

    place: int
    http_status: int
    content: Any
    """The decoded body."""
    fetched_at: float
    """Unix seconds."""


class Info(NamedTuple):
    """What a store holds."""

    path: str
    answers: int
    expired: int
    bytes: int


def key(host: str, shop: str, platform: str, order_id: str) -> str:
    """Return the key of an answer; `shop` is a digest, never the cipher."""
    return f"{host}/{shop}/{platform}/{order_id}"


class Store:
    """The file of stored answers; opened when first used.

    Parameters
    ----------
    path
        The file; made where there is none.
    wait_seconds
        How long to wait for another process's lock.
    """

    def __init__(self, path: Path, *, wait_seconds: float = file.WAIT_SECONDS) -> None:
        self.path = path
        self._wait_seconds = wait_seconds
        self._opened: file.Opened | None = None
        self._writer: Writer | None = None
        self._warned = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, keys: Sequence[str], *, max_age_seconds: float | None = None) -> Iterator[list[Hit]]:
        """Read the answers that are there and not expired.

        Parameters
        ----------
        keys
            Distinct keys, as `key` makes them.
        max_age_seconds
            Leave out what is older; 0 leaves out everything.

        Yields
        ------
        list of Hit
            Some thousands at a time, in no order; a key without answer has no hit.

        Raises
        ------
        StoreError
            If the file is damaged or not ours.
        """
        connection = self._open().connection
        if connection is None or max_age_seconds == 0:
            return
        now = time.time()
        oldest = -math.inf if max_age_seconds is None else now - max_age_seconds
        try:
            for start in range(0, len(keys), _READ_AT_ONCE):
                places = {name: start + i for i, name in enumerate(keys[start : start + _READ_AT_ONCE])}
                yield list(_hits(connection, places, now=now, oldest=oldest))
        except sqlite3.Error as error:
            if file.is_damage(error):
                raise file.damaged(self.path, error) from None
            self._warn(str(error))

    def write(self, name: str, stored: Stored, *, lifetime_seconds: float) -> None:
        """Keep an answer; it is on disk within a second.

        Parameters
        ----------
        name
            As `key` makes it.
        stored
            The answer, free of secrets.
        lifetime_seconds
            How long it may be used.
        """
        if lifetime_seconds <= 0 or not self._open().writable:
            return
        if self._writer is None:
            self._writer = Writer(self.path, wait_seconds=self._wait_seconds)
        expires_at = stored.fetched_at + lifetime_seconds
        self._writer.put(Row(name, rows.encode(stored, expires_at=expires_at), math.ceil(expires_at)))
        if self._writer.trouble:
            self._warn(self._writer.trouble)

    def close(self, *, within_seconds: float | None = None) -> None:
        """Write what is left and let the file go.

        Parameters
        ----------
        within_seconds
            The longest wait; by default a little over the wait for a lock.
        """
        writer, self._writer = self._writer, None
        if writer:
            writer.close(within_seconds=2 * self._wait_seconds if within_seconds is None else within_seconds)
            if writer.trouble and writer.unwritten:
                self._warn(writer.trouble)
        if self._opened and self._opened.connection:
            self._opened.connection.close()
        self._opened = None

    def check(self) -> str | None:
        """Return why the store cannot be written, or None; raises StoreError as `read` does."""
        return self._open().trouble

    def info(self) -> Info:
        """Count what is there.

        Returns
        -------
        Info
            Zeros for a file that is not there yet.
        """
        if not self.path.exists():
            return Info(str(self.path), 0, 0, 0)
        counted = "SELECT count(*), coalesce(sum(expires <= ?), 0) FROM responses"
        answers, expired = self._usable().execute(counted, (time.time(),)).fetchone()
        return Info(str(self.path), answers, expired, self.path.stat().st_size)

    def prune(self) -> int:
        """Delete expired answers; return how many."""
        return self._delete("DELETE FROM responses WHERE expires <= ?", (time.time(),))

    def clear(self) -> int:
        """Delete every answer; return how many."""
        return self._delete("DELETE FROM responses", ())

    def _delete(self, statement: str, values: tuple[float, ...]) -> int:
        if not self.path.exists():
            return 0
        try:
            connection = self._usable()
            deleted = connection.execute(statement, values).rowcount
            connection.execute("VACUUM")
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"the store {self.path} cannot be changed now ({error}); try again later"
            ) from None
        return deleted

    def _usable(self) -> sqlite3.Connection:
        opened = self._open()
        if opened.connection is None:
            raise StoreError(f"the store {self.path} cannot be used: {opened.trouble}")
        return opened.connection

    def _open(self) -> file.Opened:
        if self._opened is None:
            self._opened = file.open_file(self.path, wait_seconds=self._wait_seconds)
            if self._opened.trouble:
                self._warn(self._opened.trouble)
        return self._opened

    def _warn(self, why: str) -> None:
        if not self._warned:
            self._warned = True
            text = f"answers are not being stored in {self.path}: {why}. The run goes on without."
            warnings.warn(text, StoreWarning, stacklevel=2)


def _hits(
    connection: sqlite3.Connection, places: dict[str, int], *, now: float, oldest: float
) -> Iterator[Hit]:
    marks = ",".join("?" * len(places))
    found = connection.execute(
        f"SELECT key, value FROM responses WHERE key IN ({marks}) AND expires > ?",  # noqa: S608 - marks only
        (*places, now),
    )
    for name, value in found:
        row = rows.decode(value)
        if row is not None and row[2] >= oldest:
            yield Hit(places[name], *row)
