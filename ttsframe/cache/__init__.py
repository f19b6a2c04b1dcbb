"""Disk: keys → answers and misses, with lifetimes. A requests-cache SQLite database.

Reading and writing go in bulk: one look-up per response would cost 0.5–3 ms.
"""

from __future__ import annotations

import math
import os
import sqlite3
import time
import warnings
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple, Self

import msgspec

from ttsframe.cache import codec, database, validate
from ttsframe.cache.codec import CachedResponse, Hit
from ttsframe.cache.writer import Row, Writer
from ttsframe.errors import CacheError, CacheWarning
from ttsframe.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["WAIT_AFTER_INTERRUPT_SECONDS", "Cache", "CachedResponse", "Hit", "Info", "key"]

WAIT_AFTER_INTERRUPT_SECONDS = 0.5
# What is decoded at once still lies in the processor's cache when it is read: more rows are slower.
_READ_AT_ONCE = 500
_BYTES_AT_ONCE = 8 << 20
# Against a table of keys, not `IN (?, …)`: it gives the position of each key by itself.
_READ = (
    "SELECT wanted.key, CAST(responses.value AS BLOB) FROM json_each(?) AS wanted "
    "CROSS JOIN responses ON responses.key = wanted.value WHERE responses.expires > ? "
    "AND responses.value NOT NULL"
)


class Info(NamedTuple):
    """What the cache file holds."""

    path: str
    answers: int
    expired: int
    bytes: int


def key(host: str, shop: str, platform: str, order_id: str) -> str:
    """Return the key of an answer; `shop` is a digest, never the cipher."""
    return f"{host}/{shop}/{platform}/{order_id}"


class Cache:
    """The cache file; opened when first used, made when first written, and anew in a forked child."""

    def __init__(self, path: Path, *, wait_seconds: float = database.WAIT_SECONDS) -> None:
        self.path = path
        self._wait_seconds = wait_seconds
        self._reader = database.Slot()
        self._begin()

    def _begin(self) -> None:
        self._process_id = os.getpid()
        self._writer: Writer | None = None
        self._warned = False
        self._written_count = 0

    def _leave_parent(self) -> None:
        """In a forked child: the writer's thread is not here, and its rows are the parent's to write."""
        if self._process_id != os.getpid():
            self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.close()
        except KeyboardInterrupt:
            self.close(within_seconds=WAIT_AFTER_INTERRUPT_SECONDS)
            raise

    @property
    def written_count(self) -> int:
        """How many of the responses given to `write` are on disk."""
        self._leave_parent()
        return self._written_count + (self._writer.written_count if self._writer else 0)

    def read(
        self, keys: Sequence[str], *, max_age_seconds: float | None = None, expired_seconds: float = 0.0
    ) -> Iterator[list[Hit]]:
        """Read what is cached under distinct keys, some hundreds at a time, in no order.

        What expired longer than `expired_seconds` ago is left out.
        """
        self._leave_parent()
        now = time.time()
        oldest = -math.inf if max_age_seconds is None else now - max_age_seconds
        # In the order of the keys neighbours stand on one page: a shuffled million takes a third.
        positions = sorted(range(len(keys)), key=keys.__getitem__)
        try:
            # Where nothing is to be read, a file that cannot be used is reported all the same.
            for start in range(0, len(keys), _READ_AT_ONCE) or (0,):
                with self._reader as slot:
                    if slot.connection is None:
                        slot.connection = database.open_for_reading(
                            self.path, wait_seconds=self._wait_seconds
                        )
                    if slot.connection is None or max_age_seconds == 0:
                        return
                    batch = positions[start : start + _READ_AT_ONCE]
                    yield from _hits(slot.connection, keys, batch, now=now - expired_seconds, oldest=oldest)
        except (*database.UNAVAILABLE, sqlite3.Error) as error:
            if isinstance(error, sqlite3.Error) and validate.is_corrupt(error):
                raise validate.corrupt_error(self.path, error) from None
            # A lock has been waited for, once and for all: the writer tries, but waits no more.
            self._wait_seconds = 0.0
            self._warn(f"the cache file {self.path} cannot be used: {database.describe(error)}")

    def load(self) -> None:
        """Load what writing needs, before there is anything to write: Ctrl-C may cut an import in two."""
        codec.load()

    def write(self, name: str, response: CachedResponse, *, lifetime_seconds: float) -> None:
        """Cache a response; it is on disk within a second, unless the file cannot be used."""
        if lifetime_seconds <= 0:
            return
        self._leave_parent()
        expires_at = response.fetched_at + lifetime_seconds
        try:
            value = codec.encode(response, expires_at=expires_at)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            self._warn_unwritten(f"a response has a form that cannot be written ({error})")
            return
        if self._writer is None:
            self._writer = Writer(self.path, wait_seconds=self._wait_seconds)
        self._writer.put(Row(name, value, math.ceil(expires_at)))
        if self._writer.problem:
            self._warn_unwritten(self._writer.problem)

    def close(self, *, within_seconds: float | None = None) -> None:
        """Write what is left, waiting by default for another process's lock, and let the file go."""
        self._leave_parent()
        self._reader.close()
        if writer := self._writer:
            writer.close(within_seconds=within_seconds)
            # Not before: a close that Ctrl-C cuts short can be made again.
            self._writer = None
            self._written_count += writer.written_count
            if writer.pending_count:
                why = writer.problem or "the disk did not take them in time"
                self._warn_unwritten(
                    f"{why}; {counted(writer.pending_count, 'order')} will be requested again"
                )

    def check(self) -> str | None:
        """Return why the cache file cannot be written, or None; raises CacheError as `read` does."""
        try:
            with database.Slot() as slot, closing(slot):
                slot.connection = database.open_for_writing(self.path, wait_seconds=self._wait_seconds)
                database.check_writable(slot.connection)
        except database.UNAVAILABLE as error:
            return database.describe(error)
        return None

    def info(self) -> Info:
        """Count what is there; zeros where there is no file yet."""
        statement = "SELECT count(*), coalesce(sum(expires <= ?), 0) FROM responses"
        try:
            with database.Slot() as slot, closing(slot):
                slot.connection = database.open_for_reading(self.path, wait_seconds=self._wait_seconds)
                if slot.connection is None:
                    return Info(str(self.path), 0, 0, 0)
                answers, expired = slot.connection.execute(statement, (time.time(),)).fetchone()
            return Info(str(self.path), answers, expired, self.path.stat().st_size)
        except (*database.UNAVAILABLE, sqlite3.Error) as error:
            raise self._unusable(error, "read") from None

    def prune(self, *, expired_seconds: float = 0.0) -> int:
        """Delete what expired longer ago than this; return how many. Raises CacheError where it cannot."""
        return self._delete("DELETE FROM responses WHERE expires <= ?", (time.time() - expired_seconds,))

    def clear(self) -> int:
        """Delete every answer; return how many. Raises CacheError where that cannot be done."""
        return self._delete("DELETE FROM responses", ())

    def _delete(self, statement: str, values: tuple[float, ...]) -> int:
        try:
            if not validate.exists(self.path):
                return 0
            with database.Slot() as slot, closing(slot):
                slot.connection = database.open_for_writing(self.path, wait_seconds=self._wait_seconds)
                deleted = slot.connection.execute(statement, values).rowcount
                # Giving the room back is a courtesy, which needs room itself.
                with suppress(sqlite3.OperationalError):
                    slot.connection.execute("VACUUM")
        except (*database.UNAVAILABLE, sqlite3.Error) as error:
            raise self._unusable(error, "changed") from None
        return deleted

    def _unusable(self, error: Exception, what: str) -> CacheError:
        if isinstance(error, sqlite3.Error) and validate.is_corrupt(error):
            return validate.corrupt_error(self.path, error)
        return CacheError(
            f"the cache file {self.path} cannot be {what} now: {database.describe(error)}. "
            "Fix that, or try again later."
        )

    def _warn_unwritten(self, why: str) -> None:
        self._warn(f"answers are not being cached in {self.path}: {why}")

    def _warn(self, what: str) -> None:
        """Warn of the first problem of a run; the others follow from it."""
        if not self._warned:
            self._warned = True
            warnings.warn(f"{what}. Continuing without the cache.", CacheWarning, stacklevel=3)


def _hits(
    connection: sqlite3.Connection,
    keys: Sequence[str],
    positions: Sequence[int],
    *,
    now: float,
    oldest: float,
) -> Iterator[list[Hit]]:
    """Read the keys at these positions."""
    hits: list[Hit] = []
    size_bytes, nth = 0, -1
    wanted = msgspec.json.encode([keys[position] for position in positions]).decode()
    try:
        for nth, value in connection.execute(_READ, (wanted, now)):
            hit = codec.decode(positions[nth], value)
            if hit is not None and hit[3] >= oldest:
                hits.append(hit)
            size_bytes += len(value)
            if size_bytes > _BYTES_AT_ONCE:
                yield hits
                hits, size_bytes = [], 0
    except sqlite3.DataError:
        # A value longer than any of ours stands in the way: close in on it, and pass it by.
        rest = positions[nth + 1 :]
        half = len(rest) // 2
        if half:
            yield from _hits(connection, keys, rest[:half], now=now, oldest=oldest)
            yield from _hits(connection, keys, rest[half:], now=now, oldest=oldest)
    yield hits
