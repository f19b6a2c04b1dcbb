"""One writer for a run: answers go to disk in batches, with a bound on waiting and a real error.

The bounds are measured: requests-cache's own write path waits without end
on a locked or read-only file and swallows a full disk.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from ttsframe.cache import database, validate
from ttsframe.errors import CacheError

if TYPE_CHECKING:
    from pathlib import Path

BATCH = 200
BATCH_SECONDS = 0.5
MAX_PENDING = 200_000
"""Rows that wait for a file that cannot be written; about 100 MB."""

_LOCK_SECONDS = 0.2
_RETRY_SECONDS = 5.0
_AT_ONCE = 5000


class Row(NamedTuple):
    """A row of the table `responses`."""

    key: str
    value: str
    expires: int
    """Unix seconds."""


class Writer:
    """Writes rows on a thread of its own; what cannot be written waits until it can be."""

    def __init__(self, path: Path, *, wait_seconds: float = database.WAIT_SECONDS) -> None:
        self._path = path
        self._wait_seconds = wait_seconds
        self._rows: queue.SimpleQueue[Row | None] = queue.SimpleQueue()
        self._pending: list[Row] = []
        self._dropped = 0
        self._closing = False
        self._slot = database.Slot()
        self._locked_since: float | None = None
        self._not_before = 0.0
        self._thread = threading.Thread(target=self._run, name="ttsframe-cache", daemon=True)
        self.problem: str | None = None
        """Why rows could not be written, once that has happened."""
        self.written_count = 0
        """How many rows are on disk."""
        self._thread.start()

    @property
    def pending_count(self) -> int:
        """How many rows were given and are not on disk."""
        return len(self._pending) + self._rows.qsize() + self._dropped

    def put(self, row: Row) -> None:
        """Give a row to be written soon."""
        self._rows.put(row)

    def close(self, *, within_seconds: float | None = None) -> None:
        """Write what is left; then leave. A close that was interrupted can be made again."""
        if within_seconds is None:
            within_seconds = 2 * self._wait_seconds + 1 + self.pending_count / 1000
        if not self._closing:
            self._rows.put(None)
            self._closing = True
        self._thread.join(within_seconds)

    def _run(self) -> None:
        more = True
        while more:
            more = self._next_batch()
            if self._pending and (not more or time.monotonic() >= self._not_before):
                self._try()
        while self._pending and self._waits_for_lock():
            self._try()
        self._slot.close()

    def _next_batch(self) -> bool:
        """Gather a batch; False when there will be no more."""
        until = time.monotonic() + BATCH_SECONDS
        gathered = 0
        while gathered < BATCH and (left := until - time.monotonic()) > 0:
            try:
                row = self._rows.get(timeout=left)
            except queue.Empty:
                break
            if row is None:
                return False
            gathered += 1
            if len(self._pending) < MAX_PENDING:
                self._pending.append(row)
            else:
                self._dropped += 1
        return True

    def _try(self) -> None:
        try:
            self._write()
        except (*database.UNAVAILABLE, sqlite3.Error, CacheError) as error:
            self._record_error(error)
        else:
            self._locked_since = None

    def _write(self) -> None:
        while self._pending:
            with self._slot as slot:
                if slot.connection is None:
                    slot.connection = database.open_for_writing(self._path, wait_seconds=_LOCK_SECONDS)
                self._write_batch(slot.connection)

    def _write_batch(self, connection: sqlite3.Connection) -> None:
        rows = self._pending[:_AT_ONCE]
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany("INSERT OR REPLACE INTO responses VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")
        except BaseException:
            # A full disk has rolled the transaction back by itself.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        del self._pending[: len(rows)]
        self.written_count += len(rows)

    def _record_error(self, error: Exception) -> None:
        now = time.monotonic()
        if validate.is_busy(error):
            self._locked_since = self._locked_since or now
            if not self._waits_for_lock():
                self.problem = database.describe(error)
            return
        self._locked_since = None
        self.problem = str(error) if isinstance(error, CacheError) else database.describe(error)
        self._not_before = now + _RETRY_SECONDS
        # The file may be replaced, or its disk mounted anew, before the next try.
        self._slot.close()

    def _waits_for_lock(self) -> bool:
        since = self._locked_since
        return since is not None and time.monotonic() - since < self._wait_seconds
