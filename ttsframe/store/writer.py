"""One writer for a run: answers go to disk in batches, with a bound on waiting and a real error.

Source of the bounds: DESIGN.md, "The store". requests-cache's own write path waits without end
on a locked or read-only file and swallows a full disk.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from ttsframe.store import file

if TYPE_CHECKING:
    from pathlib import Path

BATCH = 200
BATCH_SECONDS = 0.5
_RETRY_SECONDS = 5.0


class Row(NamedTuple):
    """A row of the table `responses`."""

    key: str
    value: str
    expires: int
    """Unix seconds."""


class Writer:
    """Writes rows on a thread of its own until it is closed.

    Parameters
    ----------
    path
        The store's file, which `file.open_file` has opened before.
    wait_seconds
        How long one batch waits for another process's lock.
    """

    def __init__(self, path: Path, *, wait_seconds: float = file.WAIT_SECONDS) -> None:
        self._path = path
        self._wait_seconds = wait_seconds
        self._rows: queue.SimpleQueue[Row | None] = queue.SimpleQueue()
        self._pending: list[Row] = []
        self._thread = threading.Thread(target=self._run, name="ttsframe-store", daemon=True)
        self.trouble: str | None = None
        """Why rows could not be written, once that has happened."""
        self.written = 0
        self._thread.start()

    @property
    def unwritten(self) -> int:
        """How many rows were given and are not on disk."""
        return len(self._pending) + self._rows.qsize()

    def put(self, row: Row) -> None:
        """Give a row to be written soon."""
        self._rows.put(row)

    def close(self, *, within_seconds: float) -> None:
        """Write what is left, waiting at most so long; then leave."""
        self._rows.put(None)
        self._thread.join(within_seconds)

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        open_ = True
        not_before = 0.0
        while open_:
            open_ = self._collect()
            if not self._pending or (open_ and time.monotonic() < not_before):
                continue
            try:
                connection = connection or file.connect_writer(self._path, self._wait_seconds)
                self._write(connection)
            except sqlite3.Error as error:
                self.trouble = str(error)
                not_before = time.monotonic() + _RETRY_SECONDS
        if connection:
            connection.close()

    def _collect(self) -> bool:
        """Gather a batch; False when there will be no more."""
        until = time.monotonic() + BATCH_SECONDS
        while (left := until - time.monotonic()) > 0:
            try:
                row = self._rows.get(timeout=left)
            except queue.Empty:
                break
            if row is None:
                return False
            self._pending.append(row)
            if len(self._pending) % BATCH == 0:
                break
        return True

    def _write(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany("INSERT OR REPLACE INTO responses VALUES (?, ?, ?)", self._pending)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self.written += len(self._pending)
        self._pending = []
